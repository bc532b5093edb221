"""What the page about delivering mail shows works."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from tests.docs_page import blocks, run

from conferencekit import Registered
from conferencekit.cli import parser
from conferencekit.errors import TemplateBroken
from conferencekit.registration.rules import Override

ROOT = Path(__file__).parent.parent
PAGE = "how-to/deliver-mail.md"
PERSON = {"full_name": "Ada Example", "email": "ada@example.org", "country": "GB", "consent": "1"}


class Broken:
    """A template engine with a template gone wrong."""

    def render(self, name, part, values):
        raise TemplateBroken(name, "it wants what nobody has")


def test_python_on_the_page_runs(tmp_path, monkeypatch, capsys):
    """From top to bottom: a mail that does not render is held, listed and released, and goes out."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "examples/global_mooc_2020/conference.toml", "gmc2020.toml")
    opening, task, listing, release = blocks(PAGE, "python")
    names: dict[str, object] = {"SECRET": b"sixteen bytes and more"}
    run(opening, PAGE, names)
    assert capsys.readouterr().out == "0 0 0 0\n"
    with names["secretariat"] as secretariat:
        entered = secretariat.acting("office").register(
            PERSON, override=Override(reason="a guest", late=True)
        )
        assert isinstance(entered, Registered)
        monkeypatch.setattr(secretariat, "_renderer", Broken())
        run(task, PAGE, names)
        assert names["deliver_mail"]() == 0
        assert "wants what nobody has" in capsys.readouterr().out
        run(listing, PAGE, names)
        assert "wants what nobody has" in capsys.readouterr().out
        monkeypatch.setattr(secretariat, "_renderer", None)
        run(release, PAGE, names)
        assert names["deliver_mail"]() == 1
        assert len(list(Path("outbox/new").iterdir())) == 1


def test_commands_on_the_page_are_understood():
    """As a service and from cron."""
    cron = blocks(PAGE, "text")[0].split("&&")[1].partition(">")[0]
    for line in (*blocks(PAGE, "sh"), cron):
        command, *arguments = shlex.split(line)
        assert command == "conferencekit"
        given = parser().parse_args(arguments)
        assert ("deliver", "smtp://localhost") == (given.command, given.mailer)

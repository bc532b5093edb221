"""What the page about delivering mail shows works."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from conferencekit import Registered
from conferencekit.cli import parser
from conferencekit.errors import TemplateBroken
from conferencekit.registration.rules import Override

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/how-to/deliver-mail.md"
PERSON = {"full_name": "Ada Example", "email": "ada@example.org", "country": "GB", "consent": "1"}


def blocks(language: str) -> list[str]:
    """The fenced blocks of the page in one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def run(block: str, names: dict[str, object]) -> None:
    exec(compile(block, str(PAGE), "exec"), names)


class Broken:
    """A template engine with a template gone wrong."""

    def render(self, name, part, values):
        raise TemplateBroken(name, "it wants what nobody has")


def test_python_on_the_page_runs(tmp_path, monkeypatch, capsys):
    """From top to bottom: a mail that does not render is held, listed and released, and goes out."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "examples/global_mooc_2020/conference.toml", "gmc2020.toml")
    opening, task, listing, release = blocks("python")
    names: dict[str, object] = {"SECRET": b"sixteen bytes and more"}
    run(opening, names)
    assert capsys.readouterr().out == "0 0 0 0\n"
    with names["secretariat"] as secretariat:
        entered = secretariat.acting("office").register(
            PERSON, override=Override(reason="a guest", late=True)
        )
        assert isinstance(entered, Registered)
        monkeypatch.setattr(secretariat, "_renderer", Broken())
        run(task, names)
        assert names["deliver_mail"]() == 0
        assert "wants what nobody has" in capsys.readouterr().out
        run(listing, names)
        assert "wants what nobody has" in capsys.readouterr().out
        monkeypatch.setattr(secretariat, "_renderer", None)
        run(release, names)
        assert names["deliver_mail"]() == 1
        assert len(list(Path("outbox/new").iterdir())) == 1


def test_commands_on_the_page_are_understood():
    """As a service and from cron."""
    cron = blocks("text")[0].split("&&")[1].partition(">")[0]
    for line in (*blocks("sh"), cron):
        command, *arguments = shlex.split(line)
        assert command == "conferencekit"
        given = parser().parse_args(arguments)
        assert ("deliver", "smtp://localhost") == (given.command, given.mailer)

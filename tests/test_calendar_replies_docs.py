"""The page on replies: its Python runs, its documents load, and what it shows is what the command says."""

from __future__ import annotations

import contextlib
import io

from tests.docs_page import blocks, text_of
from tests.reply_samples import Answer, address, conference, gmail, token_of, told_of

from conferencekit.adapters.imap import ImapMailbox
from conferencekit.document import conference_from_text
from conferencekit.testing.secretariat import SecretariatForTests

PAGE = "how-to/read-replies.md"
DOCUMENT = '[conference]\nid = "gmc"\ntitle = "GMC"\ntimezone = "Asia/Shanghai"\n'


def test_its_documents_load():
    """Each block as the [calendar] of a document."""
    for block in blocks(PAGE, "toml"):
        assert conference_from_text(DOCUMENT + block, source="gmc.toml").calendar is not None


def test_its_python_runs(tmp_path, monkeypatch):
    """From the mails to what somebody answers at present, and from a server likewise."""
    plan = conference()
    told = told_of(plan, ["ada", "bea"])
    monkeypatch.chdir(tmp_path)
    mails = [gmail(Answer()), gmail(Answer(person="eve"))]
    (tmp_path / "inbox.mbox").write_bytes(b"".join(b"From \r\n" + each + b"\r\n" for each in mails))
    names: dict[str, object] = {
        "conference": plan,
        "told": told,
        "keys_of": lambda found: [each for each in told.people if address(each) == found],
        "token_of": token_of,
        "password": "secret",
        "cursor": None,
    }
    first, second, third = blocks(PAGE, "python")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(first, PAGE, "exec"), names)
    assert said.getvalue().splitlines() == [
        "ada opening ACCEPTED True",
        "inbox.mbox, mail 2 this address was not invited to it",
        "ACCEPTED",
    ]
    compile(second, PAGE, "exec")
    with SecretariatForTests() as secretariat, contextlib.redirect_stdout(said):
        exec(compile(third, PAGE, "exec"), {**names, "secretariat": secretariat})
    assert said.getvalue().splitlines()[-1] == "0 () ()"
    assert {"open", "mails", "cursor"} <= set(dir(ImapMailbox))


def test_what_is_shown_are_words_of_the_command():
    """The answers of a command that the tests of it look at, too."""
    (shown,) = blocks(PAGE, "text")
    assert "Nothing was kept; --apply does it." in shown
    assert "read-replies" in text_of("reference/command-line.md")

"""The command line as tests use it: in this process, with what it printed, or as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from conferencekit import load_conference
from conferencekit.cli import main
from conferencekit.secretariat import Secretariat

EXAMPLE = Path(__file__).parent.parent / "examples" / "global_mooc_2020"

DOCUMENT = """\
[conference]
id = "gmc"
title = "Testing Days"
timezone = "Asia/Shanghai"
contact = "office@example.org"
website = "https://gmc.example.org"

[[sessions]]
id = "opening"
title = "Opening"
starts = 2036-05-20T09:00:00
ends = 2036-05-20T10:30:00

[deadlines.registration]
before = 2036-05-01

[deadlines.input]
before = 2036-05-01

[registration]
address = "trusted"
quota = 1000

[call]
prefix = "G"
outcome = "Declaration on Tests"

[[call.topics]]
title = "What works"
question = "Which tests helped you most?"

[[call.topics]]
title = "Practices"
question = "What should others copy?"
showcase = true
"""
HEADER = "Full name,E-mail address,Country,Consent\r\n"


@frozen
class Done:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


class Line:
    """A folder with `gmc.toml` in it, and commands that run there."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.write("gmc.toml", DOCUMENT)

    def path(self, name: str) -> Path:
        """A file of the folder."""
        return self.folder / name

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file; texts in UTF-8, line ends as they are."""
        path = self.path(name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def edit(self, *changes: tuple[str, str]) -> None:
        """Change the document as an organiser would, in an editor."""
        text = self.path("gmc.toml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.write("gmc.toml", text)

    def add_sessions(self, sessions: str) -> None:
        """Put sessions into the document."""
        self.edit(("[deadlines.registration]", f"{sessions}\n\n[deadlines.registration]"))

    def people(self, *rows: str, name: str = "people.csv") -> Path:
        """A CSV file with these rows below a header."""
        return self.write(name, HEADER + "".join(f"{row}\r\n" for row in rows))

    def run(self, command: str, *words: object) -> Done:
        """Run a command in this process."""
        self._capsys.readouterr()
        try:
            code = main([*command.split(), *map(str, words)])
        except SystemExit as left:
            code = left.code
        printed = self._capsys.readouterr()
        return Done(code, printed.out, printed.err)

    def names(self) -> set[str]:
        """The names of all files in the folder."""
        return {each.name for each in self.folder.iterdir()}

    def secretariat(self) -> Secretariat:
        """The secretariat that the commands work for, as a host opens it."""
        return Secretariat(
            load_conference(self.path("gmc.toml")),
            store=f"sqlite:///{self.path('gmc.db')}",
            mailer="memory:",
            secret=b"sixteen bytes and more",
            site="https://gmc.example.org",
        )


def new_line(tmp_path, monkeypatch, capsys):
    """A command line in an empty folder with a document: `line = pytest.fixture(new_line)`."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONFERENCEKIT_SITE", "CONFERENCEKIT_SECRET", "CONFERENCEKIT_DISABLED_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    return Line(tmp_path, capsys)


def process(*words: object, **options: Any) -> subprocess.Popen[bytes]:
    """A command as a process of its own. `argv`: the program, where it is not `conferencekit` itself."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("CONFERENCEKIT_")},
        **options.pop("env", {}),
    }
    program = options.pop("argv", [sys.executable, "-m", "conferencekit"])
    command = [*map(str, program), *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen(command, env=environment, **pipes)


def one_message(done: Done, *parts: str) -> None:
    """It could not be done: exit code 1, one message on the error stream with these parts in it, and no traceback."""
    assert done.code == 1, done
    assert done.err.startswith("conferencekit: "), done.err
    assert done.err.count("conferencekit: ") == 1, done.err
    assert "Traceback" not in done.err
    for part in parts:
        assert part in done.err, done.err

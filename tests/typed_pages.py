"""Pages that a reader follows word by word: what they ask to be typed and edited, and whether what they show is true."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from conferencekit.cli import main

STEP = re.compile(
    r"^```(?P<language>\w+)\n(?P<block>.*?)^```"
    r"|(?:[Ii]n\s+`(?P<file>[^`]+)`\s+)?[Cc]hange\s+`(?P<old>[^`]+)`\s+to\s+`(?P<new>[^`]+)`"
    r"|[Bb]elow\s+`(?P<above>[^`]+)`\s+put\s+this[^`]*```toml\n(?P<below>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


class Typed(io.StringIO):
    """What a person types at prompts, seen on the terminal as they type it."""

    def readline(self, *size: int) -> str:
        found = super().readline(*size)
        sys.stdout.write(found)
        return found


def run(command: str, shown: str) -> str:
    """What a terminal shows when the command is typed, and the answers to its questions as they are shown."""
    name, *words = shlex.split(command)
    if name != "conferencekit":
        return {"ls": listed, "cat": content, "rm": remove}[name](*words)
    answers = (
        re.findall(r"^[A-Z].*?: (.+)$", shown.split("\n\n", maxsplit=1)[0], re.MULTILINE)
        if words[0] == "new"
        else []
    )
    terminal = io.StringIO()
    before = sys.stdin
    sys.stdin = Typed("".join(f"{each}\n" for each in answers))
    try:
        with contextlib.redirect_stdout(terminal), contextlib.redirect_stderr(terminal):
            main(words)
    finally:
        sys.stdin = before
    return terminal.getvalue()


def listed(folder: str) -> str:
    """As `ls` shows a folder."""
    return "".join(f"{each}\n" for each in sorted(found.name for found in Path(folder).iterdir()))


def content(pattern: str) -> str:
    """As `cat` shows the one file of this name, in which `*` may stand for anything."""
    (found,) = Path().glob(pattern)
    return found.read_bytes().decode("utf-8").replace("\r\n", "\n")


def remove(name: str) -> str:
    """As `rm` takes a file away."""
    Path(name).unlink()
    return ""


def agrees(shown: str, printed: str) -> bool:
    """Whether the page shows what was printed; `…` alone on a line stands for any lines."""
    lines = []
    for line in shown.splitlines():
        anything = ".+".join(map(re.escape, line.split("…")))
        lines.append(r"(?:.*\n)*?" if line == "…" else rf"{anything} *\n")
    whole = printed if printed.endswith("\n") or not printed else printed + "\n"
    return re.fullmatch("".join(lines), whole) is not None


def steps_of(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What the page asks for, in its order: blocks by their language, "change" and "below" with what they are about."""
    for found in STEP.finditer(text):
        if found["language"]:
            yield found["language"], (found["block"],)
        elif found["old"]:
            yield "change", (found["file"] or "", found["old"], found["new"])
        else:
            yield "below", (found["above"], found["below"])


def edit(path: Path, old: str, new: str) -> None:
    """Change what stands once in a file."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def transcript(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it prints."""
    for part in block.removeprefix("$ ").split("\n$ "):
        command, _, shown = part.partition("\n")
        yield command, shown


def follow(block: str) -> list[str]:
    """Type the commands of a console block, and compare what is printed with what the page shows. Which they were."""
    typed = []
    for command, shown in transcript(block):
        printed = run(command, shown)
        assert agrees(shown, printed), f"{command}\n--- shown\n{shown}\n--- printed\n{printed}"
        typed.append(command)
    return typed

"""What the commands of the command line share: how they are added, their common options, the types of arguments."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

from .output import Output

Run = Callable[[argparse.Namespace, Output], int]
Commands = Any  # what `add_subparsers` returns has no public name

KEPT: Final = "Stopped. What was done so far is kept, and the same command goes on from there."
_PUBLISHED: Final = re.compile(r"\s*(\d{1,9})\s*=\s*([0-9a-fA-F]{64})\s*")


def add_command(commands: Commands, name: str, run: Run, summary: str, more: str) -> argparse.ArgumentParser:
    """A command with its help. `run` does it."""
    about = textwrap.fill(f"{summary[0].upper()}{summary[1:]}. {' '.join(more.split())}", 78)
    found = cast("argparse.ArgumentParser", commands.add_parser(name, help=summary, description=about))
    found.set_defaults(run=run)
    return found


def later(module: str, name: str) -> Run:
    """The command, imported when it runs: `--help` and `check` need little."""

    def run(given: argparse.Namespace, output: Output) -> int:
        return cast("Run", getattr(import_module(f".{module}", __package__), name))(given, output)

    return run


def add_document(command: argparse.ArgumentParser, *, json: bool = True) -> None:
    """The conference document, and `--json`."""
    command.add_argument(
        "conference", metavar="CONFERENCE", type=path, help="the conference document (TOML or JSON)"
    )
    if json:
        add_json(command)


def add_json(command: argparse.ArgumentParser) -> None:
    """`--json`."""
    command.add_argument("--json", action="store_true", help="print the result as JSON")


def add_out(command: argparse.ArgumentParser, what: str) -> None:
    """`--out`, for the one file that a command writes."""
    command.add_argument("--out", metavar="FILE", type=path, help=f"write {what} to this file")


def add_store(command: argparse.ArgumentParser, *, json: bool = True) -> None:
    """The document, its store, and who acts."""
    add_document(command, json=json)
    command.add_argument(
        "--store",
        metavar="URL",
        help="the store: a URL or a file (default: CONFERENCE.db beside the document)",
    )
    command.add_argument("--by", metavar="NAME", default="", help="who you are, for the log")
    command.add_argument(
        "--revert",
        action="store_true",
        help="put an earlier document back in force (a changed one is put in force without this)",
    )


# -- the types of arguments


def path(text: str) -> Path:
    """A path that the system can take."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not a path")
    return Path(text)


def store_name(text: str) -> str:
    """The URL or path of a store."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} names no store")
    return text


def reason(text: str) -> str:
    """A reason that says something."""
    if not text.strip():
        raise argparse.ArgumentTypeError("say the reason; it stays in the log")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is not text in UTF-8") from None
    return text.strip()


def seconds(text: str) -> float:
    """A time to wait."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.1 to 86400")
    return seconds


def count(text: str) -> int:
    """How often to do something."""
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 100000")
    return int(text)


def published(text: str) -> tuple[int, str]:
    """What was published for a seal: its number and its chain."""
    found = _PUBLISHED.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not the number of a seal, = and 64 hexadecimal digits, as `seal` prints them"
        )
    return int(found[1]), found[2].lower()

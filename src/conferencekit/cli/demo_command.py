"""`conferencekit demo`: a whole conference in a minute, on the model of the 2020 Global MOOC Conference."""

from __future__ import annotations

import argparse
import secrets
import shutil
from pathlib import Path
from typing import Any

from ..errors import InvalidText
from .output import Output

MARKER = ".conferencekit-demo"
_FIXED = b"the demonstration of conferencekit, the same in every run"


def add_commands(found: Any) -> None:
    """Add the command to the command line."""
    demo = found.add_parser("demo", help="run the model conference from the letter to the declaration")
    demo.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("demo-output"), help="the folder to write"
    )
    demo.add_argument(
        "--fixed", action="store_true", help="fixed ids and randomness: two runs give the same bytes"
    )
    demo.add_argument("--json", action="store_true", help="print the result as JSON")
    demo.set_defaults(run=_demo)


def _demo(given: argparse.Namespace, output: Output) -> int:
    from .demo.data import find_data  # noqa: PLC0415 - other commands do not need the story
    from .demo.story import Story  # noqa: PLC0415 - see above

    data = find_data()
    _clear(given.out)
    seed = _FIXED if given.fixed else secrets.token_bytes(32)
    story = Story(data, given.out, seed, output)
    figures = story.tell()
    output.table("What happened", ("", ""), list(figures.items()))
    output.say(f"Look at {given.out / 'report.html'} first; the mails are in {given.out / 'mail'}.")
    output.result(figures)
    return 0


def _clear(out: Path) -> None:
    """An empty folder to write to: what an earlier demonstration left is removed, anything else is left alone."""
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).is_file():
            raise InvalidText(str(out), "The folder holds other files: name an empty one by --out.")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).write_text(
        "Written by conferencekit demo, which may remove this folder.\n", encoding="utf-8"
    )

"""Whole processes: what an import takes, and what the demonstration takes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from disks import Disk, Scale
from table import Line, at_most
from workers import without_bytecode_ban

_CHILD: Final = Path(__file__).with_name("child.py")
_IMPORTS: Final = {
    "nothing": "pass",
    "dependencies": "import attrs, cattrs, pluggy, pytz",
    "conferencekit": "import conferencekit",
    "secretariat": "from conferencekit import Secretariat, load_conference",
}


def measure(_: Disk, scale: Scale) -> Iterator[Line]:
    """Both."""
    took = imports(scale.rounds(9))
    bare = took["dependencies"]
    yield Line(
        what="import conferencekit, beside its four dependencies",
        ours=took["conferencekit"],
        beside=bare,
        unit="ms",
        **at_most(1.5, took["conferencekit"] / bare),
    )
    host = took["secretariat"]
    yield Line(what="import of Secretariat as well", ours=host, beside=bare, ratio=host / bare, unit="ms")
    yield Line(what="a Python that does nothing", ours=took["nothing"], unit="ms")
    if scale.quick:
        return
    seconds, peak = demo(2)
    yield Line(what="the demonstration", ours=seconds, unit="s")
    met = None if peak is None else peak <= 80
    yield Line(what="its peak memory", ours=peak, unit="MB", aim="<= 80 MB", met=met)


def imports(runs: int) -> dict[str, float]:
    """Milliseconds of a whole process that imports: medians of runs that took turns."""
    found: dict[str, list[float]] = {name: [] for name in _IMPORTS}
    for number in range(runs + 1):
        for name, code in _IMPORTS.items():
            spent = _run([sys.executable, "-c", code])["seconds"] * 1000
            if number:  # the first run writes the byte code and fills the disk's cache
                found[name].append(spent)
    return {name: statistics.median(spent) for name, spent in found.items()}


def demo(runs: int) -> tuple[float, float | None]:
    """Seconds (median) and peak memory in MB (highest) of `conferencekit demo`."""
    code = "import sys; from conferencekit.cli import main; sys.exit(main())"
    found = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as made:
            found.append(_run([sys.executable, "-c", code, "demo", "--out", f"{made}/demo"]))
    peaks = [each["megabytes"] for each in found if each["megabytes"] is not None]
    return statistics.median(each["seconds"] for each in found), max(peaks, default=None)


def _run(command: list[str]) -> Any:
    environment = without_bytecode_ban(os.environ)
    done = subprocess.run(
        [sys.executable, str(_CHILD), *command], check=True, capture_output=True, text=True, env=environment
    )
    result = json.loads(done.stdout)
    if result["code"] != 0:
        raise RuntimeError(f"{command} ended with {result['code']}:\n{done.stderr}")
    return result

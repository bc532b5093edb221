"""Folders whose entries outlive a loss of power, and what killed processes leave in them."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    if os.name == "nt":  # Windows brings folder entries to the disk by itself and has no way to ask for it
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it, each of them lasting: a new folder is an entry in the one above.

    `mode` is that of the folder itself.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)


def sweep(folder: Path, *, older_than: float) -> None:
    """Remove the files that nobody has touched for so many seconds."""
    for each in folder.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - each.stat().st_mtime > older_than:
                each.unlink()

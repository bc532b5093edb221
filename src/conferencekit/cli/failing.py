"""What to tell a person about an error: what was wrong, with which value, and what to do."""

from __future__ import annotations

import argparse
import errno
from typing import Final

from ..errors import ConferenceKitError, ConferenceOutdated, InvalidText, MissingLink

SITE_VARIABLE: Final = "CONFERENCEKIT_SITE"

_REMEDIES: Final = {
    errno.ENOENT: "Correct the path.",
    errno.EACCES: "Ask for the right to use it, or name another place.",
    errno.EPERM: "Ask for the right to use it, or name another place.",
    errno.EROFS: "Name a place that can be written.",
    errno.EISDIR: "Name a file.",
    errno.ENOTDIR: "Correct the path.",
    errno.EEXIST: "Name another one.",
    errno.ENAMETOOLONG: "Take a shorter name.",
    errno.ENOSPC: "Free some space and try again.",
    errno.EDQUOT: "Free some space and try again.",
}


def explain(error: ConferenceKitError | OSError, given: argparse.Namespace) -> str:
    """The message; where a library's remedy is code, the option or command that does the same here."""
    if isinstance(error, MissingLink):
        return (
            f"Mails of this conference hold a link {error.purpose!r}, and nobody has said where it leads. Name the "
            f"host's address: --site https://..., or the variable {SITE_VARIABLE}."
        )
    if isinstance(error, ConferenceOutdated):
        return (
            f"{given.conference} ({error.held[:12]}) was replaced by a newer document ({error.in_force[:12]}), which "
            "is in force. Get the newer one; or, to put this one back in force, run the same command with --revert."
        )
    if type(error) is InvalidText and isinstance(error.value, str):
        return f"{error.value[:200]!r}: {error.remedy}"
    if isinstance(error, OSError) and not isinstance(error, ConferenceKitError):
        return explain_os(error)
    return str(error)


def explain_os(error: OSError) -> str:
    """What the operating system refused, in words; without a file name it was about the output."""
    reason = error.strerror or str(error) or type(error).__name__
    where = f"{error.filename}: " if error.filename is not None else ""
    remedy = _REMEDIES.get(error.errno or 0, "")
    return f"{where}{reason}. {remedy}".rstrip()

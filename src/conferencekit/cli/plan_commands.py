"""Commands about the plan: `new`, `check`, `invitation`, `plugins`, `tz check`."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from attrs import asdict

from ..document import load_conference
from ..errors import InvalidDocument
from ..mailbox import parse_mailbox
from ..text import lookup, normalise_locale
from ..zones import exact_zone, zone_data_version
from .asking import ask_for_document
from .files import check_writable, quoted, write_file
from .output import Output, count_of
from .plugging import disabled_plugins, installed_plugins
from .proofreading import facts, summary


def run_new(given: argparse.Namespace, output: Output) -> int:
    """Ask, then write. Whether it can be written is found out before anybody answers six questions."""
    path: Path = given.conference
    check = f"conferencekit check {quoted(path)}"
    if os.path.lexists(path):
        output.complain(f"{path} exists already. Name another file, or edit this one and run: {check}")
        return 1
    check_writable(path)
    text = ask_for_document(path.stem)
    if text is None:
        output.complain(
            "Not all questions were answered; nothing was written. Run it again and answer all six."
        )
        return 1
    write_file(path, [text], fresh=True)
    output.say(f"\nWrote {path}. Edit it as you like, then run: {check}")
    return 0


def run_check(given: argparse.Namespace, output: Output) -> int:
    """All problems, or a summary to proofread."""
    zones = [exact_zone(each) for each in given.zone or ()]
    try:
        conference = load_conference(given.conference)
    except InvalidDocument as error:
        output.result({"ok": False, "problems": [asdict(each) for each in error.problems]})
        raise
    now = datetime.now(UTC)
    output.say("\n".join(summary(conference, zones, now)))
    output.result({"ok": True, **facts(conference, zones, now)})
    return 0


def run_invitation(given: argparse.Namespace, output: Output) -> int:
    """The letter as text, HTML or a mail."""
    from ..message.letter import letter_message, render_letter  # noqa: PLC0415 - `check` needs no templates

    conference = load_conference(given.conference)
    to = parse_mailbox(given.to) if given.to else None
    locale = normalise_locale(given.locale) if given.locale else None
    letter = render_letter(conference, locale=locale, recipient=to)
    if locale and not lookup(locale, [letter.locale]):
        output.note(f"There is no letter in {locale!r}: it is in {letter.locale!r}.")
    elif locale and not lookup(locale, conference.languages):
        output.note(f"The document has no texts in {locale!r}: they are in {conference.languages[0]!r}.")
    if given.format == "eml":
        text = letter_message(conference, locale=locale, recipient=to, now=datetime.now(UTC)).data.decode()
    else:
        text = letter.text if given.format == "text" else letter.html
    if given.out:
        write_file(given.out, text.encode())
        output.say(f"Wrote {given.out}.")
    else:
        output.document(text)
    output.result({"format": given.format, "letter": text})
    return 0


def run_plugins(given: argparse.Namespace, output: Output) -> int:  # noqa: ARG001 - all commands are called alike
    """What is installed, what it offers, and what is wrong with it."""
    rows, disabled = installed_plugins().list_plugins(), disabled_plugins()
    output.table(
        "",
        ("Name", "Version", "Offers", "Problem"),
        [(each.name, each.version or "", ", ".join(each.offers), each.error or "") for each in rows],
    )
    output.result(
        [
            {
                "name": each.name,
                "version": each.version,
                "offers": each.offers,
                "hooks": each.hooks,
                "error": each.error,
            }
            for each in rows
        ]
    )
    return 1 if any(each.error and each.name not in disabled for each in rows) else 0


def run_tz_check(given: argparse.Namespace, output: Output) -> int:
    """What the stored times of sessions mean today, where that differs from what people were told."""
    from .opening import opened  # noqa: PLC0415 - `check` needs no secretariat

    with opened(given, output) as secretariat:
        found = secretariat.moved_moments()
    output.say(
        f"Zone data {zone_data_version()}: {count_of(len(found), 'stored time has', 'stored times have')} moved."
    )
    if found:
        header = ("Where", "Wall time", "Zone", "Was (UTC)", "Is (UTC)")
        rows = [(each.path, each.wall, each.zone, each.was, each.now or each.problem) for each in found]
        output.table("", header, rows)
    output.result([{**asdict(each), "problem": each.problem or None} for each in found])
    return 1 if found else 0

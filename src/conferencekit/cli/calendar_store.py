"""`calendar plan` and `send` where the conference has a store: its people, its record of what was told, its mailer."""

from __future__ import annotations

import argparse

from ..calendar.words import title_text
from ..datewords import range_text
from ..document import load_conference
from ..errors import InvalidText
from ..secretariat.plan import Preview, preview
from .mail_commands import run_deliver
from .opening import opened, opened_as_it_is, refuse_outdated
from .output import Output, count_of
from .store_place import require_file, store_url

_KINDS = ("added", "moved", "cancelled", "reinstated")
_REMEDY = "give --people FILE.csv, or begin a store with `conferencekit import`"


_FOR_LISTS = {
    "out": "--out",
    "smtp": "--smtp",
    "password_file": "--password-file",
    "rate": "--rate",
    "only": "--only",
    "sender": "--from",
    "renamed": "--renamed",
    "gone": "--gone",
    "reinstate": "--reinstate",
    "reworded": "--reworded",
    "past": "--past",
    "again": "--again",
    "state_lost": "--state-lost",
}
"""Options that mean nothing to a store. Passed over, a trial would be sent to everybody."""


def plan_of_store(given: argparse.Namespace, output: Output) -> int:
    """What everybody who is confirmed would be told if the document came into force now. Nothing is written.

    What `send` would refuse is refused: `ConferenceOutdated`, `PlanInUse`.
    """
    _refuse_options_of_lists(given)
    conference = load_conference(given.conference)
    with opened_as_it_is(given, conference, _REMEDY) as secretariat:
        refuse_outdated(secretariat, conference, given)
        found = preview(secretariat.shell, conference)
        people = sum(1 for _ in secretariat.registrations.find("confirmed"))
        owed = secretariat.shell.store.find(conference.id, "~notice", "state", "queued", limit=1)[0]
    counts = {kind: people * sum(each.change == kind for each in found) for kind in _KINDS}
    counted = ", ".join(f"{kind} {count}" for kind, count in counts.items())
    output.say(f"{counted[:1].upper()}{counted[1:]}.")
    for each in found:
        output.say(f"  {_line(each, conference.languages[0], people)}")
    if owed:
        output.say("There are mails that are owed already; `conferencekit deliver` sends them too.")
    output.result({"people": people, **counts, "events": [_plain(each) for each in found]})
    return 0


def send_of_store(given: argparse.Namespace, output: Output) -> int:
    """Put the document in force, which tells everybody what changed, and deliver."""
    _refuse_options_of_lists(given)
    require_file(store_url(given), _REMEDY)
    given.watch, given.interval = False, 1.0
    with opened(given, output, sends=True) as secretariat:
        moved = secretariat.tell_moved_clocks(by=given.by)
    if moved:
        output.note(
            f"By newer zone data {count_of(moved, 'event has', 'events have')} moved; everybody is told."
        )
    return run_deliver(given, output)


def _refuse_options_of_lists(given: argparse.Namespace) -> None:
    """Raises `InvalidText` for an option that means nothing here."""
    for name, option in _FOR_LISTS.items():
        if getattr(given, name, None):
            remedy = (
                "This is for a list of people: add --people FILE.csv. Without a list everybody who registered in the "
                "store is told, by --mailer."
            )
            raise InvalidText(option, remedy)


def _line(found: Preview, locale: str, people: int) -> str:
    title = title_text(found.conference, found.after, locale)
    times = range_text(found.after.starts, found.after.ends)
    if found.before and found.change == "moved":
        before = range_text(found.before.starts, found.before.ends)
        times = f"was {before}, now {times}" if before != times else f"{times} (place, link or status)"
    return f"{title}: {found.change}, {count_of(people, 'person is', 'people are')} told: {times}"


def _plain(found: Preview) -> dict[str, object]:
    return {
        "event": found.after.id,
        "change": found.change,
        "sequence": found.after.sequence,
        "starts": found.after.starts.instant.isoformat(),
        "was": found.before.starts.instant.isoformat() if found.before else None,
    }

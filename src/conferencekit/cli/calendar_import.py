"""`calendar import`: another calendar's events as sessions, to look at or in a document."""

from __future__ import annotations

import argparse
import json
import re
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from ..calendar.importing import IMPORT_LIMITS, Imported, Remark, read_calendar
from ..conference import Conference
from ..document import conference_from_text, dump_sessions
from ..document.about import id_from
from ..errors import InvalidText
from ..moment import Moment
from ..programme.session import Session
from ..text import normalise_locale
from .files import STANDARD_INPUT, read_file, write_file
from .output import Output, count_of

_MOST_DOCUMENT: Final = 20_000_000
_FROM: Final = "from calendar event "
_ORIGIN: Final = re.compile(rf'# {_FROM}(".*")\s*')
_ID: Final = re.compile(r'id\s*=\s*["\']([a-z0-9_-]+)["\']')
_COMPARED: Final = ("title", "starts", "ends", "room", "join", "track", "status", "repeat", "exceptions")
_TITLES: Final = 5


@frozen(kw_only=True)
class _Into:
    """The document that sessions are for: its text, what it says, and which of its sessions were imported before."""

    path: Path
    text: str
    conference: Conference
    ids: Mapping[str, str]

    @classmethod
    def of(cls, path: Path) -> _Into:
        text = read_file(path, most=_MOST_DOCUMENT).decode("utf-8", "replace")
        if path.suffix.lower() == ".json" or text.lstrip().startswith("{"):
            raise InvalidText(
                str(path), "Sessions are added to a TOML document: name one, or leave --into out."
            )
        conference = conference_from_text(text, source=str(path), syntax="toml")
        ids = {origin: each for origin, each in _origins(text) if conference.session(each)}
        return cls(path=path, text=text, conference=conference, ids=ids)

    @property
    def taken(self) -> Mapping[str, str]:
        """The ids of sessions by origin; those that were not imported have a name that no event has."""
        return {**{f"\n{each.id}": each.id for each in self.conference.sessions}, **self.ids}


def _origins(text: str) -> Iterator[tuple[str, str]]:
    """What the comments of an earlier import say: the event, and the id of the session below."""
    origin = None
    for line in text.split("\n"):
        if found := _ORIGIN.fullmatch(line):
            try:
                origin = str(json.loads(found[1]))
            except ValueError:
                origin = None
        elif origin is not None and (session := _ID.match(line)):
            yield origin, session[1]
            origin = None


def run_import(given: argparse.Namespace, output: Output) -> int:
    """Read, report, and write where nothing has to be asked."""
    into = _Into.of(given.into) if given.into else None
    replaces = into is not None and given.out is not None and _is_same(given.out, into.path)
    if given.out and given.out.exists() and not replaces:
        output.complain(f"{given.out} exists already. Name another file; nothing was written.")
        return 1
    languages = into.conference.languages if into else ()
    locale = normalise_locale(given.locale) if given.locale else next(iter(languages), "en")
    found = read_calendar(
        _bytes_of(given.file),
        zone=given.zone,
        until=given.until,
        leave_out=given.leave_out,
        ids=into.taken if into else None,
        locale=locale,
        source=str(given.file),
    )
    fresh = [each for each in found.sessions if into is None or found.origins[each.id] not in into.ids]
    changed = dict(_changed(found.sessions, into)) if into else {}
    if into:
        found = evolve(found, repairs=(*found.repairs, *_guessed_rooms(found, fresh, into.conference)))
    _report(found, fresh, changed, output)
    written = None
    if given.out and fresh and not found.questions:
        written = _write(given, found, fresh, into, locale)
        output.say(f"\nWrote {count_of(len(fresh), 'session', 'sessions')} to {written}.")
    elif fresh and not found.questions:
        output.say("\nNothing was written: --out FILE.toml writes it.")
    output.result(_plain(found, fresh, changed, written))
    return 1 if found.questions else 0


def _guessed_rooms(found: Imported, fresh: Iterable[Session], conference: Conference) -> Iterator[Remark]:
    """What was taken as a room of the venue, although nothing says so: calendars have one LOCATION for both."""
    venue = conference.venue
    if venue is None or venue.name is None or venue.kind == "virtual":
        return
    rooms = {each.room for each in conference.sessions}
    for each in fresh:
        if each.room and each.room not in rooms and venue.name.text().casefold() not in each.room.casefold():
            text = (
                f"is in {each.room!r}, which was taken as a room of {venue.name.text()!r}: if it is elsewhere, rename "
                "its key to `place`"
            )
            yield Remark(text=text, title=each.title.text(), uid=found.origins[each.id])


def _bytes_of(path: Path) -> bytes:
    """As much of a file as is needed to read it, or to see that it is too large."""
    most = IMPORT_LIMITS.reading.octets + 1
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read(most)
    with path.open("rb") as stream:
        return stream.read(most)


def _is_same(one: Path, other: Path) -> bool:
    return one.exists() and one.samefile(other)


def _changed(sessions: Iterable[Session], into: _Into) -> Iterator[tuple[str, list[str]]]:
    """The sessions that the document has, and says something else of."""
    for each in sessions:
        held = into.conference.session(each.id)
        if held is not None:
            names = [name for name in _COMPARED if _said(held, name) != _said(each, name)]
            if names:
                yield each.id, names


def _said(session: Session, name: str) -> object:
    """What a session says. Calendars know one LOCATION, which stands in the document as room, or as place."""
    value = getattr(session, name)
    if name == "room":
        return value or session.place
    if name == "exceptions":
        return tuple(evolve(each, room=each.room or each.place, place=None) for each in value)
    return value.instant if isinstance(value, Moment) else str(value) if name == "title" else value


# -- what is written


def _write(
    given: argparse.Namespace, found: Imported, fresh: Sequence[Session], into: _Into | None, locale: str
) -> Path:
    languages = into.conference.languages if into else (locale,)
    zone = into.conference.timezone if into else found.zone
    blocks = dump_sessions(fresh, zone=zone, languages=languages, comments=_comments(found))
    if into is not None:
        text = f"{into.text.rstrip()}\n\n{blocks}"
        _check(text, str(given.out))
    elif found.name and zone:
        text = f"{_head(found, zone, locale, given.file)}\n{blocks}"
        _check(text, str(given.out))
    else:
        text = f"# Put these at the end of a document with the timezone {json.dumps(zone)}.\n\n{blocks}"
    out: Path = given.out
    write_file(out, text.encode(), fresh=into is None or not _is_same(out, into.path))
    return out


def _check(text: str, source: str) -> None:
    """Raises `InvalidDocument` for what would not be a document: it is not written."""
    conference_from_text(text, source=source, syntax="toml")


def _head(found: Imported, zone: str, locale: str, file: Path) -> str:
    uid = uuid.uuid4()
    lines = [
        f"# Made from {json.dumps(file.name)}. `conferencekit check` prints a summary to proofread.",
        "",
        "[conference]",
        f"id = {json.dumps(id_from(found.name) or 'conference')}",
        f'uid = "{uid}"          # names it in calendars everywhere: keep it',
        f"title = {json.dumps(found.name[:500], ensure_ascii=False)}",
        f"timezone = {json.dumps(zone)}",
        f"languages = [{json.dumps(locale)}]",
    ]
    return "\n".join([*lines, ""])


def _comments(found: Imported) -> dict[str, list[str]]:
    """Above each session: the event that it comes from, by which the next import knows it, and its repairs."""
    repairs: dict[str, list[str]] = {}
    for each in found.repairs:
        repairs.setdefault(each.uid, []).append(each.text)
    comments = {}
    for session_id, origin in found.origins.items():
        # Two spaces would become one in a comment.
        said = json.dumps(origin).replace("  ", " \\u0020")
        uid = next((uid for uid in (origin, origin.rpartition(" ")[0]) if uid in repairs), None)
        comments[session_id] = [f"{_FROM}{said}", *(repairs[uid][:20] if uid else ())]
    return comments


# -- what is said


def _report(
    found: Imported, fresh: Sequence[Session], changed: Mapping[str, Sequence[str]], output: Output
) -> None:
    known = len(found.sessions) - len(fresh)
    title = found.name or "Sessions"
    if fresh:
        output.table(
            title, ("Id", "Begins", "Ends", "Zone", "Title", "Where"), [_row(each) for each in fresh]
        )
    else:
        output.say(f"{title}: no new sessions.")
    if known:
        output.say(f"{count_of(known, 'session is', 'sessions are')} in the document already.")
    for session_id, names in changed.items():
        output.say(f"  {session_id} says something else there: {', '.join(names)}.")
    for heading, remarks in (("Repaired", found.repairs), ("To be answered", found.questions)):
        if remarks:
            output.say(f"\n{heading}:")
            for line in _grouped(remarks):
                output.say(f"  {line}")
    if found.questions:
        output.say("\nNothing is written until all is answered.")


def _row(session: Session) -> tuple[str, ...]:
    starts, ends = session.starts, session.ends
    shown = f"{ends.wall:%H:%M}" if ends.wall.date() == starts.wall.date() else f"{ends.wall:%Y-%m-%d %H:%M}"
    often = f" ({session.repeat.count} dates)" if session.repeat else ""
    off = f" ({session.status})" if session.status != "confirmed" else ""
    where = session.room or session.join or ""
    return (
        session.id,
        f"{starts.wall:%Y-%m-%d %H:%M}",
        shown,
        starts.zone,
        f"{session.title.text()}{often}{off}",
        where,
    )


def _grouped(remarks: Iterable[Remark]) -> Iterator[str]:
    """Each remark once, with the events that it is about."""
    about: dict[str, list[str]] = {}
    for each in remarks:
        about.setdefault(each.text, []).append(f"{each.title!r} ({each.uid})" if each.uid else "")
    for text, events in about.items():
        named = [each for each in events if each]
        more = f" and {len(named) - _TITLES:,} more" if len(named) > _TITLES else ""
        yield f"{', '.join(named[:_TITLES])}{more}: {text}." if named else f"{text[:1].upper()}{text[1:]}."


def _plain(
    found: Imported, fresh: Sequence[Session], changed: Mapping[str, Sequence[str]], written: Path | None
) -> dict[str, object]:
    new = {each.id for each in fresh}
    return {
        "name": found.name,
        "zone": found.zone,
        "sessions": [
            {
                "id": each.id,
                "title": each.title.text(),
                "starts": each.starts.instant.isoformat(),
                "ends": each.ends.instant.isoformat(),
                "zone": each.starts.zone,
                "room": each.room,
                "join": each.join,
                "track": each.track,
                "status": each.status,
                "dates": len(each.dates),
                "event": found.origins[each.id],
                "new": each.id in new,
                "differs": list(changed.get(each.id, ())),
            }
            for each in found.sessions
        ],
        "repairs": [_plain_remark(each) for each in found.repairs],
        "questions": [_plain_remark(each) for each in found.questions],
        "written": str(written) if written else None,
    }


def _plain_remark(remark: Remark) -> dict[str, str]:
    return {"uid": remark.uid, "title": remark.title, "text": remark.text}

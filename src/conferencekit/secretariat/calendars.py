"""Calendars for whoever asks: feeds of the programme as it was told, and of each person's own.

A person's feed has an address that nobody can guess, which proves who asks: it is derived as all links are, and
revoked like them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Protocol

from attrs import evolve, frozen

from ..calendar.feed import KINDS, Feed, FeedCache, FeedKind, feed_to_ical, make_feed, names_of
from ..calendar.feed_events import session_events
from ..calendar.links import session_file
from ..calendar.planned import planned_events
from ..calendar.serving import NOT_FOUND, FeedAnswer, answer_feed, etag_of
from ..conference import Conference
from ..errors import InvalidText, NotFound, StoreBusy
from ..ports import ChangeSet, Committed, Record
from ..programme.event import Event
from ..registration.registration import Registration
from ..text import lookup, slug
from . import records
from .intake import TRIES
from .plan import in_force_document
from .registrations import Registrations
from .shell import REGISTRANT, Actor, Shell
from .told import event_as_told

PURPOSE: Final = "feed"
"""Of the links that lead to a person's feed."""
_MOST_TAGS: Final = 100
_MOST_OFFSETS: Final = 16


@frozen(eq=False)
class Programme:
    """The conference in force and its sessions as calendars were told of them. `since`: in force since then.

    `current` is the record that it was read by, which is another one whenever something of it changed.
    """

    conference: Conference
    events: tuple[Event, ...]
    since: datetime
    current: Record


class Headers(Protocol):
    """The headers of a request: a mapping of any framework."""

    def get(self, name: str, /) -> str | None:
        """One header, None where it was not sent."""


@frozen(eq=False)
class _Raised:
    """A programme's events with SEQUENCEs that are so much higher, and what was written of them."""

    programme: Programme
    events: tuple[Event, ...]
    cache: FeedCache


class Remembered:
    """What calendars of one process share: what was read from the store, and the bytes that were made of it."""

    def __init__(self) -> None:
        self.cache = FeedCache()
        self.conference: tuple[str, Conference] | None = None
        self.programme: Programme | None = None
        self.read: Mapping[str, tuple[int, Event]] = {}
        self.tags: dict[Feed, tuple[bytes, str]] = {}
        self._raised: dict[int, _Raised] = {}

    def raised(self, programme: Programme, offset: int) -> _Raised:
        """The programme as those have it whose SEQUENCEs are higher, made once for all of them."""
        if not offset:
            return _Raised(programme, programme.events, self.cache)
        found = self._raised.get(offset)
        if found is None or found.programme is not programme:
            if len(self._raised) >= _MOST_OFFSETS and offset not in self._raised:
                self._raised = {}
            events = tuple(evolve(each, sequence=each.sequence + offset) for each in programme.events)
            cache = found.cache if found else FeedCache()
            found = self._raised[offset] = _Raised(programme, events, cache)
        return found


class Calendars:
    """The service behind `secretariat.calendar`."""

    def __init__(
        self,
        shell: Shell,
        registrations: Registrations,
        actor: Actor = REGISTRANT,
        remembered: Remembered | None = None,
    ) -> None:
        self._shell = shell
        self._registrations = registrations
        self._actor = actor
        self._held = remembered or Remembered()

    # -- feeds

    def serve(self, headers: Headers, token: str | None = None) -> FeedAnswer:
        """What to send to whoever asks for the conference's feed, or with a token for a person's: 200, 304 or 404.

        Args:
            headers: Those of the request, as the framework has them (whatever the case of a name).
            token: From the address, with or without `.ics`.
        """
        tag, since = headers.get("If-None-Match"), headers.get("If-Modified-Since")
        if token is None:
            found = self.feed(if_none_match=tag, if_modified_since=since)
        else:
            found = self.person_feed(token, if_none_match=tag, if_modified_since=since)
        return found or FeedAnswer(status=NOT_FOUND, headers={"Cache-Control": "no-store"})

    def feed(
        self,
        kind: str = "conference",
        about: str = "",
        *,
        locale: str | None = None,
        source: str = "",
        colour: str = "",
        if_none_match: str | None = None,
        if_modified_since: str | None = None,
    ) -> FeedAnswer | None:
        """What to answer to whoever asks for a public feed; None (not found) for one that there is not.

        Args:
            kind: `conference`, `track`, `room` or `deadlines`. It may come from an address, as `about` may.
            about: The track, or the room.
            locale: A language tag; what the conference does not speak gets its first language.
            source: The address at which the feed lies, which it repeats.
            colour: A name of CSS3 in which calendars show it.
            if_none_match: The request's header of that name, whatever it holds.
            if_modified_since: Likewise.

        Raises:
            InvalidCalendar: a source or colour that is none.
        """
        programme = self.programme()
        conference = programme.conference
        if kind == "person" or kind not in KINDS:
            return None
        try:
            feed = make_feed(
                conference,
                kind,
                about if kind in ("track", "room") else "",
                locale=_language(locale, conference),
                source=source,
                colour=colour,
            )
        except InvalidText:
            return None
        data, etag = self._written(feed, programme)
        return answer_feed(
            data,
            etag=etag,
            filename=_file_name(conference, kind, about),
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
        )

    def names(self, kind: FeedKind) -> tuple[str, ...]:
        """The tracks, or rooms, that have a feed of their own."""
        return names_of(self.programme().conference, kind)

    def person_feed(
        self,
        token: str,
        *,
        source: str = "",
        if_none_match: str | None = None,
        if_modified_since: str | None = None,
    ) -> FeedAnswer | None:
        """What to answer to whoever asks for a person's feed, with the links to take part.

        None (not found) for an address that is wrong or was revoked. Whoever is not confirmed (any more) gets a feed
        without events: a calendar that hears "not found" goes on showing what it has.
        """
        person = self._registrations.open(token.removesuffix(".ics"), PURPOSE)
        if person is None:
            return None
        programme = self.programme()
        feed = make_feed(
            programme.conference,
            "person",
            person.id,
            locale=_language(person.locale, programme.conference),
            source=source,
            concerning=None if person.state == "confirmed" else frozenset(),
        )
        return answer_feed(
            self._personal(feed, programme, person),
            private=True,
            filename=_file_name(programme.conference, "person", ""),
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
        )

    def session_file(
        self,
        session_id: str,
        *,
        locale: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: str | None = None,
    ) -> FeedAnswer | None:
        """What to answer to whoever downloads one session as a file; None (not found) for one that there is not.

        For the public, so without the link to take part. It is a copy, which does not move when the session does.
        Arguments may come from a request, as those of `feed`.
        """
        programme = self.programme()
        event = next((each for each in programme.events if each.id == session_id), None)
        if event is None:
            return None
        conference = programme.conference
        return answer_feed(
            session_file(conference, event, _language(locale, conference), since=programme.since),
            filename=_file_name(conference, "session", event.id),
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
        )

    def person_url(self, registration_id: str) -> str:
        """The address of a person's feed, to show to nobody else. Raises `NotFound`, and `MissingLink`."""
        loaded = records.load_registration(self._shell, registration_id)
        if loaded is None:
            raise NotFound("registration", registration_id)
        return self._shell.links.url(PURPOSE, registration_id, loaded[0].generations.get(PURPOSE, 0))

    def revoke_feed(self, registration_id: str) -> None:
        """Let the address of a person's feed lead nowhere; `person_url` gives the new one. Raises `NotFound`."""
        for _ in range(TRIES):
            record = self._shell.get(records.KIND, registration_id)
            if record is None:
                raise NotFound("registration", registration_id)
            if isinstance(self._shell.commit(self._revocation(record)), Committed):
                return
        raise StoreBusy(self._shell.id, 0)

    def _revocation(self, record: Record) -> ChangeSet:
        person = records.read_record(record)
        generation = person.generations.get(PURPOSE, 0) + 1
        changed = evolve(person, generations={**person.generations, PURPOSE: generation})
        context = self._shell.context()
        payload = {"generation": generation}
        entry = self._shell.entry(context, self._actor, "feed_revoked", person.id, payload, person=person.id)
        return self._shell.change(entry, [records.rewrite_registration(record, changed)], read_plan=False)

    def _written(self, feed: Feed, programme: Programme) -> tuple[bytes, str]:
        """A public feed and its tag. The tag is made once for the same bytes."""
        data = feed_to_ical(
            feed,
            programme.conference,
            programme.events,
            now=self._shell.context().now,
            since=programme.since,
            cache=self._held.cache,
        )
        known = self._held.tags.get(feed)
        if known is None or known[0] is not data:
            if len(self._held.tags) >= _MOST_TAGS:
                self._held.tags = {}
            known = self._held.tags[feed] = (data, etag_of(data))
        return known

    def _personal(self, feed: Feed, programme: Programme, person: Registration) -> bytes:
        """A person's feed. Invites to whoever was uninvited once have a higher SEQUENCE, and the feed has it too."""
        raised = self._held.raised(programme, person.sequence_offset)
        return feed_to_ical(
            feed,
            programme.conference,
            raised.events,
            now=self._shell.context().now,
            since=programme.since,
            cache=raised.cache,
        )

    # -- what was told

    def programme(self) -> Programme:
        """The programme as the store has it, also where another process put a newer document in force."""
        _ = self._shell.in_force
        current = self._current()
        while True:
            before = self._held.programme
            if before is not None and before.current == current:
                return before
            read = self._read(current)
            current = self._current()
            # what was read is of one moment only if nothing came in between
            if current == read.current:
                self._held.programme = read
                return read

    def _current(self) -> Record:
        current = self._shell.get("conference", "current")
        if current is None:
            raise NotFound("conference", self._shell.id)
        return current

    def _read(self, current: Record) -> Programme:
        conference, now = self._conference(current), self._shell.context().now
        ids = [each.id for each in planned_events(conference, now=now)]
        found = self._shell.store.get(self._shell.id, "event", ids)
        since = datetime.fromisoformat(str(current.body["at"]))
        # whatever changes of the events is one more version of the record that names their document
        events = session_events(conference, self._told(found), since=since, sequence=current.version - 1)
        return Programme(conference, events, since, current)

    def _conference(self, current: Record) -> Conference:
        digest, ours = str(current.body["digest"]), self._shell.in_force
        if ours.digest == digest:
            return ours.conference
        if self._held.conference is None or self._held.conference[0] != digest:
            self._held.conference = (digest, in_force_document(self._shell, current))
        return self._held.conference[1]

    def _told(self, found: Mapping[str, Record]) -> Iterator[Event]:
        """The events that were told, read again where they changed."""
        before = self._held.read
        self._held.read = {
            key: before[key]
            if key in before and before[key][0] == record.version
            else (record.version, event_as_told(record.body))
            for key, record in found.items()
        }
        return (event for _, event in self._held.read.values())


def _language(locale: str | None, conference: Conference) -> str:
    wanted = (locale or "")[:100]
    return lookup(wanted, conference.languages) or conference.languages[0]


def _file_name(conference: Conference, kind: str, about: str) -> str:
    named = "-".join(
        part for part in (conference.id, "" if kind == "conference" else kind, slug(about)) if part
    )
    return f"{named}.ics"

"""Feeds: calendars to subscribe to, of the conference, a track, a room, a person, or its deadlines.

Every session is an event of its own, whatever `[calendar] invite` says, under the UID that invites have. So whoever
subscribes and accepts invites too sees sessions twice: no client merges the two.

Source: RFC 7986 (properties of calendars); Apple and Outlook read their X- names. A feed has no METHOD and no alarms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, get_args

from attrs import field, frozen

from ..conference import CANCELLED_FOR, Conference
from ..errors import InvalidCalendar, InvalidText
from ..mailbox import Mailbox, one_line
from ..moment import second_of
from ..programme.event import Event
from ..programme.session import Session
from ..text import normalise_locale
from .colours import COLOURS
from .composing import published, published_organizer
from .invite import HIGHEST_SEQUENCE, event_uid
from .lines import line, plain_text, text_value, uri_value
from .transparent import day_bars, days_held, deadline_events, deadlines_text
from .writing import calendar_of, event_lines, utc_value, zone_years

FeedKind = Literal["conference", "track", "room", "person", "deadlines"]
KINDS: Final[tuple[FeedKind, ...]] = get_args(FeedKind)

_ADDRESS: Final = re.compile(r"(?:https?|webcals?)://[^\s\x00-\x1f\x7f]+")
_BEGIN: Final = datetime.min.replace(tzinfo=UTC)
_END: Final = datetime.max.replace(tzinfo=UTC)
_MOST: Final = 32


@frozen(kw_only=True)
class Feed:
    """A calendar to subscribe to, in one language.

    `about` is the track, the room, or a person's id. `concerning`: ids of the sessions that concern the person, None
    for all. `colour` is a name of CSS3, `source` the address where the feed lies, `image` that of a picture. `refresh`:
    how often clients should ask; some ask once a day whatever it says. `with_days`: a bar over the days of a conference
    of several days.

    Raises:
        InvalidCalendar: something that cannot stand in a calendar.
    """

    kind: FeedKind
    about: str = ""
    locale: str
    name: str
    description: str = ""
    colour: str = ""
    source: str = ""
    image: str = ""
    refresh: timedelta = timedelta(hours=4)
    with_days: bool = True
    concerning: frozenset[str] | None = None

    def __attrs_post_init__(self) -> None:
        problems = tuple(self._problems())
        if problems:
            raise InvalidCalendar(problems)

    def _problems(self) -> Iterator[str]:
        if self.kind not in KINDS:
            yield f"the kind of feed {self.kind!r} is none of {', '.join(KINDS)}"
        if not one_line(self.name):
            yield "the feed has no name"
        if self.colour and self.colour.lower() not in COLOURS:
            yield f"the colour {self.colour[:40]!r} is no name of CSS3, such as 'steelblue'"
        for address in filter(None, (self.source, self.image)):
            if not _ADDRESS.fullmatch(address):
                yield f"{address[:80]!r} is not the address of a web page"
        if self.refresh < timedelta(minutes=1):
            yield f"a feed cannot be asked for every {self.refresh}"


def make_feed(
    conference: Conference,
    kind: FeedKind,
    about: str = "",
    *,
    locale: str | None = None,
    source: str = "",
    colour: str = "",
    concerning: frozenset[str] | None = None,
) -> Feed:
    """The feed of a conference, under the name and with the description that they give it.

    Raises:
        InvalidText: no session has this track, or room; a locale that is none.
        InvalidCalendar: as for the class.
    """
    if kind in ("track", "room") and about not in names_of(conference, kind):
        known = ", ".join(map(repr, names_of(conference, kind))) or "none"
        raise InvalidText(about, f"No session has this {kind}. There are: {known}.")
    language = normalise_locale(locale) if locale else conference.languages[0]
    title = conference.title.text(language)
    further = deadlines_text(language) if kind == "deadlines" else about if kind != "person" else ""
    return Feed(
        kind=kind,
        about=about,
        locale=language,
        name=f"{title}: {further}" if further else title,
        description=conference.theme.text(language) if conference.theme else "",
        source=source,
        colour=colour,
        concerning=concerning,
    )


def names_of(conference: Conference, kind: FeedKind) -> tuple[str, ...]:
    """The tracks, or rooms, that have a feed, in the order of the sessions; of other kinds there are none."""
    found: list[str | None] = []
    for each in conference.sessions:
        if kind == "track":
            found.append(each.track)
        elif kind == "room":
            found += [each.room, *(other.room for other in each.exceptions)]
    return tuple(dict.fromkeys(name for name in found if name))


# -- writing


@frozen
class _Around:
    """What an event's lines depend on besides the event and its session."""

    uid: str
    website: str | None
    zone: str
    organizer: Mailbox | None
    locale: str
    with_join: bool


@frozen
class _Piece:
    """The lines of an event, the zones in them and the days on which it is held; and what they were made of."""

    event: Event
    session: Session
    known_as: str
    lines: bytes
    years: tuple[tuple[str, int], ...]
    days: tuple[date, ...]

    def is_of(self, event: Event, session: Session, known_as: str) -> bool:
        """Whether it would be made again as it is. What is the very same object is not compared."""
        return (
            (self.event is event or self.event == event)
            and (self.session is session or self.session == session)
            and self.known_as == known_as
        )


@frozen
class _Whole:
    """A feed, what it was made of, and until when time alone does not change it: while `now` is before."""

    conference: Conference
    events: tuple[Event, ...]
    known_as: Mapping[str, str]
    since: datetime
    valid: tuple[datetime, datetime]
    data: bytes


class FeedCache:
    """Keeps the bytes of events and feeds, so that only what changed is written again.

    Threads may share one: at worst something is written twice. It holds at most 32 feeds, and the events of as many
    languages, with and without the links to take part.
    """

    def __init__(self) -> None:
        self._pieces: dict[_Around, dict[str, _Piece]] = {}
        self._whole: dict[Feed, _Whole] = {}

    def pieces(self, around: _Around) -> dict[str, _Piece]:
        """The lines of events that were written under the same circumstances."""
        if len(self._pieces) >= _MOST and around not in self._pieces:
            self._pieces = {}
        return self._pieces.setdefault(around, {})

    def whole(self, feed: Feed) -> _Whole | None:
        """The feed as it was written last."""
        return self._whole.get(feed)

    def keep(self, feed: Feed, whole: _Whole) -> None:
        """Remember a feed. A person's is not: it is put together quickly, and there are many."""
        if feed.kind == "person":
            return
        if len(self._whole) >= _MOST and feed not in self._whole:
            self._whole = {}
        self._whole[feed] = whole


def feed_to_ical(
    feed: Feed,
    conference: Conference,
    events: Sequence[Event],
    *,
    now: datetime,
    since: datetime,
    known_as: Mapping[str, str] | None = None,
    cache: FeedCache | None = None,
) -> bytes:
    """The feed as an iCalendar object. The same state gives the same bytes.

    Args:
        feed: Which feed, and what it says of itself.
        conference: The conference in force.
        events: One for each session, as it was told (`known_sessions`); those of other sessions are left out.
        now: Decides which cancelled sessions are still shown (aware), and nothing else.
        since: Since when the conference is as it is (aware). Deadlines and days are stamped with it.
        known_as: The ids under which sessions were told first, where they were renamed since.
        cache: What was written before.

    Raises:
        InvalidCalendar: an event would break RFC 5545.
    """
    kept = cache or FeedCache()
    writer = _Writer(feed, conference, tuple(events), known_as or {}, second_of(since), now, kept)
    whole = kept.whole(feed)
    if whole is None or not writer.would_write(whole):
        whole = writer.write()
        kept.keep(feed, whole)
    return whole.data


@frozen
class _Writer:
    feed: Feed
    conference: Conference
    events: tuple[Event, ...]
    known_as: Mapping[str, str]
    since: datetime
    now: datetime
    cache: FeedCache
    _sessions: dict[str, Session] = field(init=False, factory=dict)

    def would_write(self, whole: _Whole) -> bool:
        """Whether it is what would be written again. What is the very same object is not compared."""
        return (
            whole.conference is self.conference
            and whole.valid[0] <= self.now < whole.valid[1]
            and whole.since == self.since
            and whole.known_as == self.known_as
            and whole.events == self.events
        )

    def write(self) -> _Whole:
        self._sessions.update((each.id, each) for each in self.conference.sessions)
        ordered = sorted(self._concerned(), key=lambda each: (each.starts.instant, each.id))
        shown, gone, going = self._by_time(ordered)
        modified = max([self.since, *gone, *(each.dtstamp for each in ordered)])
        pieces = self._pieces(shown)
        years = [found for each in pieces for found in each.years]
        lines = [*self._transparent(ordered, pieces, modified), *(each.lines for each in pieces)]
        if not lines:
            # an object without any component is none (RFC 5545, 3.6)
            years.append((self.conference.timezone, self.since.year))
        data = calendar_of(years, lines, b"".join(_properties(self.feed, self.conference, modified)))
        valid = (max(gone, default=_BEGIN), min(going, default=_END))
        return _Whole(self.conference, self.events, self.known_as, self.since, valid, data)

    def _concerned(self) -> Iterator[Event]:
        """The events of the feed, also those that are not shown any more."""
        feed = self.feed
        for event in self.events:
            session = self._sessions.get(event.id)
            if session is None or feed.kind == "deadlines":
                continue
            if feed.kind == "track" and session.track != feed.about:
                continue
            if feed.kind == "room" and feed.about not in (
                session.room,
                *(each.room for each in session.exceptions),
            ):
                continue
            if feed.concerning is None or event.id in feed.concerning:
                yield event

    def _by_time(self, events: Sequence[Event]) -> tuple[list[Event], list[datetime], list[datetime]]:
        """The events that are shown; when those that are not left the feed, and when those that are cancelled will.

        A cancelled date of a series stays as long as the series does: without it the date would be back.
        """
        plan = self.conference.calendar
        stays = plan.cancelled_for if plan else CANCELLED_FOR
        shown, gone, going = [], [], []
        for event in events:
            if event.status == "cancelled":
                leaves = _later(self._over(event), stays)
                if leaves <= self.now:
                    gone.append(second_of(leaves))
                    continue
                going.append(leaves)
            shown.append(event)
        return shown, gone, going

    def _over(self, event: Event) -> datetime:
        session = self._sessions[event.id]
        return event.ends.instant if event.repeat is None else max(event.ends, session.last_ends).instant

    def _pieces(self, events: Iterable[Event]) -> list[_Piece]:
        around = self._around()
        kept, sessions = self.cache.pieces(around), self._sessions
        found = []
        for event in events:
            session, known_as = sessions[event.id], self.known_as.get(event.id, "")
            piece = kept.get(event.id)
            if piece is None or not piece.is_of(event, session, known_as):
                piece = kept[event.id] = _make_piece(self.conference, event, session, around, known_as)
            found.append(piece)
        for gone in kept.keys() - sessions.keys() if len(kept) > len(sessions) else ():
            kept.pop(gone, None)
        return found

    def _around(self) -> _Around:
        conference, locale = self.conference, self.feed.locale
        return _Around(
            uid=conference.uid,
            website=conference.website,
            zone=conference.timezone,
            organizer=published_organizer(conference, locale),
            locale=locale,
            with_join=self.feed.kind == "person",
        )

    def _transparent(
        self, events: Sequence[Event], pieces: Sequence[_Piece], stamp: datetime
    ) -> Iterator[bytes]:
        if self.feed.kind == "deadlines":
            yield from deadline_events(self.conference, self.feed.locale, stamp=stamp)
        elif self.feed.with_days and self.feed.kind in ("conference", "person"):
            days = (day for each in pieces for day in each.days)
            # whatever event changes, the days may have changed; where more than a number holds were sent once more
            # after a loss (each has millions then), DTSTAMP alone says which is newer
            changes = min(sum(each.sequence for each in events), HIGHEST_SEQUENCE)
            yield from day_bars(self.conference, days, self.feed.locale, sequence=changes, stamp=stamp)


def _later(instant: datetime, by: timedelta) -> datetime:
    return instant + by if _END - instant > by else _END


def _make_piece(
    conference: Conference, event: Event, session: Session, around: _Around, known_as: str
) -> _Piece:
    made = published(
        conference,
        event,
        around.locale,
        known_as=known_as,
        session=session,
        with_join=around.with_join,
        organizer=around.organizer,
    )
    track = one_line(session.track or "")
    further = line("CATEGORIES", text_value(track)) if track else b""
    lines = event_lines(made, further)
    years, days = dict.fromkeys(zone_years(made)), days_held(event, around.zone)
    return _Piece(event, session, known_as, lines, tuple(years), tuple(days))


def _properties(feed: Feed, conference: Conference, modified: datetime) -> Iterator[bytes]:
    """What the calendar says of itself. LAST-MODIFIED stands before everything that has one: `serving` reads it."""
    about = plain_text(f"feed:{feed.kind}:{feed.about}:{feed.locale}")
    yield line("UID", event_uid(conference.uid, about))
    yield line("LAST-MODIFIED", utc_value(modified))
    name, every = text_value(one_line(feed.name)), _duration(feed.refresh)
    yield line("NAME", name)
    yield line("X-WR-CALNAME", name)
    if description := text_value(plain_text(feed.description).strip()):
        yield line("DESCRIPTION", description)
        yield line("X-WR-CALDESC", description)
    yield line("X-WR-TIMEZONE", conference.timezone)
    if conference.website:
        yield line("URL", uri_value(conference.website))
    if feed.source:
        yield line("SOURCE", uri_value(feed.source), VALUE="URI")
    yield line("REFRESH-INTERVAL", every, VALUE="DURATION")
    yield line("X-PUBLISHED-TTL", every)
    if feed.colour:
        yield line("COLOR", feed.colour.lower())
    if feed.image:
        yield line("IMAGE", uri_value(feed.image), VALUE="URI", DISPLAY="BADGE")


def _duration(time: timedelta) -> str:
    """`PT4H`, `PT90M`, `PT61S`: of one unit, which everybody reads."""
    seconds = int(time.total_seconds())
    for unit, name in ((3600, "H"), (60, "M")):
        if seconds % unit == 0:
            return f"PT{seconds // unit}{name}"
    return f"PT{seconds}S"

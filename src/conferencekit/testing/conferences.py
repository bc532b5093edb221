"""Hypothesis strategies for conferences: any that a document can describe.

Every strategy draws valid objects only. Texts mix scripts, marks and emoji; times are those of `strategies`. Knobs
leave out what a subject under test does not claim.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final, TypeVar, get_args

from attrs import evolve
from hypothesis import assume, reject
from hypothesis import strategies as st

from ..calendar.vtimezone import shows_twice
from ..conference import (
    PLACEHOLDER,
    AddressRule,
    ApprovalRule,
    CalendarPlan,
    Call,
    Conference,
    DeclineRule,
    HostRole,
    InviteRule,
    LetterPlan,
    MaterialKind,
    MaterialRules,
    Organization,
    Person,
    RegistrationPlan,
    Source,
    Topic,
    Venue,
    VenueKind,
)
from ..deadline import Deadline, Extension, Relative
from ..errors import InvalidTime
from ..form.fields import Choice, Field, FieldKind, Form
from ..programme.series import Occurrence, Repeat, SessionStatus, Unit, dates_of, moment_on
from ..programme.session import Session
from ..text import LocalizedText
from .strategies import moments, zones

T = TypeVar("T")

LANGUAGES: Final = ("en", "fr", "es", "ru", "zh", "ar", "de", "ja", "pt-BR", "zh-Hans", "hi")
_INVISIBLE: Final = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_MADE: Final = 1024
"""So many strategies are kept of a function with parameters: to make one at each draw takes longer than the draw."""


@lru_cache(maxsize=_MADE)
def _maybe(each: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | each


@cache
def ids() -> st.SearchStrategy[str]:
    """Ids of conferences, sessions and hosts."""
    return st.from_regex(re.compile(r"[a-z0-9][a-z0-9_-]{0,20}"), fullmatch=True)


@lru_cache(maxsize=_MADE)
def lines(*, max_size: int = 40) -> st.SearchStrategy[str]:
    """Texts of one line, in NFC, without white space around them."""
    return st.text(st.characters(exclude_categories=_INVISIBLE), max_size=max_size).map(_tidy).filter(bool)


@cache
def paragraphs() -> st.SearchStrategy[str]:
    """Texts of one or more lines."""
    return st.lists(lines(), min_size=1, max_size=3).map("\n".join)


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


@lru_cache(maxsize=_MADE)
def localized(texts: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[LocalizedText]:
    """Texts in one to three languages."""
    each = lines() if texts is None else texts
    return st.dictionaries(st.sampled_from(LANGUAGES), each, min_size=1, max_size=3).map(LocalizedText)


@lru_cache(maxsize=_MADE)
@st.composite
def sessions(draw: st.DrawFn, zone: str | None = None) -> Session:
    """Sessions of up to two days, in the zone given, or each end in a zone of its own."""
    starts = draw(moments(zone) | moments())
    ends = starts.plus(draw(st.timedeltas(timedelta(minutes=1), timedelta(days=2))))
    return Session(
        id=draw(ids()),
        title=draw(localized()),
        starts=starts,
        ends=ends if draw(st.booleans()) else ends.in_zone(draw(zones())),
        description=draw(_maybe(localized(paragraphs()))),
        room=draw(_maybe(lines())),
        join=draw(_maybe(urls())),
        track=draw(_maybe(lines())),
        status=draw(st.sampled_from(get_args(SessionStatus))),
    )


@lru_cache(maxsize=_MADE)
@st.composite
def series(draw: st.DrawFn, zone: str | None = None) -> Session:
    """Series of up to a dozen dates, up to three of them other than usual. No date is in a repeated or missing hour."""
    starts = draw(moments(zone) | moments())
    repeat = Repeat(
        every=draw(st.sampled_from(get_args(Unit))),
        interval=draw(st.integers(1, 4)),
        count=draw(st.integers(2, 12)),
    )
    length = draw(st.timedeltas(timedelta(minutes=1), timedelta(hours=12)))
    session = draw(
        st.builds(
            Session, id=ids(), title=localized(), starts=st.just(starts), ends=st.just(starts.plus(length))
        )
    )
    assume(not (shows_twice(session.starts) or shows_twice(session.ends)))
    try:
        days = [each.planned.wall.date() for each in dates_of(session.starts, session.ends, repeat)]
    except (InvalidTime, OverflowError):
        reject()
    assume(session.ends <= moment_on(session.starts, days[1], days[0]))
    exceptions = st.builds(
        Occurrence,
        date=st.sampled_from(days),
        room=_maybe(lines()),
        join=_maybe(urls()),
        status=st.none() | st.sampled_from(get_args(SessionStatus)),
    )
    others = draw(st.lists(exceptions, max_size=3, unique_by=lambda each: each.date))
    return evolve(session, repeat=repeat, exceptions=tuple(others))


@cache
def urls() -> st.SearchStrategy[str]:
    """Addresses of web pages."""
    path = st.text(_LETTERS + "-._~/?=&%#", max_size=20)
    return st.builds("{}://{}.example.org/{}".format, st.sampled_from(["http", "https"]), _label(), path)


@cache
def emails() -> st.SearchStrategy[str]:
    """E-mail addresses."""
    return st.builds("{}@{}.example".format, _label(), _label())


@cache
def _label() -> st.SearchStrategy[str]:
    return st.text(_LETTERS, min_size=1, max_size=12)


@cache
def people() -> st.SearchStrategy[Person]:
    """Signatories who belong to no host."""
    return st.builds(
        Person,
        name=localized(),
        capacity=_maybe(localized()),
        organization=st.none(),
        email=_maybe(emails()),
    )


@cache
def hosts() -> st.SearchStrategy[Organization]:
    """Hosts."""
    return st.builds(
        Organization,
        id=ids(),
        name=localized(),
        role=st.sampled_from(get_args(HostRole)),
        url=_maybe(urls()),
    )


@cache
def venues() -> st.SearchStrategy[Venue]:
    """Venues of every kind."""
    return st.builds(
        Venue,
        kind=st.sampled_from(get_args(VenueKind)),
        name=_maybe(localized()),
        address=_maybe(localized(paragraphs())),
        join=_maybe(urls()),
    )


@cache
@st.composite
def form_fields(draw: st.DrawFn, kinds: tuple[FieldKind, ...] = get_args(FieldKind)) -> Field:
    """Fields of the kinds given."""
    kind = draw(st.sampled_from(kinds))
    bounds = sorted(draw(st.lists(st.integers(1, 20_000), min_size=2, max_size=2)))
    field = Field(
        name=draw(_names()),
        kind=kind,
        label=draw(localized()),
        hint=draw(_maybe(localized())),
        required=kind == "email" or draw(st.booleans()),
        choices=tuple(draw(_choices())) if kind == "choice" else (),
        autocomplete=draw(st.sampled_from([None, "name", "organization"])),
    )
    if kind in {"text", "textarea", "password"} and draw(st.booleans()):
        return evolve(field, min_length=bounds[0], max_length=bounds[1])
    return field


@cache
def _names() -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,20}"), fullmatch=True)


@cache
def _choices() -> st.SearchStrategy[list[Choice]]:
    each = st.builds(Choice, value=lines(max_size=15), label=localized())
    return st.lists(each, min_size=1, max_size=4, unique_by=_value)


def _value(choice: Choice) -> str:
    return choice.value


@cache
def _other_fields() -> st.SearchStrategy[list[Field]]:
    return st.lists(form_fields(("text", "textarea", "choice", "country", "consent")), max_size=3)


@cache
@st.composite
def forms(draw: st.DrawFn) -> Form:
    """Registration forms: one e-mail field among others."""
    fields = [draw(form_fields(("email",))), *draw(_other_fields())]
    assume(len({each.name for each in fields}) == len(fields))
    return Form(
        fields=tuple(draw(st.permutations(fields))),
        title=draw(_maybe(localized())),
        submit=draw(_maybe(localized())),
    )


@cache
def registration_plans() -> st.SearchStrategy[RegistrationPlan]:
    """Rules of registration, with the standard form or another."""
    return st.builds(
        RegistrationPlan,
        form=st.builds(RegistrationPlan).map(lambda plan: plan.form) | forms(),
        address=st.sampled_from(get_args(AddressRule)),
        approval=st.sampled_from(get_args(ApprovalRule)),
        quota=st.none() | st.integers(1, 100_000),
        instructions=_maybe(localized(paragraphs())),
        help=_maybe(localized(paragraphs())),
    )


@cache
@st.composite
def calls(draw: st.DrawFn) -> Call:
    """Calls for input with one to four topics."""
    topics: list[Topic] = draw(st.lists(_topics(), min_size=1, max_size=4))
    kinds = draw(st.lists(st.sampled_from(get_args(MaterialKind)), unique=True))
    return Call(
        outcome=draw(localized()),
        topics=_numbered(topics),
        introduction=draw(_maybe(localized(paragraphs()))),
        sharing=draw(_maybe(localized(paragraphs()))),
        materials=MaterialRules(kinds=tuple(kinds), max_files=draw(st.integers(0, 100))),
        max_length=draw(st.integers(1, 20_000)),
        prefix=draw(st.from_regex("[A-Z]{1,8}", fullmatch=True)),
    )


def _numbered(topics: list[Topic]) -> tuple[Topic, ...]:
    return tuple(evolve(topic, number=number) for number, topic in enumerate(topics, 1))


@cache
def _topics() -> st.SearchStrategy[Topic]:
    return st.builds(
        Topic,
        number=st.just(1),
        title=localized(),
        question=localized(paragraphs()),
        context=_maybe(localized(paragraphs())),
        showcase=st.booleans(),
    )


@st.composite
def deadlines(draw: st.DrawFn, zone: str, *, last: date = date(2045, 12, 31)) -> Deadline:
    """Deadlines of every kind that follow no event, in the zone given, another, or Anywhere on Earth.

    They close on `last` at the latest.
    """
    where = draw(st.sampled_from([zone, "AoE"]) | zones())
    day = draw(st.dates(last - timedelta(days=2_000), last))
    kind = draw(st.sampled_from(["before", "through", "at"]))
    try:
        return Deadline(zone=where, grace=draw(_graces()), remind=draw(_leads()), **_closing(draw, kind, day))
    except InvalidTime:  # the clocks skip or repeat the wall time: a day never fails
        return Deadline(zone=where, before=day)


def _closing(draw: st.DrawFn, kind: str, day: date) -> dict[str, Any]:
    if kind != "at":
        return {kind: day}
    clock = draw(st.times().map(lambda each: each.replace(fold=0)))
    return {"at": datetime.combine(day, clock), "fold": draw(st.sampled_from([None, 0, 1]))}


@cache
def _graces() -> st.SearchStrategy[timedelta]:
    return st.just(timedelta()) | st.timedeltas(timedelta(), timedelta(days=10))


@cache
def _leads() -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(st.integers(0, 60), max_size=3, unique=True).map(tuple)


@st.composite
def full_deadlines(draw: st.DrawFn, zone: str, *, last: date = date(2045, 12, 31)) -> Deadline:
    """Deadlines with an opening, a late cutoff, and public and personal extensions."""
    plain = draw(deadlines(zone, last=last))
    for days, person in draw(st.lists(st.tuples(st.integers(1, 5), _maybe(ids())), max_size=2)):
        extension = Extension(
            until=plain.announced.plus(timedelta(days=days)),
            reason=draw(paragraphs()),
            announced_at=plain.announced.instant - timedelta(days=3),
            person=person,
        )
        plain = evolve(plain, extensions=(*plain.extensions, extension))
    if draw(st.booleans()):
        return plain
    opens = plain.announced.plus(-draw(st.timedeltas(timedelta(hours=1), timedelta(days=300))))
    late = plain.announced.plus(plain.grace + timedelta(days=20))
    return evolve(plain, opens=opens, late="flag", late_until=late)


@cache
def relatives() -> st.SearchStrategy[Relative]:
    """Before the event, by days or by elapsed time."""
    days = st.builds(
        Relative, of=st.just("start"), days_before=st.integers(2, 60), day=st.sampled_from(["begins", "ends"])
    )
    return days | st.builds(Relative, elapsed_before=st.timedeltas(timedelta(), timedelta(days=30)))


@cache
def sources() -> st.SearchStrategy[Source]:
    """WordPress pages, their shortcodes in straight and in curly quotes."""
    number = st.integers(1, 9_999).map(str)
    texts = st.sampled_from(['[user_registration_form id="{}"]', "[user_registration_form id=”{}″]"])
    return st.builds(
        lambda text, form, url: Source(shortcode=text.format(form), form_id=form, url=url),
        texts,
        number,
        _maybe(urls()),
    )


@cache
def _some_languages() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=4, unique=True).map(tuple)


@cache
@st.composite
def conferences(draw: st.DrawFn, *, with_sessions: bool = True) -> Conference:
    """Whole conferences that a document can describe."""
    zone = draw(zones())
    bare = Conference(
        id=draw(ids()),
        uid=str(draw(st.uuids())),
        title=draw(localized()),
        timezone=zone,
        sessions=tuple(draw(st.lists(sessions(zone) | series(zone), max_size=3, unique_by=_id)))
        if with_sessions
        else (),
        call=draw(_maybe(calls())),
    )
    return evolve(bare, **draw(_words()), deadlines=draw(_deadlines_of(bare)))


@cache
def _words() -> st.SearchStrategy[dict[str, Any]]:
    """What hangs on nothing else."""
    return st.fixed_dictionaries(
        {
            "timezone_label": _maybe(localized()),
            "languages": _some_languages(),
            "theme": _maybe(localized()),
            "context": _maybe(localized(paragraphs())),
            "aims": st.lists(localized(), max_size=3).map(tuple),
            "hosts": st.lists(hosts(), max_size=2, unique_by=_id).map(tuple),
            "signatories": st.lists(people(), max_size=2).map(tuple),
            "concept_note": _maybe(urls()),
            "website": _maybe(urls()),
            "venue": _maybe(venues()),
            "contact": _maybe(emails()),
            "registration": registration_plans(),
            "calendar": _maybe(_calendar_plans()),
            "letter": st.builds(LetterPlan, heading=_maybe(localized()), salutation=_maybe(localized())),
            "source": _maybe(sources()),
        },
        optional={"fee": localized()},
    )


@cache
def _calendar_plans() -> st.SearchStrategy[CalendarPlan]:
    return st.builds(
        CalendarPlan,
        organizer=emails() | emails().map(lambda address: f"x+{PLACEHOLDER}@{address.partition('@')[2]}"),
        organizer_name=_maybe(localized()),
        invite=_maybe(st.sampled_from(get_args(InviteRule))),
        rsvp=st.booleans(),
        on_decline=st.sampled_from(get_args(DeclineRule)),
        alarm=_maybe(st.integers(1, 10_000).map(lambda minutes: timedelta(minutes=minutes))),
        cancelled_for=st.integers(0, 400).map(lambda days: timedelta(days=days)),
    )


def _deadlines_of(conference: Conference) -> st.SearchStrategy[dict[str, Deadline]]:
    names = {"registration", "input"} if conference.call else {"registration"}
    last = date(2045, 12, 31) if conference.ends is None else conference.ends.wall.date() - timedelta(days=12)
    each: st.SearchStrategy[Deadline] = full_deadlines(conference.timezone, last=last)
    if conference.sessions:
        each |= st.builds(Deadline, zone=st.just(conference.timezone), relative=relatives())
    return st.dictionaries(st.sampled_from(sorted(names)), each, max_size=2)


def _id(thing: Session | Organization) -> str:
    return thing.id

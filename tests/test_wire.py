"""Stored bodies: what is written reads back equal, old schemas are read, damaged bodies are named."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Literal

import pytest
import pytz
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st
from tests.laws import examples

from conferencekit import errors
from conferencekit.conference import (
    Call,
    Conference,
    MaterialRules,
    Organization,
    Person,
    RegistrationPlan,
    Topic,
    Venue,
)
from conferencekit.deadline import Deadline, Extension, Relative
from conferencekit.declaration.content import Material, Revision
from conferencekit.declaration.contribution import Contribution
from conferencekit.ledger import canonical_json
from conferencekit.moment import Moment
from conferencekit.programme.session import Session
from conferencekit.registration.registration import Registration
from conferencekit.testing.conferences import conferences
from conferencekit.text import LocalizedText
from conferencekit.wire import Layout, from_body, recorded_moments, to_body
from conferencekit.zones import zone_data_version


@frozen
class Left:
    """One of two."""

    x: int


@frozen
class Right:
    """The other."""

    x: int


@frozen(kw_only=True)
class Everything:
    """Every kind of value that a stored class may have, once."""

    text: str
    number: int
    flag: bool
    instant: datetime
    day: date
    clock: time
    length: timedelta
    moment: Moment
    words: LocalizedText
    kind: Literal["a", "b"]
    json: object
    answers: Mapping[str, object]
    topics: Mapping[int, str]
    rows: tuple[tuple[str, int], ...]
    either: Left | Right | None
    sides: tuple[Left | Right, ...]
    loose: int | str | bool | None
    maybe: Left | None = None
    names: frozenset[str] = frozenset()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | texts,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
instants = st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(["Asia/Shanghai", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC"])
moments = st.builds(Moment.from_instant, instants, zones)
words = st.dictionaries(st.sampled_from(["en", "fr", "zh-Hans", "ar"]), texts, min_size=1).map(LocalizedText)
sides = st.builds(Left, st.integers(0, 9)) | st.builds(Right, st.integers(0, 9))
everythings = st.builds(
    Everything,
    text=texts,
    number=st.integers(-(2**60), 2**60),
    flag=st.booleans(),
    instant=instants,
    day=st.dates(),
    clock=st.times(),
    length=st.timedeltas(),
    moment=moments,
    words=words,
    kind=st.sampled_from(["a", "b"]),
    json=json_values,
    answers=st.dictionaries(texts, json_values, max_size=3),
    topics=st.dictionaries(st.integers(1, 99), texts, max_size=3),
    rows=st.lists(st.tuples(texts, st.integers(0, 9)), max_size=3).map(tuple),
    either=st.none() | sides,
    sides=st.lists(sides, max_size=3).map(tuple),
    loose=st.none() | st.integers(0, 9) | texts | st.booleans(),
    maybe=st.none() | st.builds(Left, st.integers(0, 9)),
    names=st.frozensets(texts, max_size=3),
)


def through_json(body: object) -> dict[str, object]:
    """The body as a store gives it back."""
    again = json.loads(json.dumps(body))
    assert again == body, "a body is plain JSON already"
    return again


def a_conference(now: Moment, deadline: Deadline) -> Conference:
    """A conference with something of everything."""
    word = LocalizedText({"en": "word", "fr": "mot"})
    session = Session(
        id="opening", title=word, starts=now, ends=now.plus(timedelta(hours=2)), join="https://example.org"
    )
    return Conference(
        id="gmc2020",
        uid="3f1c7f4e-4f0e-4d0c-9d3c-0a8a3c1f1b11",
        title=word,
        timezone="Asia/Shanghai",
        languages=("en", "fr"),
        aims=(word, word),
        hosts=(Organization(id="host", name=word),),
        signatories=(Person(name=word, capacity=word),),
        venue=Venue(kind="virtual", join="https://example.org"),
        sessions=(session, evolve(session, id="closing", status="cancelled")),
        deadlines={"registration": deadline},
        registration=RegistrationPlan(quota=240),
        call=Call(
            outcome=word,
            topics=(Topic(number=1, title=word, question=word),),
            materials=MaterialRules(max_files=3),
        ),
    )


SHANGHAI = Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai")
OPENS = Moment.at(datetime(2020, 9, 1, 9), "Asia/Shanghai")
DEADLINES = [
    Deadline(before=date(2020, 11, 30), zone="Asia/Shanghai"),
    Deadline(through=date(2020, 11, 30), zone="AoE", grace=timedelta(minutes=15), opens=OPENS),
    Deadline(at=datetime(2020, 11, 30, 12, 30), zone="Europe/Paris", remind=(7, 1)),
    Deadline(relative=Relative(days_before=3, at=time(12)), zone="Europe/Paris"),
    Deadline(
        before=date(2020, 11, 30),
        zone="UTC",
        extensions=(
            Extension(
                until=SHANGHAI, reason="storm", announced_at=datetime(2020, 11, 29, tzinfo=UTC), person="r-1"
            ),
        ),
    ),
]


class TestRoundTrip:
    """Nothing is lost on the way through JSON."""

    @given(everythings)
    def test_reads_back_equal(self, value):
        """Any value of any supported kind."""
        assert from_body(Everything, through_json(to_body(value))) == value

    @given(everythings)
    def test_a_body_has_a_digest(self, value):
        """Bodies have canonical JSON."""
        body = to_body(evolve(value, json=None, answers={}))  # whose keys may be one text after normalisation
        assert json.loads(canonical_json(body))["text"] == unicodedata.normalize("NFC", value.text)

    @pytest.mark.parametrize("deadline", DEADLINES, ids=str)
    def test_a_conference_reads_back_equal(self, deadline):
        """With every kind of deadline."""
        conference = a_conference(SHANGHAI, deadline)
        assert from_body(Conference, through_json(to_body(conference))) == conference

    @examples(50)
    @given(conferences())
    def test_any_conference_reads_back_equal(self, conference):
        """Whatever a document can describe."""
        assert from_body(Conference, through_json(to_body(conference))) == conference

    def test_a_registration_reads_back_equal(self):
        """With answers that are lists."""
        registration = Registration(
            id="r-1",
            reference="GMC-1",
            state="confirmed",
            address="ada@example.org",
            name="Ada",
            locale="fr",
            answers={"topics": ("a", "b"), "agree": True, "age": None},
            form="0" * 64,
            received_at=datetime(2020, 11, 12, tzinfo=UTC),
            generations={"sign-in": 2},
        )
        assert from_body(Registration, through_json(to_body(registration))) == registration

    def test_a_contribution_reads_back_equal(self):
        """Topics are numbers again, not texts."""
        revision = Revision(
            n=1,
            answers={1: "one", 4: "four"},
            at=datetime(2020, 11, 12, tzinfo=UTC),
            digest="0" * 64,
            materials=(Material(kind="link", name="page", url="https://example.org/"),),
        )
        contribution = Contribution(
            id="c-1", registration="r-1", state="submitted", number=17, revisions=(revision,)
        )
        assert from_body(Contribution, through_json(to_body(contribution))) == contribution


class TestHowValuesAreWritten:
    """The layout that stores hold for years."""

    def test_an_instant_is_utc(self):
        """Whatever zone it came in."""
        value = datetime(2020, 12, 11, 20, tzinfo=timezone(timedelta(hours=8)))
        event = Extension(until=SHANGHAI, reason="x", announced_at=value)
        assert to_body(event)["announced_at"] == "2020-12-11T12:00:00Z"

    def test_a_moment_keeps_wall_time_zone_and_what_followed(self):
        """With the version of the zone data."""
        assert to_body(Extension(until=SHANGHAI, reason="x", announced_at=SHANGHAI.instant))["until"] == {
            "wall": "2020-12-11T20:00:00",
            "zone": "Asia/Shanghai",
            "fold": 0,
            "instant": "2020-12-11T12:00:00Z",
            "tzdata": zone_data_version(),
        }

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (timedelta(minutes=15), "PT900S"),
            (timedelta(), "PT0S"),
            (-timedelta(microseconds=1), "-PT0.000001S"),
            (timedelta(days=2), "PT172800S"),
        ],
    )
    def test_a_duration_is_iso_8601_seconds(self, value, text):
        """Negative ones too."""

        @frozen
        class Wait:
            length: timedelta = field()

        assert to_body(Wait(value)) == {"schema": 1, "length": text}
        assert from_body(Wait, {"schema": 1, "length": text}) == Wait(value)

    def test_a_default_is_written(self):
        """So that a later default does not change what was stored."""
        assert to_body(MaterialRules())["max_files"] == 10

    def test_a_naive_instant_is_refused(self):
        """The message says how to give a zone."""

        @frozen
        class Note:
            at: datetime

        with pytest.raises(errors.NaiveTime, match="names no time zone"):
            to_body(Note(datetime(2020, 12, 11)))

    def test_a_mislocalised_instant_is_refused(self):
        """The trap of pytz is caught on the way into the store."""

        @frozen
        class Note:
            at: datetime

        with pytest.raises(errors.MislocalizedTime):
            to_body(Note(datetime(2020, 12, 11, tzinfo=pytz.timezone("Asia/Shanghai"))))

    @pytest.mark.parametrize("value", [1.5, b"x", {1: 2}, {1, 2}, datetime(2020, 1, 1, tzinfo=UTC)])
    def test_what_is_no_json_is_refused_where_anything_may_stand(self, value):
        """A float or a datetime would read back as something else."""

        @frozen
        class Loose:
            answers: Mapping[str, object]

        with pytest.raises(errors.NotCanonical):
            to_body(Loose({"a": [value]}))


@frozen(kw_only=True)
class Guest:
    """A class in its third layout: schema 1 had one `name`, schema 2 had no `language`."""

    given: str
    family: str
    language: str


def _split_name(body):
    given, _, family = body.pop("name").partition(" ")
    return {**body, "given": given, "family": family}


GUEST = Layout(Guest, schema=3, upgrades={1: _split_name, 2: lambda body: {**body, "language": "en"}})


class TestSchemas:
    """Old bodies are read for ever."""

    def test_every_older_schema_is_read(self):
        """Step by step up to the present one."""
        ada = Guest(given="Ada", family="Lovelace", language="en")
        assert GUEST.from_body({"schema": 1, "name": "Ada Lovelace"}) == ada
        assert GUEST.from_body({"schema": 2, "given": "Ada", "family": "Lovelace"}) == ada
        assert GUEST.from_body(GUEST.to_body(ada)) == ada

    def test_reading_leaves_the_old_body_alone(self):
        """An upgrade works on a copy."""
        body = {"schema": 1, "name": "Ada Lovelace"}
        GUEST.from_body(body)
        assert body == {"schema": 1, "name": "Ada Lovelace"}

    def test_a_newer_schema_is_refused(self):
        """The message says to update."""
        with pytest.raises(errors.SchemaTooNew, match=r"Guest has schema 4.*up to 3.*Update"):
            GUEST.from_body({"schema": 4, "given": "Ada"})

    @pytest.mark.parametrize("schema", [None, 0, -1, "1", 1.0, True])
    def test_a_body_without_a_schema_is_refused(self, schema):
        """Also one that is not a number from 1."""
        with pytest.raises(errors.InvalidBody, match="no schema"):
            from_body(Guest, {"schema": schema, "given": "a", "family": "b", "language": "c"})

    def test_a_layout_without_a_reader_of_an_old_schema_cannot_be_made(self):
        """Somebody forgot one."""
        with pytest.raises(TypeError, match=r"Guest has schema 3 and no upgrade from \[2\]"):
            Layout(Guest, schema=3, upgrades={1: _split_name})


class TestDamagedBodies:
    """What does not read is named, and shows nothing private."""

    @given(everythings, st.data())
    def test_a_damaged_body_reads_or_is_named(self, value, data):
        """Never another exception."""
        body = through_json(to_body(value))
        key = data.draw(st.sampled_from(sorted(set(body) - {"schema"})))
        body[key] = data.draw(json_values)
        try:
            from_body(Everything, body)
        except errors.InvalidBody as error:
            assert "Everything" in str(error)

    def test_all_that_is_wrong_is_named_with_its_path(self):
        """A missing key, another type, an extra key."""
        with pytest.raises(errors.InvalidBody) as caught:
            from_body(Guest, {"schema": 1, "given": 3, "language": "en", "extra": 1})
        text = str(caught.value)
        assert "$.given" in text
        assert "$.family" in text
        assert "extra" in text

    def test_the_message_does_not_show_the_body(self):
        """It may hold the digest of a password."""
        body = {"schema": 1, "id": "g-1", "given": "secret", "family": "secret", "language": 3}
        with pytest.raises(errors.InvalidBody) as caught:
            from_body(Guest, body)
        assert "secret" not in str(caught.value)
        assert "g-1" in str(caught.value)


def test_recorded_moments_are_found_wherever_they_stand():
    """As they were written, also when the zone has changed since."""
    body = to_body(a_conference(SHANGHAI, DEADLINES[1]))
    body["sessions"][0]["ends"].update(instant="2020-12-11T13:00:00Z", tzdata="2019a")
    found = {each.path: each for each in recorded_moments(body)}
    assert set(found) == {
        "$.sessions[0].starts",
        "$.sessions[0].ends",
        "$.sessions[1].starts",
        "$.sessions[1].ends",
        "$.deadlines.registration.opens",
    }
    moved = found["$.sessions[0].ends"]
    assert (moved.wall, moved.zone, moved.tzdata) == ("2020-12-11T22:00:00", "Asia/Shanghai", "2019a")
    assert moved.instant == datetime(2020, 12, 11, 13, tzinfo=UTC)

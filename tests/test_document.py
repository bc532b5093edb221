"""Reading conference documents: what is right, and every way in which one can be wrong."""

from __future__ import annotations

import builtins
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.growth import in_proportion
from tests.laws import examples

from conferencekit.document import (
    conference_from_data,
    conference_from_text,
    conference_to_data,
    dump_toml,
    json_schema,
    load_conference,
)
from conferencekit.document.kinds import text_problem
from conferencekit.errors import InvalidDocument, MissingExtra
from conferencekit.moment import Moment

MINIMAL = """
[conference]
title = "A"
timezone = "Asia/Shanghai"
"""
SESSION = """
[[sessions]]
id = "s"
title = "S"
starts = {starts}
ends = {ends}
"""


def problems(text, **options):
    """What the reader says of a document: message by path."""
    with pytest.raises(InvalidDocument) as caught:
        conference_from_text(text, **options)
    for problem in caught.value.problems:
        assert len(str(problem)) < 600
        assert str(problem) in str(caught.value)
    return {problem.path: str(problem) for problem in caught.value.problems}


def only(text, **options):
    """The one problem of a document, its path and message."""
    ((path, message),) = problems(text, **options).items()
    return path, message


# -- all at once, in order, with a remedy -----------------------------------------------------------------------------


def test_all_problems_are_named_at_once_in_the_order_of_the_document():
    """Each with its path, the value, what was expected and the nearest key."""
    found = problems("""
[conference]
titel = "x"
timezone = "Asia/Beijing"
contact = "nobody"
[[sessions]]
id = "a b"
starts = 2020-01-01
[registratoin]
""")
    assert list(found) == [
        "conference.titel",
        "conference.timezone",
        "conference.contact",
        "conference.title",
        "sessions[0].id",
        "sessions[0].starts",
        "sessions[0].title",
        "sessions[0].ends",
        "registratoin",
    ]
    assert "'x'" in found["conference.titel"]
    assert "Did you mean 'title'?" in found["conference.titel"]
    assert "Did you mean 'Asia/Shanghai'?" in found["conference.timezone"]
    assert "'nobody': expected an e-mail address such as name@example.org" in found["conference.contact"]
    assert "missing" in found["conference.title"]
    assert "Did you mean 'registration'?" in found["registratoin"]


def test_thousands_of_problems_are_cut_short_quickly():
    """A hostile document costs neither minutes nor megabytes of message."""

    def work(size: int) -> None:
        with pytest.raises(InvalidDocument) as caught:
            conference_from_text(MINIMAL + "[[sessions]]\nstrats=1\n" * size)
        assert len(caught.value.problems) == 201
        assert "more problems" in str(caught.value.problems[-1])

    in_proportion(work, 1_900)


def test_a_table_full_of_unknown_keys_is_summed_up():
    """The first ten by name, the others by number."""
    found = problems(MINIMAL + "[venue]\nkind='virtual'\n" + "".join(f"k{n}=1\n" for n in range(50_000)))
    assert "49990 more unknown keys" in found["venue"]


@pytest.mark.parametrize(
    ("line", "path", "words"),
    [
        ("languages = []", "conference.languages", "0 entries"),
        ('languages = ["en", "EN"]', "conference.languages[1]", "stands already"),
        ('languages = ["cn"]', "conference.languages[0]", "'zh'"),
        ('languages = ["english language"]', "conference.languages[0]", "BCP 47"),
        ('theme = ""', "conference.theme", "is empty"),
        ("theme = 3", "conference.theme", "expected a text"),
        ("theme = {}", "conference.theme", "one per language"),
        ('theme = { en = "a", EN = "b" }', "conference.theme.EN", "twice"),
        ('theme = { jp = "a" }', "conference.theme.jp", "'ja'"),
        ('aims = "one"', "conference.aims", "expected a list"),
        ('uid = "x"', "conference.uid", "UUID"),
        ('id = "Big Conference"', "conference.id", "expected an id"),
        ("fee = { en = 3 }", "conference.fee.en", "in quotes"),
        ('concept_note = "note.pdf"', "conference.concept_note", "whole web address"),
        ('concept_note = "ftp://example.org/a"', "conference.concept_note", "whole web address"),
        ('concept_note = "javascript:alert(1)"', "conference.concept_note", "whole web address"),
        ('concept_note = "https://example.org/a b"', "conference.concept_note", "U+0020"),
        ('concept_note = "https://example.org/\\n"', "conference.concept_note", "U+000A"),
        ('concept_note = "https://example.org/\\u202e"', "conference.concept_note", "U+202E"),
        ('concept_note = "https://example.org/<b>"', "conference.concept_note", "has <"),
        ('concept_note = "https://safe.org@evil.example/"', "conference.concept_note", "user name"),
        ('concept_note = "https://[::1"', "conference.concept_note", "cannot be read"),
        ('concept_note = "https://example.org:99999/"', "conference.concept_note", "cannot be read"),
        ('concept_note = "https:///x"', "conference.concept_note", "whole web address"),
        ('contact = "a@b"', "conference.contact", "expected an e-mail address"),
        ('contact = "a@example.org\\r\\nBcc: b@example.org"', "conference.contact", "expected an e-mail address"),
    ],
)  # fmt: skip
def test_a_wrong_value_in_conference_names_path_and_remedy(line, path, words):
    """One line wrong, one problem."""
    where, message = only(MINIMAL + line)
    assert (where, words in message) == (path, True), message


@pytest.mark.parametrize(
    ("table", "path", "words"),
    [
        ("[venue]\njoin = 'https://example.org'", "venue.kind", "missing"),
        ("[venue]\nkind = 'virtuel'", "venue.kind", "Did you mean 'virtual'?"),
        ("[venue]\nkind = 'virtual'\njoin = 'join us'", "venue.join", "U+0020"),
        ("venue = 3", "conference.venue", "no such key"),
        ("[[hosts]]\nid = 'a'\nname = 'A'\n[[hosts]]\nid = 'a'\nname = 'B'", "hosts[1].id", "same id"),
        (
            "[[hosts]]\nid = 'tsinghua'\nname = 'A'\n[[signatories]]\nname = 'B'\norganization = 'tsingua'",
            "signatories[0].organization",
            "Did you mean 'tsinghua'?",
        ),
        ("[[signatories]]\nname = 'B'\norganization = 'x'", "signatories[0].organization", "[[hosts]]"),
        ("[registration]\nquota = 0", "registration.quota", "whole number"),
        ("[registration]\nquota = true", "registration.quota", "whole number"),
        ("[registration]\nquota = 2.5", "registration.quota", "whole number"),
        ("[registration]\naddress = 'trust'", "registration.address", "Did you mean 'trusted'?"),
        ("[registration]\nfields = []", "registration.fields", "0 entries"),
        (
            "[registration]\nfields = [{name='a',kind='text',label='A'}]",
            "registration.fields",
            "exactly one",
        ),
        (
            "[registration]\nfields = [{name='a',kind='email',label='A'},{name='b',kind='email',label='A'}]",
            "registration.fields",
            "2 fields of kind email",
        ),
        (
            "[registration]\nfields = [{name='a',kind='email',label='A',required=false}]",
            "registration.fields[0].required",
            "has to be asked for",
        ),
        (
            (
                "[registration]\nfields = [{name='a',kind='email',label='A'},{name='b',kind='password',label='A'},"
                "{name='c',kind='password',label='A'}]"
            ),
            "registration.fields",
            "one at most",
        ),
        (
            "[registration]\nfields = [{name='a',kind='email',label='A'},{name='a',kind='text',label='A'}]",
            "registration.fields[1].name",
            "same name",
        ),
        (
            "[registration]\nfields = [{name='a',kind='email',label='A'},{name='b',kind='choice',label='A'}]",
            "registration.fields[1]",
            "at least one option",
        ),
        (
            (
                "[registration]\nfields = [{name='a',kind='email',label='A'},"
                "{name='b',kind='text',label='A',min_length=9,max_length=3}]"
            ),
            "registration.fields[1]",
            "at least 9",
        ),
        ("[call]\noutcome = 'D'", "call.topics", "missing"),
        ("[call]\noutcome = 'D'\ntopics = []", "call.topics", "0 entries"),
        (
            "[call]\noutcome = 'D'\ntopics = [{number=2,title='T',question='Q'}]",
            "call.topics[0].number",
            "expected 1",
        ),
        (
            "[call]\noutcome = 'D'\ntopics = [{title='T',question='Q'},{number=1,title='T',question='Q'}]",
            "call.topics[1].number",
            "expected 2",
        ),
        (
            "[call]\noutcome='D'\ntopics=[{title='T',question='Q'}]\nmaterials={kinds=['pdf']}",
            "call.materials.kinds[0]",
            "'pdf'",
        ),
        ("[source]\nshortcode = 'hello'", "source.shortcode", "user_registration_form"),
        (
            "[source]\nshortcode = '[user_registration_form id=\"642\"]'\nform_id = '7'",
            "source.form_id",
            "'642'",
        ),
        ("[calendar]\norganizer = 'us'", "calendar.organizer", "e-mail address"),
    ],
)
def test_a_wrong_value_in_a_table_names_path_and_remedy(table, path, words):
    """One thing wrong, one problem."""
    where, message = only(MINIMAL + table)
    assert (where, words in message) == (path, True), message


# -- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\r\nBcc: b@example.org", "line break"),
        ("a\nb", "line break"),
        ("a\u2028b", "line break"),
        ("a\x00b", "control character (U+0000)"),
        ("a\x1bb", "control character (U+001B)"),
        ("a\x85b", "control character (U+0085)"),
        ("a\tb", "control character (U+0009)"),
        ("a\ud800b", "control character (U+D800)"),
        ("a\ufffeb", "control character (U+FFFE)"),
        ("photo\u202egpj.exe", "directional override"),
        ("a\u2067b", "does not close it: add U+2069"),
        ("a\u2069b", "did not open"),
        ("\u2067a\u202c", "did not open"),
        (" ", "is empty"),
        ("x" * 501, "501 characters"),
    ],
)
def test_what_nobody_can_see_is_refused_in_a_title(text, words):
    """Control characters, line breaks and unclosed directions, with the character and where it stands."""
    data = {"conference": {"title": text, "timezone": "Asia/Shanghai"}}
    with pytest.raises(InvalidDocument, match="conference.title") as caught:
        conference_from_data(data)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text", ["مؤتمر \u200f(2020)\u200e", "\u2067عربي\u2069 and English", "क्\u200dष", "👩\u200d🏫", "é"]
)
def test_marks_that_scripts_need_are_kept(text):
    """Directional marks, closed isolates and joiners belong to good text."""
    assert text_problem(text, lines=False) is None
    data = {"conference": {"title": text, "timezone": "UTC", "id": "x"}}
    assert conference_from_data(data).title.text() == text


def test_texts_are_normalised():
    """NFC, no white space around, Unix line ends."""
    data = {"conference": {"title": "  Cafe\u0301 ", "timezone": "UTC", "context": "a\r\n\r\nb\n"}}
    conference = conference_from_data(data)
    assert conference.title.text() == "Café"
    assert conference.context.text() == "a\n\nb"


def test_the_first_language_of_the_conference_is_the_fallback():
    """Whatever order a text's own table has."""
    data = {
        "conference": {
            "title": {"zh": "会", "fr": "Conf", "en": "C"},
            "languages": ["fr", "en", "zh"],
            "timezone": "UTC",
            "theme": "Thème",
        }
    }
    conference = conference_from_data(data)
    assert conference.title.text("de") == "Conf"
    assert conference.theme.texts == {"fr": "Thème"}


# -- times ------------------------------------------------------------------------------------------------------------


def berlin(starts, ends="2026-12-24T20:00:00"):
    """A document with one session in Berlin."""
    return MINIMAL.replace("Asia/Shanghai", "Europe/Berlin") + SESSION.format(starts=starts, ends=ends)


def test_a_skipped_time_names_the_times_around_it():
    """Clocks in Berlin go from 2 to 3 on 29 March 2026."""
    path, message = only(berlin("2026-03-29T02:30:00"))
    assert path == "sessions[0].starts"
    assert "2026-03-29 01:30:00+01:00 or 2026-03-29 03:30:00+02:00" in message


def test_a_repeated_time_names_both_and_the_long_form():
    """The long form with fold is the remedy, and works."""
    path, message = only(berlin("2026-10-25T02:30:00"))
    assert path == "sessions[0].starts"
    assert "2026-10-25 02:30:00+02:00 (fold=0) and 2026-10-25 02:30:00+01:00 (fold=1)" in message
    long = '{ at = 2026-10-25T02:30:00, timezone = "Europe/Berlin", fold = 0 }'
    assert long in message
    (session,) = conference_from_text(berlin(long)).sessions
    assert session.starts.offset == timedelta(hours=2)


def test_an_offset_says_which_of_two_equal_times():
    """With the offset of winter it is the second."""
    (session,) = conference_from_text(berlin("2026-10-25T02:30:00+01:00")).sessions
    assert (session.starts.fold, session.starts.zone) == (1, "Europe/Berlin")


@pytest.mark.parametrize(
    "written", ["2026-07-01T12:00:00+01:00", "2026-07-01T12:00:00Z", "2026-10-25T02:30:00Z"]
)
def test_an_offset_that_the_zone_does_not_have_is_refused(written):
    """With the offsets that it has."""
    path, message = only(berlin(written))
    assert path == "sessions[0].starts"
    assert "disagrees with Europe/Berlin" in message
    assert "+02:00" in message


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("2026-07-01", "a time as well"),
        ("12:00:00", "a day as well"),
        ('"tomorrow"', "such as 2020-12-11T20:00:00"),
        ('"2026-02-30T12:00:00"', "no such time"),
        ("{ timezone = 'UTC' }", "missing"),
        ("{ at = 2026-07-01T12:00:00, fold = 2 }", "from 0 to 1"),
        ("{ at = 2026-07-01T12:00:00, tz = 'UTC' }", "at, timezone and fold"),
        ("{ at = 2026-07-01T12:00:00, timezone = 'Mars' }", "IANA"),
        ("[]", "such as 2020-12-11T20:00:00"),
    ],
)
def test_what_is_no_time_says_what_would_be(written, words):
    """Each with an example."""
    assert words in only(berlin(written))[1]


def test_a_session_may_be_in_a_zone_of_its_own():
    """By its `timezone` key, or by the long form of one end."""
    text = MINIMAL + SESSION.format(starts="2020-12-11T13:00:00", ends="2020-12-11T15:00:00")
    (session,) = conference_from_text(text + 'timezone = "europe/paris"').sessions
    assert session.starts == Moment.at(session.starts.wall, "Europe/Paris")
    text = MINIMAL + SESSION.format(
        starts="2020-12-11T20:00:00", ends='{ at = 2020-12-11T15:00:00, timezone = "Europe/Paris" }'
    )
    (session,) = conference_from_text(text).sessions
    assert (session.starts.zone, session.ends.zone) == ("Asia/Shanghai", "Europe/Paris")


def test_a_session_that_ends_before_it_starts_names_both():
    """Equal is refused as well: a session lasts."""
    for ends in ("2020-12-11T19:00:00", "2020-12-11T20:00:00"):
        path, message = only(MINIMAL + SESSION.format(starts="2020-12-11T20:00:00", ends=ends))
        assert path == "sessions[0].ends"
        assert "2020-12-11 20:00:00+08:00[Asia/Shanghai]" in message
        assert ends.replace("T", " ") in message


def test_ids_of_sessions_are_unique():
    """The second one is named."""
    session = SESSION.format(starts="2020-12-11T20:00:00", ends="2020-12-11T21:00:00")
    assert only(MINIMAL + session * 2)[0] == "sessions[1].id"


def test_a_bad_zone_of_the_conference_is_one_problem():
    """And not one more for each of its times."""
    session = SESSION.format(starts="2020-12-11T20:00:00", ends="2020-12-11T21:00:00")
    text = (
        MINIMAL.replace("Shanghai", "Shangai") + session + "[deadlines.registration]\nbefore = 2020-11-30\n"
    )
    path, message = only(text)
    assert path == "conference.timezone"
    assert "'Asia/Shanghai'" in message


# -- deadlines --------------------------------------------------------------------------------------------------------


def deadline(lines, *, rest=""):
    """A document with a deadline for registration."""
    return MINIMAL + "[deadlines.registration]\n" + lines + "\n" + rest


@pytest.mark.parametrize(
    ("lines", "cutoff"),
    [
        ("before = 2020-11-30", "2020-11-29T16:00:00+00:00"),
        ("through = 2020-11-30", "2020-11-30T16:00:00+00:00"),
        ("at = 2020-11-30T12:00:00", "2020-11-30T04:00:00+00:00"),
        ("at = 2020-11-30T12:00:00+08:00", "2020-11-30T04:00:00+00:00"),
        ("before = 2020-11-30\ntimezone = 'AoE'", "2020-11-30T12:00:00+00:00"),
        (
            "at = { at = 2020-10-25T02:30:00, timezone = 'Europe/Berlin', fold = 1 }",
            "2020-10-25T01:30:00+00:00",
        ),
        ("before = 2020-11-30\ngrace = '1 hour 15 minutes'", "2020-11-29T17:15:00+00:00"),
        ("relative = { days_before = 11, day = 'begins' }", "2020-11-29T16:00:00+00:00"),
        (
            (
                "before = 2020-11-30\nextensions = [{ until = 2020-12-02T00:00:00, reason = 'R', "
                "announced_at = 2020-11-28T09:00:00 }]"
            ),
            "2020-12-01T16:00:00+00:00",
        ),
    ],
)
def test_a_deadline_is_read_in_each_of_its_forms(lines, cutoff):
    """And the instant is the one that people would expect."""
    session = SESSION.format(starts="2020-12-11T20:00:00", ends="2020-12-11T21:00:00")
    conference = conference_from_text(deadline(lines, rest=session))
    found = conference.deadlines["registration"]
    assert found.cutoff().instant.isoformat() == cutoff
    assert conference_from_data(conference_to_data(conference)) == conference


@pytest.mark.parametrize(
    ("lines", "path", "words"),
    [
        ("", "deadlines.registration", "before = 2020-11-30"),
        ("before = 2020-11-30\nthrough = 2020-11-30", "deadlines.registration", "before and through"),
        ("before = 2020-11-30T12:00:00", "deadlines.registration.before", "use the key `at`"),
        ("before = 'soon'", "deadlines.registration.before", "such as 2020-11-30"),
        ("before = '2020-02-30'", "deadlines.registration.before", "no such day"),
        ("at = 2020-11-30", "deadlines.registration.at", "a time as well"),
        ("befor = 2020-11-30\nbefore = 2020-11-30", "deadlines.registration.befor", "'before'"),
        ("before = 2020-11-30\ngrace = 15", "deadlines.registration.grace", "'15 minutes'"),
        ("before = 2020-11-30\ngrace = '999999999 days 9 days'", "deadlines.registration.grace", "longer"),
        ("before = 2020-11-30\nlate = 'flag'", "deadlines.registration", "late_until"),
        ("before = 2020-11-30\nopens = 2020-12-01T00:00:00", "deadlines.registration", "open before that"),
        ("before = 2020-11-30\ntimezone = 'AoEE'", "deadlines.registration.timezone", "'AoE'"),
        ("before = 2020-11-30\nremind = [-1]", "deadlines.registration.remind[0]", "whole number"),
        ("relative = { days_before = 3, day = 'begins' }", "deadlines.registration", "add a session"),
        ("relative = { days_before = 3 }", "deadlines.registration.relative", "when on that day"),
        (
            ("before = 2020-11-30\nextensions = [{ until = 2020-12-02T00:00:00, reason = 'R', "
            "announced_at = 0001-01-01T00:00:00+14:00 }]"),
            "deadlines.registration.extensions[0].announced_at",
            "outside the years 1 to 9999",
        ),
        ("through = 9999-12-31", "deadlines.registration", "earlier day"),
        ("before = 0001-01-01", "deadlines.registration", "outside the years"),
        ("relative = { elapsed_before = '2 h' }", "deadlines.registration.relative.elapsed_before", "'2 h'"),
        (
            "at = { at = 2020-11-29T12:00:00, timezone = 'Europe/Paris' }\ntimezone = 'UTC'",
            "deadlines.registration.at",
            "Name one zone",
        ),
        (
            ("before = 2020-11-30\nextensions = [{ until = 2020-11-02T00:00:00, reason = 'R', "
            "announced_at = 2020-11-01T09:00:00 }]"),
            "deadlines.registration",
            "later than",
        ),
    ],
)  # fmt: skip
def test_a_deadline_that_contradicts_itself_says_how_to_mend_it(lines, path, words):
    """One thing wrong, one problem."""
    where, message = only(deadline(lines))
    assert (where, words in message) == (path, True), message


def test_registration_does_not_close_after_the_end():
    """The end of the last session that is held."""
    session = SESSION.format(starts="2020-12-11T20:00:00", ends="2020-12-11T21:00:00")
    path, message = only(deadline("before = 2020-12-13", rest=session))
    assert path == "deadlines.registration"
    assert "2020-12-13" in message
    assert "2020-12-11 21:00:00" in message


def test_a_deadline_for_input_needs_a_call():
    """It would close nothing."""
    assert only(MINIMAL + "[deadlines.input]\nbefore = 2020-11-30")[0] == "deadlines.input"


def test_a_deadline_of_another_name_is_refused():
    """A misspelt one would leave registration open for ever."""
    path, message = only(MINIMAL + "[deadlines.registraton]\nbefore = 2020-11-30")
    assert path == "deadlines.registraton"
    assert "Did you mean 'registration'?" in message


# -- syntax, encoding, size -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("[conference]\ntitle = “A”\n", "line 2, column 9", "straight quotes"),
        ("[conference]\ntitle = A\n", "line 2, column 9", "Texts stand in quotes"),
        ("[conference]\ntitle = 'A'\ntitle = 'B'\n", "line 3, column 12", "second time"),
        ("[conference]\n[conference]\n", "line 2, column 12", "second time"),
        ("[conference\n", "line 1, column 12", "TOML 1.0"),
        ("[conference]\ntitle = 'A", "line 2, column 11", "'A"),
        ("[conference]\nday = 2020-02-30\n", "line 2, column 7", "no such day"),
        ("x = " + "1" * 5_000, "document", "4300 digits"),
        ("[conference]\ntitle = 'a\x00'\n", "line 2, column 11", "invalid character"),
        ("{", "line 1, column 2", "JSON"),
        ('{"conference": {"title": NaN}}', "document", "NaN"),
        ('{"conference": 1, "conference": 2}', "document", "twice"),
        ('{"conference": {"title": -Infinity}}', "document", "Infinity"),
        ('{"x": ' + "1" * 5_000 + "}", "document", "4300 digits"),
        ("", "document", "is empty"),
        (" \n", "document", "is empty"),
        ("x = " + "[" * 100_000, "document", "nested too deeply"),
        ("x = " + "{a=" * 100_000, "document", "nested too deeply"),
        ('{"a":' * 100_000, "document", "nested too deeply"),
        ('{"a":' * 400 + "1" + "}" * 400, "document", "nested too deeply"),
        (".".join("a" * 100_000) + " = 1", "line 1, column 1", "too many dots"),
        ("[" + ". ".join(["'a'"] * 100_000) + "]", "line 1, column 2", "too many dots"),
    ],
)
def test_what_cannot_be_parsed_says_where_and_why(text, path, words):
    """Line and column where there are any, never another library's traceback."""
    where, message = only(text)
    assert (where, words in message) == (path, True), message


@pytest.mark.parametrize("text", ["[]", "3", '"x"', "null"])
def test_json_that_is_no_object_is_refused(text):
    """What stands there is named by its kind."""
    assert "expected an object" in only(text, syntax="json")[1]


@pytest.mark.parametrize(
    ("raw", "path", "words"),
    [
        (MINIMAL.encode("utf-16"), "document", "UTF-16"),
        (MINIMAL.encode("utf-16-le"), "document", "UTF-16"),
        (MINIMAL.replace('"A"', '"Café"').encode("latin-1"), "line 3, column 13", "'é' in Latin-1"),
        (b"[conference]\ntitle = '\x80'", "line 2, column 10", "0x80"),
        (b"# " + b"x" * 1_000_000, "document", "1,000,000 bytes are allowed"),
    ],
)
def test_bytes_that_are_no_document_say_what_they_are(raw, path, words):
    """The encoding that it probably is, the byte and its place."""
    where, message = only(raw)
    assert (where, words in message) == (path, True), message


def test_a_byte_order_mark_is_welcome():
    """Windows' editors write it."""
    assert conference_from_text(b"\xef\xbb\xbf" + MINIMAL.encode()).title.text() == "A"
    assert conference_from_text("\ufeff" + MINIMAL).title.text() == "A"


def test_a_file_is_read_by_its_path(tmp_path):
    """TOML and JSON by their suffix, and by their look where there is none."""
    toml = tmp_path / "конференция.toml"
    toml.write_text(MINIMAL, encoding="utf-8")
    conference = load_conference(toml)
    assert load_conference(str(toml)) == conference
    for name in ("c.json", "c.txt"):
        (tmp_path / name).write_text(json.dumps(conference_to_data(conference)), encoding="utf-8")
        assert load_conference(tmp_path / name) == conference


@pytest.mark.parametrize("name", ["", "missing.toml", "a\0b.toml", "folder", "x" * 5_000, "x" * 300])
def test_a_path_that_cannot_be_read_is_a_problem_of_the_document(tmp_path, monkeypatch, name):
    """A folder, a missing file, a name that no file can have."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidDocument) as caught:
        load_conference(name)
    (problem,) = caught.value.problems
    assert problem.path == "path"
    assert problem.value == (name or ".")


def test_a_file_larger_than_a_document_is_not_read_whole(tmp_path):
    """One byte more than allowed is enough to refuse it."""
    path = tmp_path / "huge.toml"
    with path.open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(InvalidDocument, match="too large"):
        load_conference(path)


def test_plain_data_that_contains_itself_is_refused():
    """Instead of a recursion without end."""
    loop = []
    loop.append(loop)
    with pytest.raises(InvalidDocument, match="nested too deeply"):
        conference_from_data({"conference": loop})


def test_null_is_refused_with_the_remedy():
    """JSON has it, documents leave the key out."""
    with pytest.raises(InvalidDocument, match=r"conference\.theme: 'null': .* Leave the key out"):
        conference_from_data({"conference": {"title": "A", "timezone": "UTC", "theme": None}})


@examples(150)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_is_a_conference_or_an_invalid_document(text):
    """No other error gets out."""
    with pytest.raises(InvalidDocument):
        conference_from_text(text)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dates()
    | st.datetimes()
)
TREES = st.recursive(
    SCALARS,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5) | st.sampled_from(["en", "at"]), each, max_size=3),
    max_leaves=6,
)  # fmt: skip


@examples(200)
@given(st.data())
def test_any_value_under_any_key_is_read_or_refused(data):
    """Whatever stands under a key of the model, the answer is a conference or its problems."""
    tables = json_schema()["properties"]
    name = data.draw(st.sampled_from(sorted(tables)))
    shape = tables[name].get("items", tables[name])
    keys = sorted(shape.get("properties", {"registration": 0}))
    table = {key: data.draw(TREES) for key in data.draw(st.lists(st.sampled_from(keys), max_size=3))}
    value = data.draw(st.sampled_from([table, [table]]) | TREES)
    document = {"conference": {"title": "A", "timezone": "UTC"}, name: value}
    try:
        conference_from_data(document)
    except InvalidDocument as error:
        assert str(error)


def test_toml_cannot_be_written_without_the_extra(monkeypatch):
    """The error names what to install."""
    conference = conference_from_text(MINIMAL)
    original = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "tomli_w":
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"conferencekit\[toml\]"):
        dump_toml(conference)


def test_a_table_in_a_message_looks_as_it_was_written():
    """No Python in what an organiser reads."""
    text = (
        '[conference]\ntitle = "A"\ntimezone = "UTC"\n[deadlines.inputs]\nbefore = 2036-05-02\nremind = [7]\n'
    )
    with pytest.raises(
        InvalidDocument, match=r"deadlines\.inputs: \{ before = 2036-05-02, remind = \[7\] \}: .*'input'"
    ):
        load_conference(text)


def test_a_repeated_id_is_reported_beside_the_other_faults_of_its_entry():
    """All at once: nobody corrects one mistake only to be told of the next."""
    sessions = """
[[sessions]]
id = "a"
title = "First"
starts = 2036-05-20T09:00:00
ends = 2036-05-20T08:00:00

[[sessions]]
id = "a"
title = "Second"
starts = 2036-05-20T09:00:00
ends = "soon"
"""
    head = '[conference]\ntitle = "T"\ntimezone = "Asia/Shangai"\ncontact = "a@example.org"\n'
    with pytest.raises(InvalidDocument) as raised:
        load_conference(head + sessions)
    assert {problem.path for problem in raised.value.problems} >= {
        "conference.timezone",
        "sessions[1].id",
        "sessions[1].ends",
    }

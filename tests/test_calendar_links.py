"""Links for public pages: what they say is what is meant, whatever people write, and nothing that is not public."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.calendar_strict import check
from tests.feed_samples import NOW, at, conference, programmes, session, told, two_days
from tests.invite_samples import HOSTILE, TITLES, invite, moments

from conferencekit.calendar.invite import event_uid
from conferencekit.calendar.lines import plain_text
from conferencekit.calendar.links import (
    LONGEST_DETAILS,
    OFFICE,
    OUTLOOK,
    add_links,
    google_link,
    outlook_link,
    session_file,
    subscribe_links,
    webcal,
)
from conferencekit.calendar.planned import session_event
from conferencekit.errors import InvalidText
from conferencekit.mailbox import one_line
from conferencekit.programme.series import Repeat
from conferencekit.text import LocalizedText


def values(link: str) -> dict[str, str]:
    """What a page is told by a link, as its server reads it; each value once."""
    query = urlsplit(link).query
    assert "+" not in query
    assert link.isascii()
    found = parse_qs(query, strict_parsing=True, keep_blank_values=True, errors="strict")
    assert all(len(each) == 1 for each in found.values())
    return {key: each[0] for key, each in found.items()}


# -- laws


@given(TITLES, HOSTILE, HOSTILE, moments(), st.integers(1, 10**6))
def test_what_stands_in_a_link_reads_back_equal(title, description, place, starts, seconds):
    """Title, text and place to the letter, and the instants, in all three."""
    event = invite(
        summary=title,
        description=description,
        location=place,
        starts=starts,
        ends=starts.plus(timedelta(seconds=seconds)),
    )
    google = values(google_link(event))
    first, last = (datetime.fromisoformat(each) for each in google["dates"].split("/"))
    assert (first, last) == (whole(event.starts), whole(event.ends))
    assert google["ctz"] == starts.zone
    for page in (OUTLOOK, OFFICE):
        outlook = values(outlook_link(event, page))
        assert outlook_link(event, page).startswith(f"{page}?")
        assert datetime.fromisoformat(outlook["startdt"]) == whole(event.starts)
        assert datetime.fromisoformat(outlook["enddt"]) == whole(event.ends)
        assert (google["text"], outlook["subject"]) == (one_line(title), one_line(title))
        assert google.get("location", "") == outlook.get("location", "") == one_line(place)
        assert google.get("details", "") == outlook.get("body", "")
    said, meant = google.get("details", ""), plain_text(description).strip()
    assert said == meant or (said.endswith("…") and meant.startswith(said[:-1].rstrip()))


def whole(moment) -> datetime:
    return moment.instant.replace(microsecond=0)


@given(st.text(min_size=1).map(quote).filter(bool), st.sampled_from(["http://", "https://"]))
def test_a_webcal_address_is_the_same_but_for_its_scheme(rest, scheme):
    """Nothing is encoded twice."""
    assert webcal(f"{scheme}{rest}") == f"webcal://{rest}"


@given(st.text(min_size=1).map(quote), HOSTILE)
def test_links_to_subscribe_read_back_equal(rest, name):
    """The feed's address as a value, whatever it holds."""
    url = f"https://gmc.example.org/{rest}"
    links = subscribe_links(url, name)
    assert values(links.google) == {"cid": webcal(url)}
    for each in (links.outlook, links.office):
        found = values(each)
        assert found.pop("name", "") == one_line(name)
        assert found == {"url": url}


@given(st.data())
def test_any_programme_has_links_without_what_is_not_public(data):
    """The links to take part are in none."""
    found = data.draw(programmes())
    for event in told(found):
        links = add_links(found, event, "en")
        for link in filter(None, (links.google, links.outlook, links.office)):
            assert "example.org/live" not in "".join(values(link).values())


@given(st.data())
def test_any_session_is_a_file_that_breaks_no_rule(data):
    """A strict reader of our own finds one event in it, without attendees and the link to take part."""
    found = data.draw(programmes())
    for event in told(found):
        octets = session_file(found, event, "en", since=NOW, known_as="first")
        uids = [each.one("UID").value for each in check(octets, None).blocks if each.name == "VEVENT"]
        assert set(uids) == {event_uid(found.uid, "first")}
        assert b"ATTENDEE" not in octets
        assert b"example.org/live" not in octets.replace(b"\r\n ", b"")


# -- by hand


def test_an_event_as_each_calendar_takes_it():
    """In the reader's language, with the page of the conference."""
    opening = session(
        "opening",
        at(1, 9),
        title=LocalizedText({"en": "Opening", "fr": "Ouverture"}),
        description=LocalizedText.of("Bring tea & cake"),
        room="Hall",
    )
    found = conference(opening)
    links = add_links(found, session_event(found, opening, NOW), "fr")
    assert values(links.google) == {
        "action": "TEMPLATE",
        "text": "Ouverture",
        "dates": "20260901T070000Z/20260901T080000Z",
        "ctz": "Europe/Berlin",
        "details": "Bring tea & cake\n\nhttps://gmc.example.org",
        "location": "Hall",
    }
    assert links.google.startswith(
        "https://calendar.google.com/calendar/render?action=TEMPLATE&text=Ouverture&"
    )
    assert links.outlook is not None
    assert links.outlook.startswith("https://outlook.live.com/calendar/0/deeplink/compose?")
    assert values(links.outlook) == {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": "Ouverture",
        "startdt": "2026-09-01T07:00:00Z",
        "enddt": "2026-09-01T08:00:00Z",
        "body": "Bring tea & cake\n\nhttps://gmc.example.org",
        "location": "Hall",
    }
    assert links.office == links.outlook.replace("outlook.live.com", "outlook.office.com")


def test_a_series_goes_by_its_rule_to_google_and_not_to_outlook():
    """By its own clocks, which the rule follows; an address cannot tell Outlook of it."""
    weekly = session("weekly", at(1, 9), repeat=Repeat(every="week", interval=2, count=5))
    found = conference(weekly)
    event = session_event(found, weekly, NOW)
    links = add_links(found, event, "en")
    google = values(links.google)
    assert google["recur"] == "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=5"
    assert (google["dates"], google["ctz"]) == ("20260901T090000/20260901T100000", "Europe/Berlin")
    assert (links.outlook, links.office) == (None, None)
    with pytest.raises(InvalidText, match="offer the feed instead"):
        outlook_link(evolve(invite(), rrule="FREQ=DAILY;COUNT=2"))


@pytest.mark.parametrize("letter", ["x", "é", "学", "\U0001f680"])
def test_a_long_description_is_cut_between_letters(letter):
    """By its length as an address has it: letters outside ASCII take up to twelve octets there."""
    event = invite(description=letter * 10_000)
    said = values(google_link(event))["details"]
    assert set(said[:-1]) == {letter}
    assert said[-1] == "…"
    length = len(quote(said[:-1]))
    assert LONGEST_DETAILS - 12 < length <= LONGEST_DETAILS


def test_a_public_page_shows_no_link_to_take_part():
    """Also not where the place would be one."""
    found = two_days()
    for event in told(found):
        links = add_links(found, event, "en")
        assert "live" not in f"{links.google}{links.outlook}".replace("outlook.live.com", "")


@pytest.mark.parametrize(
    "url", ["", "https://", "gmc.ics", "ftp://gmc.example.org/a", "webcal://x", "https://a b", "https://a\r\nb", "javascript:alert(1)"]
)  # fmt: skip
def test_only_addresses_of_the_web_become_webcal(url):
    """What it was, and an example, are in the error."""
    with pytest.raises(InvalidText, match=r"https://gmc\.example\.org/calendar\.ics"):
        webcal(url)


def test_times_of_long_ago_have_four_digits_for_the_year():
    """As ISO 8601 wants them."""
    starts = at(1, 9).in_zone("UTC")
    old = evolve(starts, wall=datetime(800, 12, 25, 9))
    event = invite(starts=old, ends=old.plus(timedelta(hours=1)))
    assert values(outlook_link(event))["startdt"] == "0800-12-25T09:00:00Z"
    assert values(google_link(event))["dates"].startswith("08001225T090000Z/")
    assert old.instant.tzinfo is UTC

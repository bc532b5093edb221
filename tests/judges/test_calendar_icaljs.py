"""Invites and feeds in ical.js, Thunderbird's parser: the instants that it shows are those that were meant.

It runs in Node, from `$ICAL_JS` or where `npm install --prefix .nox/npm ical.js` put it, else it is skipped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.feed_samples import NOW, SINCE, programmes, told
from tests.invite_samples import invites, planned_invites
from tests.judges.calendar_cases import Case, feeds_near_changes, near_changes, series

from conferencekit.calendar import invite_to_ical
from conferencekit.calendar.feed import feed_to_ical, make_feed
from conferencekit.calendar.invite import event_uid

HERE = Path(__file__).parent
LIBRARY = Path(os.environ.get("ICAL_JS") or HERE.parents[1] / ".nox/npm/node_modules/ical.js/dist/ical.js")
pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and LIBRARY.exists()),
    reason=f"needs Node and {LIBRARY} (npm install --prefix .nox/npm ical.js)",
)
Row = tuple[str, datetime, datetime, datetime]


def occurrences(calendars: list[bytes]) -> list[list[Row]]:
    """What it shows of each calendar: UID, when it was planned, start and end."""
    command = ["node", str(HERE / "occurrences.mjs"), str(LIBRARY.resolve())]
    given_ = json.dumps([each.decode() for each in calendars])
    done = subprocess.run(
        command, input=given_, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return [
        [(uid, *(datetime.fromtimestamp(each, UTC) for each in times)) for uid, *times in found]
        for found in json.loads(done.stdout)
    ]


def wrong(cases: list[Case]) -> list[tuple[str, list[tuple[datetime, datetime]]]]:
    """Cases that are shown at other instants."""
    found = occurrences([each.octets for each in cases])
    shown = [sorted((starts, ends) for _, _, starts, ends in rows) for rows in found]
    return [(case.name, rows) for case, rows in zip(cases, shown, strict=True) if rows != case.shown]


def test_instants_are_those_that_were_meant():
    """Within two hours of changes of clocks, in all common zones; also in the hour that comes twice."""
    assert wrong(near_changes()) == []


def test_dates_of_series_are_those_that_were_meant():
    """RRULE, EXDATE and RECURRENCE-ID, over changes of clocks; as invites, cancellations and in feeds."""
    assert wrong(series()) == []


def test_instants_in_whole_feeds_are_those_that_were_meant():
    """A hundred sessions in many zones near changes of clocks in one object."""
    cases = feeds_near_changes()
    for case, rows in zip(cases, occurrences([each.octets for each in cases]), strict=True):
        shown = {uid: (starts, ends) for uid, _, starts, ends in rows if uid in case.shown}
        assert shown == case.shown


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow]
)
@given(st.lists(invites() | planned_invites(first=1971), min_size=10, max_size=20))
def test_any_invite_is_read(made):
    """Hostile texts included."""
    found = occurrences([invite_to_ical(each) for each in made])
    for each, rows in zip(made, found, strict=True):
        assert {row[0] for row in rows} == {each.uid}
        if not each.rrule:
            assert rows[0][2] == each.starts.instant.replace(microsecond=0)


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow]
)
@given(st.data())
def test_any_feed_is_read(data):
    """Hostile texts included: no session is lost, and each is at its time."""
    made = data.draw(st.lists(programmes(), min_size=5, max_size=10))
    feeds = [make_feed(each, "conference") for each in made]
    octets = [
        feed_to_ical(feed, each, told(each), now=NOW, since=SINCE)
        for feed, each in zip(feeds, made, strict=True)
    ]
    for found, given_, rows in zip(made, octets, occurrences(octets), strict=True):
        starts = {uid: at for uid, _, at, _ in reversed(rows)}
        for each in found.sessions:
            uid = event_uid(found.uid, each.id)
            assert (uid in starts) == (uid.encode() in given_)
            if uid in starts and not each.repeat:
                assert starts[uid] == each.starts.instant.replace(microsecond=0)

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
from tests.invite_samples import invites, planned_invites
from tests.judges.calendar_cases import Case, near_changes, series

from conferencekit.calendar import invite_to_ical

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

"""The conference as planned: when it begins and ends, and what follows its sessions."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given
from tests.laws import examples

from conferencekit.conference import Call, Conference, RegistrationPlan, Topic
from conferencekit.deadline import Deadline, Relative
from conferencekit.errors import InvalidDeadline
from conferencekit.form.standard import standard_form
from conferencekit.moment import Moment
from conferencekit.programme.session import Session
from conferencekit.testing.conferences import conferences
from conferencekit.text import LocalizedText

SIX = {"en", "fr", "es", "ru", "zh", "ar"}


def session(name, hour, zone="Asia/Shanghai", status="confirmed"):
    """An hour on 11 December 2020."""
    starts = Moment.at(datetime(2020, 12, 11, hour), zone)
    return Session(
        id=name,
        title=LocalizedText.of(name),
        starts=starts,
        ends=starts.plus(timedelta(hours=1)),
        status=status,
    )


def conference(*sessions, **plan):
    """A conference in Shanghai."""
    return Conference(
        id="c", uid="u", title=LocalizedText.of("C"), timezone="Asia/Shanghai", sessions=sessions, **plan
    )


def test_it_lasts_from_the_first_to_the_last_session_by_instants():
    """12:00 in Berlin is later than 18:00 in Shanghai, whatever the clocks show."""
    berlin, shanghai = session("b", 12, "Europe/Berlin"), session("s", 18)
    planned = conference(berlin, shanghai)
    assert planned.starts == shanghai.starts
    assert planned.ends == berlin.ends


def test_cancelled_sessions_do_not_count_unless_all_are():
    """A conference that is cancelled as a whole still has its time."""
    first, second = session("a", 9, status="cancelled"), session("b", 20)
    assert conference(first, second).starts == second.starts
    assert conference(first).starts == first.starts
    assert conference().starts is conference().ends is None


def test_sessions_are_found_by_id():
    """None for one that is not there."""
    planned = conference(session("a", 9))
    assert planned.session("a") is planned.sessions[0]
    assert planned.session("b") is None


def test_a_relative_deadline_moves_with_the_sessions():
    """Also when the plan is changed later."""
    relative = Deadline(zone="Asia/Shanghai", relative=Relative(days_before=11, day="begins"))
    planned = conference(session("a", 20), deadlines={"registration": relative})
    assert planned.deadlines["registration"].cutoff().wall == datetime(2020, 11, 30)
    starts = planned.sessions[0].starts.plus_days(7)
    moved = evolve(planned, sessions=(evolve(planned.sessions[0], starts=starts, ends=starts.plus_days(1)),))
    assert moved.deadlines["registration"].cutoff().wall == datetime(2020, 12, 7)


def test_a_relative_deadline_without_sessions_waits():
    """It has no cutoff yet, and says so."""
    relative = Deadline(zone="Asia/Shanghai", relative=Relative(days_before=11, day="begins"))
    planned = conference(deadlines={"registration": relative})
    with pytest.raises(InvalidDeadline, match="follows the event"):
        planned.deadlines["registration"].cutoff()


def test_a_fixed_deadline_stays_when_sessions_move():
    """It was announced as a day."""
    fixed = Deadline(zone="Asia/Shanghai", before=date(2020, 11, 30))
    planned = conference(session("a", 20), deadlines={"registration": fixed})
    assert planned.deadlines["registration"] is fixed


def test_a_deadline_is_said_in_the_zone_that_it_is_meant_in():
    """What people call the conference's time says nothing about days in Paris, or anywhere on Earth."""
    day = date(2020, 11, 30)
    zones = {"registration": "Asia/Shanghai", "input": "AoE", "other": "Europe/Paris"}
    deadlines = {name: Deadline(zone=zone, before=day) for name, zone in zones.items()}
    planned = conference(deadlines=deadlines, timezone_label=LocalizedText.of("Beijing time"))
    begins = [
        str(planned.deadline_text(each)).partition(":")[0].partition(" begins in ")[2] for each in zones
    ]
    assert begins == ["Beijing time", "the last place on Earth (AoE)", "Europe/Paris"]
    assert planned.deadline_text("none") is None


def test_the_standard_form_speaks_six_languages():
    """Every label and hint, and there is one e-mail field."""
    form = standard_form()
    for field in form.fields:
        assert set(field.label.texts) == SIX
        assert field.hint is None or set(field.hint.texts) == SIX
    assert [field.kind for field in form.fields].count("email") == 1
    assert RegistrationPlan().form == form


def test_it_is_free_in_six_languages_unless_it_says_otherwise():
    """What taking part costs is shown wherever a person decides."""
    assert set(conference().fee.texts) == SIX


def test_topics_are_kept_in_order():
    """Whatever sequence they came in."""
    topics = [Topic(number=n, title=LocalizedText.of("T"), question=LocalizedText.of("Q")) for n in (1, 2)]
    assert Call(outcome=LocalizedText.of("D"), topics=topics).topics == tuple(topics)


@pytest.mark.slow
@examples(40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(conferences())
def test_all_sessions_lie_within_the_conference(planned):
    """No session that is held starts earlier or ends later."""
    held = [each for each in planned.sessions if each.status != "cancelled"]
    assert all(planned.starts <= each.starts < each.ends <= planned.ends for each in held)
    assert evolve(planned) == planned

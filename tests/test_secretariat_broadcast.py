"""A notice to everybody: in chunks, beside other work, and whatever kills the process that writes it."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import timedelta

import pytest
from attrs import evolve

from conferencekit.conference import Conference
from conferencekit.secretariat import broadcasts
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests
from conferencekit.testing.store_waiting import PASSWORD, form, open_desk

HOUR = timedelta(hours=1)


def moved(conference: Conference) -> Conference:
    """The same conference, its session an hour later."""
    session = conference.sessions[0]
    later = evolve(session, starts=session.starts.plus(HOUR), ends=session.ends.plus(HOUR))
    return evolve(conference, sessions=(later,))


def told(desk: SecretariatForTests) -> dict[str, list[str]]:
    """The templates of the mails that are owed to each person, in order."""
    found: dict[str, list[str]] = {}
    for record in desk.shell.walk("~notice", "state", "queued"):
        notice = record.body["body"]
        found.setdefault(notice["recipient"]["address"].partition("@")[0], []).append(notice["template"])
    return found


def expand(desk: SecretariatForTests) -> int:
    return broadcasts.expand_all(desk.shell, desk._correspondence)


# It stands still before or after the commit with the number that it was told, and never without one.
_EXPANDER = """
import sys
from conferencekit.adapters.sqlite import SQLiteStore
from conferencekit.secretariat import broadcasts
from conferencekit.testing.store_waiting import open_desk
from tests.test_secretariat_broadcast import conference_for_tests, expand, moved
broadcasts.CHUNK = 5
desk = open_desk(moved(conference_for_tests(quota=1000)), sys.argv[1], ())
desk.shell.in_force
left, is_before, commit = int(sys.argv[2]), sys.argv[3] == "before", SQLiteStore.commit

def held(store, batch):
    global left
    left -= 1
    outcomes = [] if left == 0 and is_before else commit(store, batch)
    if left == 0:
        print("held", flush=True)
        sys.stdin.read()
    return outcomes

SQLiteStore.commit = held
print("ready", flush=True)
expand(desk)
print("done", flush=True)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_again_and_again_tells_everybody_once(tmp_path):
    """Whatever was written stays, what is missing is written by the next; others register and cancel meanwhile."""
    url = f"sqlite:///{tmp_path}/records.db"
    chance = random.Random(2020)
    with open_desk(conference_for_tests(quota=1000), url, ()) as desk:
        entered = list(desk.acting("import", kind="import").registrations.enter_many(map(form, range(600))))
        desk.clock.move(timedelta(days=1))
        desk.reload(moved(desk.conference))
        kills = 6
        for number in range(kills + 1):
            stop = chance.randrange(2, 14) if number < kills else 0
            argv = [sys.executable, "-c", _EXPANDER, url, str(stop), chance.choice(["before", "after"])]
            with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
                assert child.stdout.readline() == "ready\n"
                if stop:
                    desk.register(form(f"late{number}"))
                    desk.registrations.cancel(entered[-1 - number].registration.id)
                assert child.stdout.readline() == ("held\n" if stop else "done\n")
                child.kill()
        mails = told(desk)
        for number in range(600 - kills - 1):
            assert mails[f"p{number}"] == ["registration_confirmed", "session_moved"]
        assert all(mails[f"plate{at}"] == ["registration_confirmed"] for at in range(kills))
        cancelled = [mails[f"p{599 - at}"] for at in range(kills)]
        assert all(each[-1] == "registration_cancelled" for each in cancelled)
        assert expand(desk) == 0


def test_whoever_comes_back_under_an_earlier_time_stops_no_broadcast(monkeypatch):
    """A clock that is behind makes one who was told and cancelled look as if confirmed before: they are told once."""
    monkeypatch.setattr(broadcasts, "CHUNK", 2)
    desk = open_desk(conference_for_tests(), "memory:", ())
    for number in range(4):
        desk.register(form(number))
        desk.clock.move(HOUR)
    desk.reload(moved(desk.conference))
    record = desk.shell.store.find("testing", "broadcast", "open", "broadcast", limit=1)[0][0]
    broadcasts._expand_chunk(desk.shell, desk._correspondence, record, set())
    first = next(each for each in desk.registrations.find() if each.address == form(0)["email"])
    desk.registrations.cancel(first.id)
    desk.clock.move(-2 * HOUR)
    desk.acting("Olga").register(form(0), received_at=desk.clock.now)
    assert expand(desk) == 2
    assert sorted(who for who, mails in told(desk).items() if "session_moved" in mails) == [
        f"p{number}" for number in range(4)
    ]


def test_signing_in_between_takes_nobody_out_of_a_broadcast():
    """A registration that is written again stands where it stood, also if its time is that of the broadcast."""
    desk = open_desk(conference_for_tests(), "memory:", ())
    desk.register(form("ana"))
    desk.reload(moved(desk.conference))
    desk.registrations.sign_in(form("ana")["email"], PASSWORD)
    assert expand(desk) == 1


def test_a_broadcast_holds_one_chunk_at_a_time():
    """Memory is flat: no more than a chunk is read at once, however many people there are."""
    desk = SecretariatForTests(conference_for_tests(quota=5000))
    list(desk.acting("import", kind="import").registrations.enter_many(map(form, range(1500))))
    desk.clock.move(timedelta(days=1))
    desk.reload(moved(desk.conference))
    sizes = []
    store = desk.shell.store._store
    commit = store.commit

    def counted(batch):
        sizes.append(sum(len(each.ops) for each in batch))
        return commit(batch)

    store.commit = counted
    assert expand(desk) == 1500
    assert max(sizes) <= 2 * broadcasts.CHUNK + 1

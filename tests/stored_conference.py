"""A small conference with a record of every kind, as a backup: what this version stores, for later ones to read.

`python -m tests.stored_conference FILE` writes one, with fixed ids and randomness. Before a layout changes, keep the file of the version
before under `tests/stored/`: it is read by `test_stored_bodies.py` for ever.
"""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from pathlib import Path

from attrs import evolve

from conferencekit.adapters.dump_file import dump_lines
from conferencekit.adapters.memory import MemoryStore
from conferencekit.calendar import event_uid
from conferencekit.calendar.incoming import Mail
from conferencekit.ledger import digest
from conferencekit.moment import Moment
from conferencekit.ports import ChangeSet, Entry, Mark, Redact
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CLAUSES = """# Declaration

## Commitments

1. Tests fail first. {#first}
   [topic 1]
"""


def live(secretariat: SecretariatForTests, folder: Path) -> None:
    """Two places and four people; a file, a moved session, a declaration, two seals; mails sent, owed, held and redacted."""
    people = [register(secretariat, name) for name in ("ada", "bea", "chi", "dan")]
    files = {"materials": [("slides.pdf", io.BytesIO(PDF), "application/pdf")]}
    answers = {"topic-1": "Tests that failed first.", "topic-2": "Break it.", "language": "en"}
    secretariat.contributions.submit(
        people[0], {**answers, "quote": "named", "publish": "named"}, files=files
    )
    secretariat.deliver()
    acting = secretariat.acting("Olga")
    acting.ledger.seal()
    acting.registrations.cancel(people[1], reason="ill")
    secretariat.tick()
    (session,) = secretariat.conference.sessions
    later = Moment.at(session.ends.wall + timedelta(hours=1), session.ends.zone)
    secretariat.reload(evolve(secretariat.conference, sessions=[evolve(session, ends=later)]), by="Olga")
    acting.declaration.compile(CLAUSES)
    acting.declaration.publish_good_practices(folder / "practices", tell=True)
    acting.ledger.seal()
    secretariat.tick()
    queued = secretariat.shell.store.find("testing", "~notice", "state", "queued")[0]
    body = {"action": "forgotten"}
    forgotten = ChangeSet(
        "testing", Entry("forgotten", body, digest(body)), (Redact(what="notice", id=queued[0].id),)
    )
    secretariat.shell.store.commit([forgotten])
    secretariat.shell.store.settle([Mark("testing", queued[1].id, 0, "held", note="a person asked")])
    secretariat.attendance.take_replies([Mail(source="reply.ics", calendars=(reply(secretariat),))])


def reply(secretariat: SecretariatForTests) -> bytes:
    """What Ada's calendar answers to the opening."""
    lines = [
        *(
            "BEGIN:VCALENDAR",
            "METHOD:REPLY",
            "VERSION:2.0",
            "BEGIN:VEVENT",
            "DTSTAMP:20270402T090000Z",
            "SEQUENCE:1",
        ),
        f"UID:{event_uid(secretariat.conference.uid, 'opening')}",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.org",
        *("COMMENT:Ill", "END:VEVENT", "END:VCALENDAR", ""),
    ]
    return "\r\n".join(lines).encode()


def register(secretariat: SecretariatForTests, name: str) -> str:
    """Somebody fills in the form; the id of the registration."""
    form = {"full_name": name, "email": f"{name}@example.org", "password": "correct horse battery staple"}
    secretariat.register({**form, "country": "GB", "consent": "1"})
    return next(each.id for each in secretariat.registrations.find() if each.address.startswith(f"{name}@"))


def write(path: Path) -> None:
    """Let it happen, and write the backup."""
    store = MemoryStore()
    with SecretariatForTests(conference_for_tests(quota=2), store=store) as secretariat:
        live(secretariat, path.parent)
        path.write_text("".join(dump_lines(store)), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))

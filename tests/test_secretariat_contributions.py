"""Input through the secretariat: forms with files, drafts, the cutoff, withdrawal, and what is published of it."""

from __future__ import annotations

import io
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from conferencekit import Refused
from conferencekit.adapters.memory_blobs import MemoryBlobStore
from conferencekit.declaration.content import ContributionData
from conferencekit.declaration.contribution import Consents, LateEntry
from conferencekit.errors import BlobMissing, DeclarationRefused, NotFound
from conferencekit.secretariat import Accepted, SignedIn
from conferencekit.testing.secretariat import SecretariatForTests, conference_for_tests

PASSWORD = "correct horse battery staple"
PERSON = {
    "full_name": "Ada Example",
    "country": "GB",
    "consent": "1",
    "password": PASSWORD,
    "organisation": "Analytical",
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


@pytest.fixture(params=["memory:", "sqlite"])
def secretariat(request, tmp_path):
    store = f"sqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.param
    with SecretariatForTests(store=store) as made:
        made.register({**PERSON, "email": "ada@example.org"})
        yield made


@pytest.fixture
def ada(secretariat) -> str:
    found = secretariat.registrations.sign_in("ada@example.org", PASSWORD)
    assert isinstance(found, SignedIn)
    return found.registration.id


def posted(**changes) -> dict[str, str]:
    facts = {"topic-1": "Tests that fail first.", "language": "en", "quote": "named", "publish": "named"}
    return {**facts, **changes}


def upload(data: bytes = PNG, name: str = "figure.png", media_type: str = "image/png"):
    return {"materials": [(name, io.BytesIO(data), media_type)]}


def test_a_contribution_with_a_file_is_taken(secretariat, ada):
    """Answers, material, and who it comes from, as the registration says."""
    found = secretariat.contributions.submit(ada, posted(), files=upload())
    assert isinstance(found, Accepted)
    assert found.label == "T-001"
    contribution = found.contribution
    assert (contribution.name, contribution.organisation, contribution.country) == (
        "Ada Example",
        "Analytical",
        "GB",
    )
    (material,) = contribution.revisions[0].materials
    assert (material.kind, material.media_type, material.size) == ("photo", "image/png", len(PNG))
    assert _bytes(secretariat, material.sha256) == PNG


def test_whoever_never_got_the_mail_signs_in_and_contributes_all_the_same(secretariat):
    """The confirmation is lost on the way; e-mail address and password are enough."""
    secretariat.register({**PERSON, "email": "bob@example.org"})
    assert secretariat.mailer.messages == []  # nothing was ever delivered
    found = secretariat.registrations.sign_in("bob@example.org", PASSWORD)
    outcome = secretariat.contributions.submit(found.registration.id, posted())
    assert isinstance(outcome, Accepted)
    assert [each.name for each in secretariat.contributions.live()] == ["Ada Example"]


def test_the_personal_link_opens_the_same_door(secretariat, ada):
    """The link in the mail names the person who may contribute."""
    token = secretariat.shell.links.token("contribute", ada)
    person = secretariat.registrations.open(token, "contribute")
    assert isinstance(secretariat.contributions.submit(person.id, posted()), Accepted)


def test_numbers_rise_and_are_given_once(secretariat):
    """A withdrawn number is not given to somebody else."""
    people = []
    for name in ("bob", "cleo"):
        secretariat.register({**PERSON, "email": f"{name}@example.org"})
        people.append(secretariat.registrations.sign_in(f"{name}@example.org", PASSWORD).registration.id)
    first = secretariat.contributions.submit(people[0], posted())
    secretariat.contributions.withdraw(people[0])
    second = secretariat.contributions.submit(people[1], posted())
    assert (first.label, second.label) == ("T-001", "T-002")


def test_revisions_are_kept_and_the_same_content_is_none(secretariat, ada):
    """The second click adds nothing; a change adds a revision under the same number."""
    contributions = secretariat.contributions
    contributions.submit(ada, posted())
    contributions.submit(ada, posted())
    found = contributions.submit(ada, posted(**{"topic-1": "Tests that failed once."}))
    assert [each.n for each in found.contribution.revisions] == [1, 2]
    assert found.label == "T-001"


def test_a_draft_is_seen_by_nobody_and_given_no_number(secretariat, ada):
    """No list, no count, no text holds it."""
    found = secretariat.contributions.save_draft(ada, posted(language=""))
    assert (found.label, found.contribution.state) == ("", "draft")
    assert secretariat.contributions.live() == ()
    with pytest.raises(DeclarationRefused):
        secretariat.declaration.draft('# D\n\n## Preamble\n\nNoting [T1-001 "fail first"],\n')


def test_at_the_cutoff_nothing_is_taken_though_the_draft_was_begun_before(secretariat, ada):
    """The instant that counts is that of the complete submission."""
    secretariat.contributions.save_draft(ada, posted())
    secretariat.clock.move_to(secretariat.conference.deadline("input").cutoff().instant)
    found = secretariat.contributions.submit(ada, posted(), files=upload())
    assert isinstance(found, Refused)
    assert found.issues[0].code == "closed"
    assert secretariat.contributions.live() == ()
    assert _files(secretariat) == []


def test_an_upload_that_takes_too_long_is_late(secretariat, ada):
    """The clock is read when everything has arrived, not when it began to arrive."""
    cutoff = secretariat.conference.deadline("input").cutoff().instant
    secretariat.clock.move_to(cutoff - timedelta(seconds=1))

    class Slow(io.BytesIO):
        def read(self, *size: int) -> bytes:
            secretariat.clock.move_to(cutoff)
            return super().read(*size)

    found = secretariat.contributions.submit(
        ada, posted(), files={"materials": [("f.png", Slow(PNG), "image/png")]}
    )
    assert found.issues[0].code == "closed"
    assert _files(secretariat) == []


def test_an_organiser_enters_late_with_a_reason(secretariat, ada):
    """Marked late, with the reason in the log."""
    secretariat.clock.move_to(secretariat.conference.deadline("input").cutoff().instant)
    data = ContributionData(answers={1: "On paper."}, language="en")
    acting = secretariat.acting("Olga").contributions
    assert isinstance(acting.submit_data(ada, data), Refused)
    found = acting.submit_data(ada, data, late_entry=LateEntry("came by post"))
    assert found.contribution.revisions[0].late
    assert any(each.body.get("reason") == "came by post" for each in secretariat.ledger.entries())


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("report.pdf", b"<html><script>alert(1)</script>", "application/pdf"),
        ("photo.jpg", b"MZ" + b"\0" * 100, "image/jpeg"),
        ("figure.png", PNG, "application/pdf"),
        ("page.html", b"<p>hello", "text/html"),
        ("empty.png", b"", "image/png"),
        ("../../etc/passwd", PNG, "image/png"),
        ("a\r\nb.png\0.exe", PNG, "image/png"),
    ],
)
def test_files_that_are_not_what_they_say_leave_nothing(secretariat, ada, name, data, media_type):
    """Refused with the reason, and no byte of them stays."""
    found = secretariat.contributions.submit(ada, posted(), files=upload(data, name, media_type))
    assert isinstance(found, Refused)
    assert found.issues[0].path == "materials"
    assert _files(secretariat) == []
    assert secretariat.contributions.of(ada) is None


def test_a_bad_file_takes_the_good_one_beside_it_along(secretariat, ada):
    """All or nothing: a half-taken submission would surprise everybody."""
    files = {
        "materials": [("a.png", io.BytesIO(PNG), "image/png"), ("b.jpg", io.BytesIO(b"MZ"), "image/jpeg")]
    }
    assert isinstance(secretariat.contributions.submit(ada, posted(), files=files), Refused)
    assert _files(secretariat) == []


def test_withdrawal_removes_texts_and_files_and_stays_possible_late(secretariat, ada):
    """What was given can be taken back at any time; a tombstone keeps number and digest."""
    found = secretariat.contributions.submit(ada, posted(), files=upload())
    sha256 = found.contribution.revisions[0].materials[0].sha256
    secretariat.clock.move(timedelta(days=300))
    gone = secretariat.contributions.withdraw(ada).contribution
    assert (gone.state, gone.number, gone.revisions[0].answers) == ("withdrawn", 1, {})
    with pytest.raises(BlobMissing):
        secretariat._blobs().open(sha256)


def test_a_file_that_two_people_sent_stays_when_one_withdraws(secretariat, ada):
    """Content-addressed files are shared; only the last user takes them along."""
    secretariat.register({**PERSON, "email": "bob@example.org"})
    bob = secretariat.registrations.sign_in("bob@example.org", PASSWORD).registration.id
    for person in (ada, bob):
        found = secretariat.contributions.submit(person, posted(), files=upload())
    sha256 = found.contribution.revisions[0].materials[0].sha256
    secretariat.contributions.withdraw(ada)
    assert _bytes(secretariat, sha256) == PNG


def test_only_who_is_registered_contributes(secretariat, ada):
    """After cancelling, and for strangers, nothing is taken."""
    secretariat.registrations.cancel(ada)
    found = secretariat.contributions.submit(ada, posted())
    assert found.issues[0].code == "not_registered"
    with pytest.raises(NotFound, match="r-stranger"):
        secretariat.contributions.submit("r-stranger", posted())


def test_after_cancelling_a_person_may_narrow_their_consents_and_widen_none(secretariat, ada):
    """Taking back what one agreed to needs no registration; agreeing to more does."""
    contributions = secretariat.contributions
    contributions.submit(ada, posted(quote="anonymous"))
    secretariat.registrations.cancel(ada)
    for wider in (Consents(quote="named", publish="no"), Consents(quote="hostile", publish="no")):
        found = contributions.change_consent(ada, wider)
        assert isinstance(found, Refused)
        assert found.issues[0].code == "not_registered"
    found = contributions.change_consent(ada, Consents(quote="no", publish="anonymous"))
    assert isinstance(found, Accepted)
    assert [(each.quote, each.publish) for each in contributions.live()] == [("no", "anonymous")]
    assert isinstance(contributions.submit(ada, posted()), Refused)
    assert contributions.of(ada).quote == "no"


def test_a_mail_with_reference_and_digest_follows_each_submission(secretariat, ada):
    """One per revision, none for a repeat or a draft."""
    secretariat.contributions.save_draft(ada, posted())
    secretariat.contributions.submit(ada, posted())
    secretariat.contributions.submit(ada, posted())
    records, _ = secretariat.shell.store.find("testing", "~notice", "state", "queued", limit=100)
    values = [
        each.body["body"]["values"]
        for each in records
        if each.body["body"]["template"] == "contribution_received"
    ]
    assert [(each["reference"], each["revision"]) for each in values] == [("T-001", 1)]
    assert len(values[0]["digest"]) == 64


def test_every_contribution_has_a_receipt_that_holds(secretariat, ada):
    """The sealed log proves that it was received, unchanged."""
    from conferencekit.ledger import verify_receipt

    accepted = secretariat.contributions.submit(ada, posted())
    (sealed,) = secretariat.ledger.seal()
    (receipt,) = secretariat.ledger.receipts_for(accepted.contribution.id)
    body = next(each.body for each in secretariat.ledger.entries() if each.id == receipt.entry)
    assert verify_receipt(receipt, body, sealed.chain) == ()
    assert body["revision"] == accepted.contribution.revisions[0].digest


def test_withdrawn_consent_keeps_the_words_out(secretariat, ada):
    """Narrower consents count at once: the declaration may not quote any more."""
    clauses = '# D\n\n## Declares\n\nRecommends tests that fail first [T1-001 "fail first"].\n'
    secretariat.contributions.submit(ada, posted())
    assert secretariat.declaration.draft(clauses).declaration.clauses
    secretariat.contributions.change_consent(ada, Consents(quote="no", publish="no"))
    with pytest.raises(DeclarationRefused):
        secretariat.declaration.draft(clauses)


def test_good_practices_are_written_as_a_whole(secretariat, ada, tmp_path):
    """The page and the file are there, and a later run replaces them."""
    secretariat.contributions.submit(ada, posted(**{"topic-2": "We pair <b>up</b>."}), files=upload())
    folder = tmp_path / "practices"
    found = secretariat.acting("Olga").declaration.publish_good_practices(folder)
    assert found.practices == 1
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "We pair &lt;b&gt;up&lt;/b&gt;." in page
    assert [each.read_bytes() for each in (folder / "files").iterdir()] == [PNG]
    secretariat.contributions.withdraw(ada)
    secretariat.acting("Olga").declaration.publish_good_practices(folder)
    assert "We pair" not in (folder / "index.html").read_text(encoding="utf-8")
    assert not list(tmp_path.glob("*.part"))


def test_a_large_answer_is_refused_cheaply(secretariat, ada):
    """Ten megabytes cost neither time nor a stack trace."""
    found = secretariat.contributions.submit(ada, posted(**{"topic-1": "x" * 10_000_000}))
    assert found.issues[0].code == "too_long"


@pytest.mark.slow
def test_a_video_of_200_mb_streams_at_flat_memory(tmp_path):
    """A file of the largest size allowed passes through in pieces."""
    with SecretariatForTests(store=f"sqlite:///{tmp_path}/records.db") as made:
        made.register({**PERSON, "email": "ada@example.org"})
        person = made.registrations.sign_in("ada@example.org", PASSWORD).registration.id
        video = tmp_path / "talk.mp4"
        with video.open("wb") as stream:
            stream.write(bytes.fromhex("00000018667479706d703432000000006d70343269736f6d"))
            stream.truncate(190_000_000)
        tracemalloc.start()
        with video.open("rb") as stream:
            found = made.contributions.submit(
                person, posted(), files={"materials": [("talk.mp4", stream, "video/mp4")]}
            )
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert isinstance(found, Accepted)
    assert peak < 12_000_000


def _bytes(secretariat: SecretariatForTests, sha256: str) -> bytes:
    with secretariat._blobs().open(sha256) as stream:
        return stream.read()


def _files(secretariat: SecretariatForTests) -> list[str]:
    """The digests of all stored files, wherever they lie."""
    blobs = secretariat._blobs()
    if isinstance(blobs, MemoryBlobStore):
        return list(blobs._blobs)
    root = Path(blobs.folder)
    return [each.name for each in root.rglob("*") if each.is_file()]


def test_a_conference_without_a_call_takes_no_input():
    """There is nothing to answer."""
    from attrs import evolve

    without = SecretariatForTests(evolve(conference_for_tests(), call=None))
    with without as made, pytest.raises(NotFound, match="call for input"):
        made.contributions.form()


def test_a_file_that_another_person_is_just_sending_is_never_lost(secretariat, ada):
    """Between one person's upload and commit, a refused upload of the same bytes takes them away."""
    secretariat.register({**PERSON, "email": "bob@example.org"})
    bob = secretariat.registrations.sign_in("bob@example.org", PASSWORD).registration.id
    files = secretariat.contributions._files
    taken = files.take

    def interrupted(*arguments, **options):
        found = taken(*arguments, **options)
        files.take = taken
        refused = secretariat.contributions.submit(bob, posted(**{"topic-1": "x" * 30_000}), files=upload())
        assert isinstance(refused, Refused)
        refused = secretariat.contributions.submit(bob, posted(quote="nonsense"), files=upload())
        assert isinstance(refused, Refused)
        files.release([found.sha256])  # what a refusal after the upload does
        return found

    files.take = interrupted
    found = secretariat.contributions.submit(ada, posted(), files=upload())
    assert isinstance(found, Refused)
    assert found.issues[0].code == "changed_meanwhile"
    again = secretariat.contributions.submit(ada, posted(), files=upload())
    assert _bytes(secretariat, again.contribution.revisions[0].materials[0].sha256) == PNG


def test_a_file_is_not_deleted_once_somebody_refers_to_it(secretariat, ada):
    """Whoever wants to delete it finds a newer version of its record, and leaves it."""
    files = secretariat.contributions._files
    found = secretariat.contributions.submit(ada, posted(), files=upload())
    sha256 = found.contribution.revisions[0].materials[0].sha256
    state, version = files._state(sha256)
    assert (state, version) == ("kept", 1)
    assert not files._mark(sha256, "deleting", version - 1)
    files.release([sha256])
    assert _bytes(secretariat, sha256) == PNG


def test_a_deletion_whose_process_died_is_finished_later(secretariat, ada):
    """The same bytes can be sent again, after ten minutes at the latest."""
    files = secretariat.contributions._files
    accepted = secretariat.contributions.submit(ada, posted(), files=upload())
    sha256 = accepted.contribution.revisions[0].materials[0].sha256
    files._blobs = lambda: None  # the process dies between the mark and the deletion
    with pytest.raises(AttributeError):
        secretariat.contributions.withdraw(ada)
    files._blobs = secretariat._blobs
    secretariat.register({**PERSON, "email": "bob@example.org"})
    bob = secretariat.registrations.sign_in("bob@example.org", PASSWORD).registration.id
    assert (
        secretariat.contributions.submit(bob, posted(), files=upload()).issues[0].code == "changed_meanwhile"
    )
    secretariat.clock.move(timedelta(minutes=11))
    secretariat.contributions.submit(bob, posted(), files=upload())
    found = secretariat.contributions.submit(bob, posted(), files=upload())
    assert isinstance(found, Accepted)
    assert _bytes(secretariat, sha256) == PNG

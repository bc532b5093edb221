"""Contributions: drafts, submission, revisions, withdrawal, consent, and the cutoff above all."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from datetime import date, datetime, timedelta, timezone

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.declaration_samples import CALL, CUTOFF, DEADLINE, OPEN, at, codes, data, file, submitted

from conferencekit.conference import MaterialRules
from conferencekit.deadline import Deadline
from conferencekit.declaration.content import Material, NotAccepted, revision_content
from conferencekit.declaration.contribution import (
    TRANSITIONS,
    Consents,
    Contribution,
    LateEntry,
    allowed_actions,
    change_consent,
    files_released,
    live,
    not_allowed,
    remove_material,
    save_draft,
    submit,
    withdraw,
)
from conferencekit.errors import InvalidDigest, TransitionNotAllowed
from conferencekit.moment import Moment
from conferencekit.wire import Layout

RULES = {"call": CALL, "deadline": DEADLINE, "person": "r-17"}
TIMED = {"deadline": DEADLINE, "person": "r-17"}


def test_a_draft_is_kept_and_submitted_with_the_next_number():
    """A draft has no number; the first submission takes the one that is offered."""
    draft = save_draft(None, data({1: "Half a"}), context=at(OPEN), **RULES)
    assert ("draft", None, {1: "Half a"}) == (draft.state, draft.number, draft.draft.answers)
    done = submit(draft, data({1: "A whole sentence"}), context=at(OPEN), number=17, **RULES)
    assert ("submitted", 17, None) == (done.state, done.number, done.draft)
    assert (draft.id, 1, {1: "A whole sentence"}) == (done.id, done.latest.n, done.latest.answers)


def test_a_revision_keeps_the_number_and_the_revisions_before():
    """Submitting other content adds a revision and leaves the first as it was."""
    first = submitted()
    second = submit(first, data({1: "Other words"}), context=at(OPEN), number=99, **RULES)
    assert (17, 2) == (second.number, second.latest.n)
    assert first.revisions[0] == second.revisions[0]


def test_the_same_content_again_is_no_new_revision():
    """A second click changes nothing, even where line ends and Unicode forms differ."""
    first = submitted(answers={1: "caf\u00e9\nau lait"})
    again = submit(first, data({1: "cafe\u0301\r\nau lait "}), context=at(OPEN), number=18, **RULES)
    assert first == again


def test_a_draft_of_the_next_revision_changes_nothing_that_others_see():
    """What was submitted stays in force until the next submission."""
    first = submitted(quote="named")
    drafted = save_draft(first, data({2: "secret"}, quote="no"), context=at(OPEN), **RULES)
    assert (first.latest, "named", "submitted") == (drafted.latest, drafted.quote, drafted.state)
    assert drafted.editing.answers == {2: "secret"}
    assert "secret" not in repr(live([drafted]))


@pytest.mark.parametrize("late", [timedelta(), timedelta(microseconds=1), timedelta(days=400)])
def test_nothing_is_accepted_at_or_after_the_cutoff_even_with_an_earlier_draft(late):
    """No path that adds anything accepts at the cutoff."""
    draft = save_draft(None, data({1: "begun in time"}), context=at(CUTOFF - timedelta(hours=1)), **RULES)
    given_before = submitted(quote="no")
    now = at(CUTOFF + late)
    for start in (None, draft, given_before):
        assert codes(save_draft(start, data(), context=now, **RULES)) == ["closed"]
        assert codes(submit(start, data(), context=now, number=18, **RULES)) == ["closed"]
    wider = Consents(quote="named", publish="no")
    assert codes(change_consent(given_before, wider, context=now, **TIMED)) == ["closed"]


@given(
    st.timedeltas(min_value=timedelta(days=-3), max_value=timedelta(days=3)),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    st.sampled_from([timedelta(), timedelta(minutes=30)]),
)
def test_accepted_iff_before_the_cutoff_in_any_zone_and_with_grace(offset, zone, grace):
    """Acceptance depends on the instant only: opens <= t < cutoff + grace, however t is written."""
    opens = Moment.at(datetime(2020, 11, 28, 12), "Asia/Shanghai")
    deadline = Deadline(before=date(2020, 11, 30), zone="Asia/Shanghai", opens=opens, grace=grace)
    now = (CUTOFF + offset).astimezone(zone)
    outcome = submit(None, data(), call=CALL, deadline=deadline, context=at(now), person="r-1", number=1)
    assert isinstance(outcome, Contribution) == (opens.instant <= now < CUTOFF + grace)


def test_too_early_says_when_it_opens():
    """Before the opening the person hears that it is not open yet."""
    opens = Moment.at(datetime(2020, 11, 20), "Asia/Shanghai")
    deadline = evolve(DEADLINE, opens=opens)
    outcome = submit(None, data(), call=CALL, deadline=deadline, context=at(OPEN), person="r-1", number=1)
    assert codes(outcome) == ["not_open_yet"]


def test_a_personal_extension_holds_for_that_person_only():
    """The person with an extension may submit after the others' cutoff."""
    deadline = DEADLINE.extended(through=date(2020, 12, 2), reason="ill", announced_at=OPEN, person="r-17")
    now = at(CUTOFF + timedelta(hours=1))
    rules = {"call": CALL, "deadline": deadline, "context": now, "number": 1}
    assert isinstance(submit(None, data(), person="r-17", **rules), Contribution)
    assert codes(submit(None, data(), person="r-18", **rules)) == ["closed"]


def test_late_ones_are_flagged_by_the_late_rule_and_by_an_organiser():
    """What is accepted after the cutoff is marked late."""
    until = Moment.at(datetime(2020, 12, 1), "Asia/Shanghai")
    flagging = evolve(DEADLINE, late="flag", late_until=until)
    now = at(CUTOFF + timedelta(hours=1))
    flagged = submit(None, data(), call=CALL, deadline=flagging, context=now, person="r-1", number=1)
    entered = submit(None, data(), context=now, number=1, late_entry=LateEntry("by post"), **RULES)
    assert (True, True, False) == (flagged.latest.late, entered.latest.late, submitted().latest.late)


def test_withdrawing_leaves_a_tombstone_without_text_or_name():
    """Number, instants and digests stay; no word of the person does. It works after the cutoff too."""
    before = submitted(
        answers={1: "Sesame text"}, name="Ana Sesame", organisation="Sesame U", country="BR", files=(file(),)
    )
    before = save_draft(before, data({1: "Sesame two"}), context=at(OPEN), **RULES)
    after = withdraw(before, context=at(CUTOFF + timedelta(days=9)), person="r-17")
    assert ("withdrawn", 17, None) == (after.state, after.number, after.latest)
    assert [each.digest for each in before.revisions] == [each.digest for each in after.revisions]
    assert "Sesame" not in repr(after)
    assert "BR" not in repr(after)
    assert files_released(before, after) == {file().sha256}


def test_withdrawing_twice_is_withdrawing_once():
    """The second time returns the same tombstone."""
    once = withdraw(submitted(), context=at(OPEN), person="r-17")
    assert once == withdraw(once, context=at(CUTOFF), person="r-17")


def test_what_was_withdrawn_cannot_be_submitted_again():
    """The pure rule raises; the same is there as data."""
    gone = withdraw(submitted(), context=at(OPEN), person="r-17")
    with pytest.raises(TransitionNotAllowed, match=r"'withdrawn' and cannot 'submit'.*withdraw") as caught:
        submit(gone, data(), context=at(OPEN), number=3, **RULES)
    assert caught.value.allowed == ("withdraw",)
    issue = not_allowed(gone, "submit")
    assert ("not_allowed", "withdrawn") == (issue.code, issue.params["state"])
    assert not_allowed(submitted(), "submit") is None
    assert codes_of_table() == set(allowed_actions(submitted()))


def codes_of_table():
    return {action for state, action in TRANSITIONS if state == "submitted"}


def test_another_person_changes_nothing():
    """A link or session of somebody else does not open the contribution."""
    theirs = {"person": "r-18", "deadline": DEADLINE, "context": at(OPEN)}
    mine = submitted()
    assert codes(submit(mine, data(), call=CALL, number=1, **theirs)) == ["not_yours"]
    assert codes(withdraw(mine, context=at(OPEN), person="r-18")) == ["not_yours"]
    assert codes(change_consent(mine, Consents(quote="no", publish="no"), **theirs)) == ["not_yours"]


def test_consent_narrows_at_any_time_and_widens_until_the_cutoff():
    """Taking a consent back is never too late."""
    mine = submitted(quote="anonymous", publish="named")
    narrower = Consents(quote="no", publish="anonymous")
    wider = Consents(quote="named", publish="named")
    late = change_consent(mine, narrower, context=at(CUTOFF + timedelta(days=9)), **TIMED)
    assert ("no", "anonymous") == (late.quote, late.publish)
    assert change_consent(mine, wider, context=at(OPEN), **TIMED).quote == "named"
    bad = Consents(quote="yes", publish="no")
    assert codes(change_consent(mine, bad, context=at(OPEN), **TIMED)) == ["choice"]


def test_all_that_is_wrong_is_said_at_once():
    """Length, topic, language, consent, links and country are reported together."""
    wrong = data(
        {1: "x" * 401, 9: "y"},
        language="e",
        quote="maybe",
        links=("javascript:alert(1)", "ftp://a.example"),
        country="XX",
        name="n" * 501,
    )
    outcome = submit(None, wrong, context=at(OPEN), number=1, **RULES)
    expected = [
        "too_long", "no_such_topic", "language", "choice", "link_scheme", "link_scheme", "country", "too_long",
    ]  # fmt: skip
    assert expected == codes(outcome)
    assert outcome.issues[0].params == {"max": 400, "length": 401}
    assert outcome.issues[1].params["topics"] == [1, 2, 3, 4]


@pytest.mark.parametrize("answers", [{}, {1: ""}, {1: " \u200b\r\n\x00 "}])
def test_nothing_is_not_a_contribution(answers):
    """White space and invisible characters are no answer; a draft may be empty."""
    assert codes(submit(None, data(answers), context=at(OPEN), number=1, **RULES)) == ["empty"]
    assert isinstance(save_draft(None, data(answers, language=""), context=at(OPEN), **RULES), Contribution)


def test_materials_alone_are_a_contribution():
    """A person may send a toolkit and no words."""
    outcome = submit(None, data({}, files=(file(),)), context=at(OPEN), number=1, **RULES)
    assert outcome.latest.materials == (file(),)


def test_files_add_up_and_links_are_replaced():
    """A browser cannot fill in a file field again, so files stay until removed; the links are what the form says."""
    first = submitted(files=(file(1),), links=("https://a.example/",))
    later = data(files=(file(2), file(1)), links=("https://b.example/",))
    second = submit(first, later, context=at(OPEN), number=1, **RULES)
    assert [each.id for each in second.latest.materials] == [file(1).id, file(2).id, "https://b.example/"]
    kept = submit(second, data({2: "more"}), context=at(OPEN), number=1, **RULES)
    assert kept.latest.materials == second.latest.materials


def test_a_material_is_removed_from_the_draft():
    """What was submitted changes only with the next submission; nothing is removed once that is closed."""
    first = submitted(files=(file(5),))
    gone = remove_material(first, file(5).id, context=at(OPEN), **TIMED)
    assert [gone.latest.materials, gone.editing.materials] == [(file(5),), ()]
    assert codes(remove_material(gone, "../../etc/passwd", context=at(OPEN), **TIMED)) == ["no_such_material"]
    assert codes(remove_material(first, file(5).id, context=at(CUTOFF), **TIMED)) == ["closed"]
    second = submit(gone, data({1: "without"}), context=at(OPEN), number=18, **RULES)
    assert second.latest.materials == ()


def test_materials_keep_to_the_limits_of_the_call():
    """Too many files, too many links and unwanted kinds are refused."""
    many = data(
        files=tuple(file(number) for number in range(4)),
        links=tuple(f"http://a.example/{n}" for n in range(21)),
    )
    assert codes(submit(None, many, context=at(OPEN), number=1, **RULES)) == [
        "too_many_links",
        "too_many_files",
    ]
    only_photos = evolve(CALL, materials=MaterialRules(kinds=("photo",)))
    rules = {**RULES, "call": only_photos}
    assert codes(save_draft(None, data(files=(file(),)), context=at(OPEN), **rules)) == ["material_kind"]
    link = data(links=("https://user:pass@a.example/",))
    assert "link_credentials" in codes(save_draft(None, link, context=at(OPEN), **RULES))


def test_a_file_without_a_digest_is_no_material():
    """Nothing but a SHA-256 leads to a blob."""
    with pytest.raises(InvalidDigest, match="64 lower-case hexadecimal"):
        Material(kind="report", name="x.pdf", sha256="../../etc/passwd")


def test_ten_megabytes_are_refused_quickly():
    """A huge answer is refused with its length."""
    outcome = submit(None, data({1: "a\u0301" * 5_000_000}), context=at(OPEN), number=1, **RULES)
    assert codes(outcome) == ["too_long"]


def test_revisions_together_stay_within_what_a_record_keeps():
    """Endless revising is refused before the record is too large for a store."""
    roomy = {**RULES, "call": evolve(CALL, max_length=2_000_000)}
    mine = submit(None, data({1: "a" * 1_600_000}), context=at(OPEN), number=1, **roomy)
    again = submit(mine, data({1: "b" * 1_600_000}), context=at(OPEN), number=1, **roomy)
    assert codes(again) == ["too_many_revisions"]


def test_a_clock_set_back_does_not_reorder_history():
    """Instants of revisions and of the withdrawal never go back."""
    mine = submit(submitted(), data({1: "b"}), context=at(OPEN - timedelta(days=1)), number=1, **RULES)
    gone = withdraw(mine, context=at(OPEN - timedelta(days=2)), person="r-17")
    assert OPEN == mine.revisions[1].at == gone.withdrawn_at


def test_the_digest_is_that_of_the_canonical_json():
    """Anybody can recompute it with the standard library."""
    mine = submitted(answers={2: "deux", 1: "cafe\u0301"}, files=(file(),), links=("https://a.example/",))
    content = revision_content(mine.latest)
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(plain).hexdigest() == mine.latest.digest
    assert content["answers"] == {"1": "caf\u00e9", "2": "deux"}


@given(st.dictionaries(st.integers(1, 4), st.text(max_size=900), max_size=4))
def test_stored_answers_keep_to_the_limit_and_are_a_fixed_point(answers):
    """Whatever is accepted is NFC, within the limit, without control characters, and submitting it again is a no-op."""
    first = submit(None, data(answers), context=at(OPEN), number=1, **RULES)
    if isinstance(first, NotAccepted):
        assert codes(first)
        return
    for text in first.latest.answers.values():
        assert 0 < len(text) <= CALL.max_length
        assert unicodedata.is_normalized("NFC", text)
        assert not [
            each for each in text if unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t"
        ]
    assert first == submit(first, data(dict(first.latest.answers)), context=at(OPEN), number=2, **RULES)


TEXTS = st.sampled_from(["", "one", "two", "three words here"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["draft", "submit", "withdraw", "remove", "narrow"]),
        TEXTS,
        st.integers(-3, 3),
    ),
    max_size=12,
)


@given(STEPS)
def test_histories_keep_every_law(steps):
    """Along any history: revisions never change, times never fall, nothing is added after the cutoff."""
    mine = None
    for action, text, hours in steps:
        context = at(CUTOFF + timedelta(hours=hours))
        before = mine
        outcome = _step(mine, action, text, context)
        if isinstance(outcome, NotAccepted) or outcome is None:
            continue
        mine = outcome
        _check_laws(before, mine, is_late=hours >= 0)


def _step(mine, action, text, context):
    content = data({1: text}, files=(file(len(text) + 1),))
    try:
        match action:
            case "draft":
                return save_draft(mine, content, context=context, **RULES)
            case "submit":
                return submit(mine, content, context=context, number=17, **RULES)
            case "withdraw":
                return mine and withdraw(mine, context=context, person="r-17")
            case "remove":
                held = mine.editing.materials if mine else ()
                return mine and remove_material(mine, held[0].id if held else "", context=context, **TIMED)
            case _:
                none = Consents(quote="no", publish="no")
                return mine and change_consent(mine, none, context=context, **TIMED)
    except TransitionNotAllowed:
        assert mine.state == "withdrawn"
        return None


def _check_laws(before, after, *, is_late):
    times = [each.at for each in after.revisions]
    assert times == sorted(times)
    assert [each.n for each in after.revisions] == list(range(1, len(times) + 1))
    old = before.revisions if before else ()
    assert [each.digest for each in old] == [each.digest for each in after.revisions[: len(old)]]
    if after.state != "withdrawn":
        assert old == after.revisions[: len(old)]
    if is_late:
        assert len(old) == len(after.revisions)
        assert before is not None
        assert after.draft in (None, before.draft)
    assert (after in live([after])) == (after.state == "submitted" and after.draft is None)
    assert len(live([after])) == (after.state == "submitted")


def test_a_contribution_survives_its_stored_form():
    """What is written as a body and read back is the same contribution, drafts and tombstones too."""
    layout = Layout(Contribution)
    mine = submitted(
        answers={4: "d", 1: "a"}, files=(file(),), links=("https://a.example/",), quote="named", country="BR"
    )
    drafted = save_draft(mine, data({2: "next"}), context=at(OPEN), **RULES)
    for each in (mine, drafted, withdraw(mine, context=at(OPEN), person="r-17")):
        body = layout.to_body(each)
        assert each == layout.from_body(json.loads(json.dumps(body)))

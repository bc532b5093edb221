"""Calls, contributions and contexts for the tests of the declaration."""

from __future__ import annotations

from datetime import UTC, date, datetime

from attrs import evolve

from conferencekit.conference import Call, Conference, MaterialRules, Topic
from conferencekit.context import Context, FixedEntropy
from conferencekit.deadline import Deadline
from conferencekit.declaration.content import ContributionData, Material, NotAccepted
from conferencekit.declaration.contribution import Contribution, submit
from conferencekit.text import LocalizedText

OPEN = datetime(2020, 11, 12, 8, 30, tzinfo=UTC)
DEADLINE = Deadline(before=date(2020, 11, 30), zone="Asia/Shanghai")
CUTOFF = datetime(2020, 11, 29, 16, 0, tzinfo=UTC)

CALL = Call(
    prefix="G",
    outcome=LocalizedText.of("Beijing Declaration"),
    topics=tuple(
        Topic(
            number=number,
            title=LocalizedText.of(title),
            question=LocalizedText.of(f"What about topic {number}?"),
            showcase=number == 4,
        )
        for number, title in enumerate(("Role", "Characteristics", "Vision", "Good practices"), 1)
    ),
    materials=MaterialRules(max_files=3, max_bytes=1_000_000),
    max_length=400,
)
CONFERENCE = Conference(
    id="gmc2020",
    uid="6f1e4c1e-0000-4000-8000-000000000001",
    title=LocalizedText.of("Global MOOC Conference 2020"),
    theme=LocalizedText.of("Learning Revolution"),
    timezone="Asia/Shanghai",
    languages=("en", "zh"),
    call=CALL,
)


def at(now: datetime) -> Context:
    return Context(now, FixedEntropy(b"declaration"))


def digest_of(number: int) -> str:
    return f"{number:064x}"


def file(number: int = 1, name: str = "slides.pptx", **given) -> Material:
    media_type = given.pop("media_type", "application/pdf")
    return Material(
        kind=given.pop("kind", "report"),
        name=name,
        media_type=media_type,
        size=10,
        sha256=digest_of(number),
        **given,
    )


def data(answers: dict[int, str] | None = None, **given) -> ContributionData:
    given = {"language": "en", **given}
    return ContributionData(
        answers={1: "Distance no longer decides."} if answers is None else answers, **given
    )


def submitted(number: int = 17, answers: dict[int, str] | None = None, **given) -> Contribution:
    """A contribution as submitted in time."""
    person = given.pop("person", f"r-{number}")
    found = submit(
        None,
        data(answers, **given),
        call=CALL,
        deadline=DEADLINE,
        context=at(OPEN),
        person=person,
        number=number,
    )
    assert not isinstance(found, NotAccepted), found
    return evolve(found, id=f"c-{number}")


def codes(outcome: object) -> list[str]:
    assert isinstance(outcome, NotAccepted), outcome
    return [issue.code for issue in outcome.issues]

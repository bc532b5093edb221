"""What a contribution holds: answers, materials, consents; and reading them from what a person sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Final, Literal

from attrs import Attribute, field, frozen

from ..conference import Call, MaterialKind
from ..errors import InvalidDigest, InvalidText
from ..form.cleaning import clean_line, clean_lines
from ..form.countries import COUNTRIES
from ..form.issues import FORM, Issue
from ..text import normalise_locale
from .links import LINKS, MAX_LINKS, check_link

MATERIALS: Final = "materials"
"""The file field of the call's form, which issues about files belong to."""

ConsentLevel = Literal["no", "anonymous", "named"]
Issues = tuple[Issue, ...]

CONSENT_LEVELS: Final[tuple[ConsentLevel, ...]] = ("no", "anonymous", "named")
"""From the narrowest to the widest."""
MAX_NAME: Final = 500
"""Code points of a contributor's name and of an organisation's, inclusive."""
MAX_KEPT: Final = 3_000_000
"""Bytes of text that all revisions and the draft of one contribution may have together, inclusive: a record's limit."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_CUT: Final = 4
"""An answer that is more than this many times too long is not even normalised: 10 MB cost nothing."""


@frozen(kw_only=True)
class Material:
    """Something added to a contribution: a file in the blob store (`sha256`), or a link (`url`).

    `name` is the file's name as the contributor gave it, NFC and without any path; of a link, the link. `size` is in
    bytes. Raises `InvalidDigest` for a file without a SHA-256.
    """

    kind: MaterialKind
    name: str
    media_type: str = ""
    size: int = 0
    url: str = ""
    sha256: str = field(default="")

    @sha256.validator
    def _check_sha256(self, _: Attribute[str], value: str) -> None:
        if not (_DIGEST.fullmatch(value) or (self.url and not value)):
            raise InvalidDigest(value)

    @property
    def id(self) -> str:
        """What names it within its contribution: the digest of the file, or the link."""
        return self.sha256 or self.url


def _by_topic(answers: Mapping[int, str]) -> Mapping[int, str]:
    return {number: answers[number] for number in sorted(answers)}


@frozen(kw_only=True)
class Draft:
    """What is being written and nobody else sees."""

    answers: Mapping[int, str] = field(factory=dict, converter=_by_topic)
    materials: tuple[Material, ...] = ()
    language: str = ""
    quote: ConsentLevel = "no"
    publish: ConsentLevel = "no"


@frozen(kw_only=True)
class Revision:
    """What was submitted at `at` (UTC), for the `n`-th time (from 1). It is never changed, only emptied on withdrawal.

    `digest` is the SHA-256 of `revision_content` as canonical JSON. `late`: accepted after the deadline, by the late
    rule "flag" or by an organiser.
    """

    n: int
    answers: Mapping[int, str] = field(converter=_by_topic)
    at: datetime
    digest: str
    language: str = ""
    materials: tuple[Material, ...] = ()
    late: bool = False


@frozen(kw_only=True)
class ContributionData:
    """What a person sends. It replaces what was written before, except that `files` are added to those already there.

    `answers` by the number of the topic. `files` have been checked and stored. `links` None keeps the links that are
    there. `country` is ISO 3166-1 alpha-2, or empty.
    """

    answers: Mapping[int, str]
    language: str
    quote: ConsentLevel = "no"
    publish: ConsentLevel = "no"
    files: tuple[Material, ...] = ()
    links: tuple[str, ...] | None = None
    name: str = ""
    organisation: str = ""
    country: str = ""


@frozen
class NotAccepted:
    """Nothing was changed: all the reasons."""

    issues: Issues


def revision_content(revision: Revision | Draft) -> dict[str, object]:
    """What the digest of a revision covers, as JSON: answers by topic, language, materials in their order."""
    return {
        "answers": {str(topic): text for topic, text in revision.answers.items()},
        "language": revision.language,
        "materials": [
            {"kind": each.kind, "name": each.name, "sha256": each.sha256, "size": each.size, "url": each.url}
            for each in revision.materials
        ],
        "schema": 1,
    }


def read_content(data: ContributionData, held: tuple[Material, ...], call: Call) -> tuple[Draft, Issues]:
    """What was sent, cleaned, as a draft, and all that is wrong with it. `held` are the materials already there."""
    answers, wrong_answers = _read_answers(data.answers, call)
    links, wrong_links = _read_links(data.links, held)
    materials = _joined(tuple(each for each in held if not each.url), data.files, links)
    language, wrong_language = _read_language(data.language)
    draft = Draft(
        answers=answers, materials=materials, language=language, quote=data.quote, publish=data.publish
    )
    wrong_consents = bad_consents(data.quote, data.publish)
    wrong_materials = _bad_materials(materials, call)
    return draft, (*wrong_answers, *wrong_language, *wrong_consents, *wrong_links, *wrong_materials)


def incomplete(draft: Draft, data: ContributionData, known: Issues) -> Issues:
    """What a draft may lack and a submission may not, and what is wrong with who it comes from.

    An answer that is refused already (`known`) is not missing as well.
    """
    is_empty = not (draft.answers or draft.materials or any(each.path.startswith("topic-") for each in known))
    issues = [Issue(FORM, "empty", {})] if is_empty else []
    if not data.language.strip():
        issues.append(Issue("language", "choose", {}))
    if data.country and data.country not in COUNTRIES:
        issues.append(Issue("country", "country", {"value": clean_line(data.country)[:40]}))
    for path, value in (("name", data.name), ("organisation", data.organisation)):
        if len(value) > MAX_NAME:
            issues.append(Issue(path, "too_long", {"max": MAX_NAME, "length": len(value)}))
    return tuple(issues)


def too_much(revisions: Iterable[Revision], draft: Draft) -> Issues:
    """The issue of more text than one record can keep, revision upon revision."""
    answers = [draft.answers, *(each.answers for each in revisions)]
    size = sum(len(text.encode()) for each in answers for text in each.values())
    return (Issue(FORM, "too_many_revisions", {"size": MAX_KEPT, "found": size}),) if size > MAX_KEPT else ()


def _joined(*groups: tuple[Material, ...]) -> tuple[Material, ...]:
    """All of them in order, each file and each link once."""
    found: dict[str, Material] = {}
    for group in groups:
        for each in group:
            found.setdefault(each.id, each)
    return tuple(found.values())


def bad_consents(quote: str, publish: str) -> Issues:
    """The issues of consents that are no level."""
    given = (("quote", quote), ("publish", publish))
    return tuple(
        Issue(path, "choice", {"value": str(level)[:40]})
        for path, level in given
        if level not in CONSENT_LEVELS
    )


def _bad_materials(materials: tuple[Material, ...], call: Call) -> Issues:
    """The issues of too many materials, or of kinds that the call does not want."""
    rules, issues = call.materials, []
    files = sum(not each.url for each in materials)
    if files > rules.max_files:
        issues.append(Issue(MATERIALS, "too_many_files", {"max": rules.max_files, "count": files}))
    if len(materials) - files > MAX_LINKS:
        issues.append(Issue(LINKS, "too_many_links", {"max": MAX_LINKS, "count": len(materials) - files}))
    unwanted = sorted({each.kind for each in materials} - set(rules.kinds))
    params = {"kinds": list(rules.kinds)}
    issues += [
        Issue(LINKS if kind == "link" else MATERIALS, "material_kind", {"kind": kind, **params})
        for kind in unwanted
    ]
    return tuple(issues)


def _read_answers(given: Mapping[int, str], call: Call) -> tuple[dict[int, str], Issues]:
    topics = {topic.number for topic in call.topics}
    answers: dict[int, str] = {}
    issues: list[Issue] = []
    for number, raw in sorted(given.items()):
        text = clean_lines(raw) if len(raw) <= _CUT * call.max_length else raw
        if number not in topics:
            issues.append(
                Issue(f"topic-{number}", "no_such_topic", {"topic": number, "topics": sorted(topics)})
            )
        elif len(text) > call.max_length:
            issues.append(Issue(f"topic-{number}", "too_long", {"max": call.max_length, "length": len(text)}))
        elif text:
            answers[number] = text
    return answers, tuple(issues)


def _read_links(
    given: tuple[str, ...] | None, held: tuple[Material, ...]
) -> tuple[tuple[Material, ...], Issues]:
    if given is None:
        return tuple(each for each in held if each.url), ()
    different = dict.fromkeys(each.strip() for each in given if each.strip())
    many = Issue(LINKS, "too_many_links", {"max": MAX_LINKS, "count": len(different)})
    checked = [check_link(each) for each in islice(different, MAX_LINKS)]
    links = tuple(Material(kind="link", name=url, url=url) for url in checked if isinstance(url, str))
    wrong = tuple(each for each in checked if isinstance(each, Issue))
    return links, (*wrong, many) if len(different) > MAX_LINKS else wrong


def _read_language(given: str) -> tuple[str, Issues]:
    try:
        return (normalise_locale(given) if given.strip() else ""), ()
    except InvalidText:
        return "", (Issue("language", "language", {"value": clean_line(given[:200])[:40]}),)

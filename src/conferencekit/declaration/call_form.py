"""The form of the call for input, and what it says when it was filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..conference import Call, Topic
from ..form.fields import Choice, Field, Form
from ..text import LocalizedText
from .content import CONSENT_LEVELS, MATERIALS, ConsentLevel, ContributionData, Draft, Material
from .filetypes import FILE_TYPES
from .links import LINKS, MAX_LINK, MAX_LINKS
from .words import language_name, words

_MOST_IN_LINKS: Final = 10 * MAX_LINKS * MAX_LINK
"""More than the rules allow, so that they say which link is too long, or how many are too many."""


def call_form(call: Call, *, languages: tuple[str, ...] = ("en",)) -> Form:
    """A long text for each topic, the language, links, files, and the two consents.

    `languages` are those that may be answered in: the conference's. No answer is required by itself, since a person
    may answer one topic and not another; `submit` refuses a contribution that is empty.
    """
    fields = [_topic_field(topic, call) for topic in call.topics]
    choices = tuple(Choice(value=tag, label=LocalizedText.of(language_name(tag), tag)) for tag in languages)
    fields.append(Field(name="language", kind="choice", label=words("language"), choices=choices))
    files = [kind for kind in call.materials.kinds if kind != "link"]
    if "link" in call.materials.kinds:
        fields.append(_links_field())
    if files and call.materials.max_files:
        fields.append(_materials_field(call, frozenset(files)))
    fields += [_consent_field("quote"), _consent_field("publish")]
    return Form(fields=fields, title=call.outcome)


def consent_form(quote: ConsentLevel, publish: ConsentLevel) -> Form:
    """What a person may still change once all else is closed: each consent that is given, to the same or to less."""
    held: Mapping[str, ConsentLevel] = {"quote": quote, "publish": publish}
    return Form(fields=[_consent_field(name, most=level) for name, level in held.items() if level != "no"])


def answers_of(draft: Draft) -> dict[str, object]:
    """What the form shows when a person goes on writing (`contribution.editing`). Files are listed beside it."""
    topics = {f"topic-{number}": text for number, text in draft.answers.items()}
    links = "\n".join(each.url for each in draft.materials if each.url)
    return {
        **topics,
        "language": draft.language,
        LINKS: links,
        "quote": draft.quote,
        "publish": draft.publish,
    }


def read_contribution(answers: Mapping[str, object], *, files: tuple[Material, ...] = ()) -> ContributionData:
    """What a filled-in form says, as the rules take it; who it comes from, their registration says.

    Args:
        answers: As `form.reading.read` gives them. A consent that is not answered is "no". Without `links` the links
            that are there stay.
        files: Those of the form that were checked and stored.
    """
    topics = {
        int(key.removeprefix("topic-")): str(value)
        for key, value in answers.items()
        if key.startswith("topic-") and key[6:].isascii() and key[6:].isdigit() and value
    }
    links = answers.get(LINKS)
    return ContributionData(
        answers=topics,
        language=str(answers.get("language") or ""),
        quote=_level(answers.get("quote")),
        publish=_level(answers.get("publish")),
        files=files,
        links=tuple(line for line in links.split("\n") if line.strip()) if isinstance(links, str) else None,
    )


def _level(value: object) -> ConsentLevel:
    return next((level for level in CONSENT_LEVELS if level == value), "no")


def _topic_field(topic: Topic, call: Call) -> Field:
    return Field(
        name=f"topic-{topic.number}",
        kind="textarea",
        label=LocalizedText({tag: f"{topic.number}. {text}" for tag, text in topic.title.texts.items()}),
        hint=_hint(topic),
        required=False,
        max_length=call.max_length,
    )


def _hint(topic: Topic) -> LocalizedText:
    """What the topic is about, and its question, in each language of the question."""
    if topic.context is None:
        return topic.question
    context = topic.context
    return LocalizedText(
        {tag: f"{context.text(tag)} {question}" for tag, question in topic.question.texts.items()}
    )


def _links_field() -> Field:
    hint = {
        tag: each.format(links=MAX_LINKS, length=MAX_LINK) for tag, each in words("links_hint").texts.items()
    }
    return Field(
        name=LINKS,
        kind="textarea",
        label=words("links"),
        hint=LocalizedText(hint),
        required=False,
        max_length=_MOST_IN_LINKS,
        tells_length=False,
    )


def _materials_field(call: Call, kinds: frozenset[str]) -> Field:
    accepted = [
        f".{extension}"
        for each in FILE_TYPES
        if not kinds.isdisjoint(each.kinds)
        for extension in each.extensions
    ]
    return Field(
        name=MATERIALS,
        kind="file",
        label=words("materials"),
        required=False,
        accept=accepted,
        max_files=call.materials.max_files,
        max_bytes=call.materials.max_bytes,
    )


def _consent_field(name: str, most: ConsentLevel = CONSENT_LEVELS[-1]) -> Field:
    levels = CONSENT_LEVELS[: CONSENT_LEVELS.index(most) + 1]
    choices = tuple(Choice(value=level, label=words(level)) for level in levels)
    return Field(name=name, kind="choice", label=words(name), choices=choices)

"""The part of a document's shape that asks something of people: the registration form and the call for input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from ..conference import (
    AddressRule,
    ApprovalRule,
    Call,
    MaterialKind,
    MaterialRules,
    RegistrationPlan,
    Topic,
)
from ..form.fields import Choice, Field, FieldKind, Form
from ..form.standard import standard_form
from ..text import LocalizedText
from .kinds import Flag, Line, LongText, Plain, Scalar, Text, matching, one_of, whole
from .place import Bad, Place, Setting
from .tables import Entries, Key, Table

CHOICE: Final = Table(
    title="choices",
    of=Choice,
    doc="An option with a value of its own.",
    keys=(
        Key(name="value", kind=Line, doc="What is stored.", example='"u"', required=True),
        Key(name="label", kind=Text, doc="What is shown.", example='"University"', required=True),
    ),
)


def _read_choice(value: object, at: Place) -> Any:
    if not isinstance(value, str):
        return CHOICE.read(value, at)
    text = Line.read(value, at)
    return (
        text if isinstance(text, Bad) else Choice(value=text, label=LocalizedText({_first(at.setting): text}))
    )


def _write_choice(value: Choice, setting: Setting) -> Plain:
    if dict(value.label.texts) == {_first(setting): value.value}:
        return value.value
    return CHOICE.write(value, setting)


def _first(setting: Setting) -> str:
    return setting.languages[0]


_CHOICE: Final = Scalar(
    "a string, or a table with value and label",
    _read_choice,
    {"anyOf": [Line.schema(), CHOICE.schema()]},
    _write_choice,
)


FIELD: Final = Table(
    title="[[registration.fields]]",
    of=Field,
    doc="A question of the registration form, in order.",
    keys=(
        Key(
            name="name",
            kind=matching(
                "a name",
                "[A-Za-z][A-Za-z0-9_-]{0,63}",
                "a letter, then letters, digits, hyphen or underscore, at most 64",
            ),
            doc="What answers are stored under. Keep it once people have registered.",
            example='"full_name"',
            required=True,
        ),
        Key(
            name="kind",
            kind=one_of(get_args(FieldKind)),
            doc="What is asked for.",
            example='"text"',
            required=True,
        ),
        Key(
            name="subtype",
            kind=matching(
                "a name", "[a-z][a-z0-9_.-]{0,63}", "a letter, then a-z, 0-9, hyphen, dot or underscore"
            ),
            doc="For a `text` or `textarea`: a field type of a plugin, which checks the answer.",
            example='"orcid"',
        ),
        Key(
            name="label",
            kind=Text,
            doc="The question.",
            example='{ en = "Full name", fr = "Nom" }',
            required=True,
        ),
        Key(name="hint", kind=Text, doc="A line that helps to answer it.", example='"As on your badge"'),
        Key(name="required", kind=Flag, doc="Whether it has to be answered.", example="false"),
        Key(
            name="choices",
            kind=Entries(of=_CHOICE, most=500),
            doc="The options of a `choice`: strings, or tables with `value` (stored) and `label` (shown).",
            example='["Student", { value = "staff", label = "Teacher" }]',
        ),
        Key(name="min_length", kind=whole(1, 20_000), doc="Fewest characters.", example="12"),
        Key(name="max_length", kind=whole(1, 20_000), doc="Most characters.", example="200"),
        Key(
            name="autocomplete",
            kind=matching("an autofill token", "[a-z0-9 -]{1,60}", "an HTML autofill token such as 'name'"),
            doc="What browsers may fill in: an HTML autofill token.",
            example='"organization"',
        ),
        Key(
            name="accept",
            kind=Entries(
                of=matching("an extension", r"\.[a-z0-9]{1,10}", "an extension such as '.pdf'"),
                most=50,
                unique=True,
            ),
            doc="For a `file`: the extensions that may be sent; none = any.",
            example='[".pdf", ".odt"]',
        ),
        Key(name="max_files", kind=whole(1, 100), doc="For a `file`: how many.", example="3"),
        Key(
            name="max_bytes",
            kind=whole(1, 10_000_000_000),
            doc="For a `file`: the most bytes of each.",
            example="10_000_000",
        ),
    ),
)


def _check_fields(fields: list[Any], at: Place) -> None:
    read = [each for each in fields if isinstance(each, Field)]
    if len(read) < len(fields):
        return
    emails = [index for index, each in enumerate(read) if each.kind == "email"]
    passwords = [index for index, each in enumerate(read) if each.kind == "password"]
    for index, each in enumerate(read):
        if each.kind == "file":
            expected = "a registration takes no files. Ask for them in the call for input."
            at.item(index).key("kind").report("file", expected)
    if len(emails) != 1:
        at.report(
            f"{len(emails)} fields of kind email", "a registration form has exactly one. Add or remove some."
        )
    elif not read[emails[0]].required:
        at.item(emails[0]).key("required").report(
            False, "the e-mail address has to be asked for. Leave this key out."
        )
    if len(passwords) > 1:
        at.report(
            f"{len(passwords)} fields of kind password",
            "a registration form has one at most. Remove the others.",
        )


def _registration(**values: Any) -> RegistrationPlan:
    form = Form(
        fields=values.pop("fields", standard_form().fields),
        title=values.pop("title", None),
        submit=values.pop("submit", None),
    )
    return RegistrationPlan(form=form, **values)


REGISTRATION: Final = Table(
    title="[registration]",
    of=RegistrationPlan,
    make=_registration,
    doc="How people register, and what they are asked. Without this table the standard form is asked.",
    keys=(
        Key(
            name="address",
            kind=one_of(get_args(AddressRule)),
            doc="Whether the e-mail address is taken as it is, or proven by a link first.",
            example='"trusted"',
        ),
        Key(
            name="approval",
            kind=one_of(get_args(ApprovalRule)),
            doc="Whether an organiser decides on each registration.",
            example='"organiser"',
        ),
        Key(
            name="quota",
            kind=whole(1, 100_000_000),
            doc="How many places there are.",
            example="240",
            default_doc="as many as come",
        ),
        Key(
            name="instructions",
            kind=LongText,
            doc="What follows upon registration; stands above the form.",
            example='"We write to you how to give your input."',
            default_doc="the usual words, where there is a call",
        ),
        Key(
            name="help",
            kind=LongText,
            doc="What to do if the confirmation did not arrive; stands below the form and after it is sent.",
            example='"Sign in with your password all the same."',
            default_doc="the usual words",
        ),
        Key(
            name="title",
            kind=Text,
            doc="The heading of the form.",
            example='"Register here"',
            get=lambda plan: plan.form.title,
            default=None,
        ),
        Key(
            name="submit",
            kind=Text,
            doc="The words on its button.",
            example='"Register"',
            get=lambda plan: plan.form.submit,
            default=None,
        ),
        Key(
            name="fields",
            kind=Entries(of=FIELD, least=1, most=200, unique_by="name", check=_check_fields),
            doc="The questions.",
            example='[{ name = "email", kind = "email", label = "E-mail address" }]',
            get=lambda plan: plan.form.fields,
            default=standard_form().fields,
            default_doc="full name, e-mail address, password, country, organisation, consent, in six languages",
        ),
    ),
)

TOPIC: Final = Table(
    title="[[call.topics]]",
    of=Topic,
    doc="A numbered question of the call.",
    keys=(
        Key(
            name="number",
            kind=whole(1, 1_000),
            doc="1, 2, 3, … in order.",
            example="1",
            default_doc="its place in the list",
        ),
        Key(name="title", kind=Text, doc="A few words.", example='"Role and impact"', required=True),
        Key(
            name="question",
            kind=LongText,
            doc="What is asked.",
            example='"What changed most?"',
            required=True,
        ),
        Key(name="context", kind=LongText, doc="What leads to the question.", example='"Much has changed."'),
        Key(
            name="showcase",
            kind=Flag,
            doc="Its answers may be published as good practices.",
            example="true",
        ),
    ),
)


def _read_topic(value: object, at: Place) -> Any:
    """A topic, numbered by its place where it has no number."""
    if isinstance(value, Mapping) and isinstance(at.path[-1], int) and "number" not in value:
        value = {**value, "number": at.path[-1] + 1}
    return TOPIC.read(value, at)


_TOPIC: Final = Scalar(TOPIC.name, _read_topic, TOPIC.schema(), TOPIC.write)


def _check_numbers(topics: list[Any], at: Place) -> None:
    for index, topic in enumerate(topics):
        if isinstance(topic, Topic) and topic.number != index + 1:
            expected = f"topics are numbered 1, 2, 3, … in order: expected {index + 1}, or no number."
            at.item(index).key("number").report(topic.number, expected)


MATERIALS: Final = Table(
    title="[call.materials]",
    of=MaterialRules,
    doc="What may be added to a contribution.",
    keys=(
        Key(
            name="kinds",
            kind=Entries(of=one_of(get_args(MaterialKind)), unique=True),
            doc="What may be sent; an empty list = no materials.",
            example='["report", "slides", "link"]',
        ),
        Key(name="max_files", kind=whole(0, 100), doc="How many per contribution.", example="5"),
        Key(
            name="max_bytes",
            kind=whole(1, 10_000_000_000),
            doc="The most bytes of one file.",
            example="50_000_000",
        ),
    ),
)

CALL: Final = Table(
    title="[call]",
    of=Call,
    doc="The call for input, and what is compiled from it. Its deadline is `[deadlines.input]`.",
    keys=(
        Key(
            name="outcome",
            kind=Text,
            doc="The name of the text that is compiled.",
            example='"Beijing Declaration on MOOC Development"',
            required=True,
        ),
        Key(
            name="introduction",
            kind=LongText,
            doc="Why people are asked, and how their input is used.",
            example='"Everybody may take part in the drafting."',
        ),
        Key(
            name="sharing",
            kind=LongText,
            doc="What will be done with the good practices.",
            example='"We will share them with you."',
            default_doc="the usual words, where a topic is a showcase",
        ),
        Key(name="max_length", kind=whole(1, 1_000_000), doc="Most characters of an answer.", example="8000"),
        Key(
            name="prefix",
            kind=matching("a prefix", "[A-Z]{1,8}", "one to eight letters A to Z"),
            doc="What references begin with: `G` makes `G-017`, and `G4-017` for its answer to topic 4.",
            example='"G"',
        ),
        Key(name="materials", kind=MATERIALS, doc="What may be added.", example="{ max_files = 5 }"),
        Key(
            name="topics",
            kind=Entries(of=_TOPIC, least=1, most=200, check=_check_numbers),
            doc="The questions.",
            example='[{ title = "Vision", question = "What to build?" }]',
            required=True,
        ),
    ),
)

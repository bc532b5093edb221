"""Field types: what an answer must be, beyond the kind of its field. Plugins offer them, and a field names one."""

from __future__ import annotations

from collections.abc import Callable

from .fields import Field, Form
from .issues import Issue
from .reading import Reading

FieldType = Callable[[Field, str], str | Issue]
"""Gets the field and an answer that its kind takes, never an empty one; gives the answer to be kept, or what is wrong.

It is asked again about what it gave (imports, forms that are shown again), and must then give the same.
"""


def refine(form: Form, reading: Reading, type_of: Callable[[str], FieldType]) -> Reading:
    """The reading, with the answers of typed fields looked at by their types. Wrong ones stay, to be shown again."""
    if not any(asked.subtype for asked in form.fields):
        return reading
    answers, wrong = dict(reading.answers), {each.path for each in reading.issues}
    found: dict[str, Issue] = {}
    for asked in form.fields:
        answer = answers.get(asked.name)
        if asked.subtype is None or asked.name in wrong or not isinstance(answer, str) or not answer:
            continue
        refined = type_of(asked.subtype)(asked, answer)
        if isinstance(refined, Issue):
            found[asked.name] = refined
        else:
            answers[asked.name] = refined
    if not found:
        return Reading(answers, reading.issues)
    names = [each.name for each in form.fields]
    issues = sorted((*reading.issues, *found.values()), key=lambda each: _place(names, each.path))
    return Reading(answers, tuple(issues))


def _place(names: list[str], path: str) -> int:
    return names.index(path) if path in names else len(names)

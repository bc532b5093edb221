"""From what a browser posted to answers, with everything that is wrong with them.

The same function reads a web form, an API's JSON, a row of an import and the command line. It never raises for what
somebody sent. Its answers are a fixed point: reading them again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol, cast

from attrs import frozen

from .address import parse_address, tidy_address
from .cleaning import clean_line, clean_lines, clean_password
from .countries import COUNTRIES
from .fields import Field, Form
from .issues import Issue

MAX_LINE: Final = 500
"""Code points of a one-line answer, where its field says nothing else."""
MAX_TEXT: Final = 20_000
"""Code points of a long answer, where its field says nothing else."""
MIN_PASSWORD: Final = 8
"""Code points of a password, where its field says nothing else (NIST SP 800-63B, 3.1.1.2). Any characters will do."""
MAX_PASSWORD: Final = 1024

_WORDS = """
password password1 password12 password123 password1234 passw0rd p@ssw0rd 12345678 123456789 1234567890 12345678910
123456789012 0123456789 0123456789012 987654321 11111111 111111111111 00000000 000000000000 qwertyui qwertyuiop
qwerty123 qwerty1234 qwerty123456 1q2w3e4r 1q2w3e4r5t 1qaz2wsx abcd1234 abc12345 asdfghjkl iloveyou sunshine
football baseball superman welcome1 welcome123 letmein123 changeme changeme123 conference conference2020
"""
_NO: Final = frozenset({"", "0", "false", "no", "off"})
_KNOWN_PASSWORDS: Final = frozenset(_WORDS.split())
"""The first that anybody tries; longer lists are a matter of the host's policy."""
_CAP_FACTOR: Final = 2
"""An answer is looked at up to this many times its allowed length. The rest is cut, so that 10 MB cost nothing."""


class NamedFile(Protocol):
    """An uploaded file, as far as reading a form looks at it."""

    @property
    def filename(self) -> str:
        """The name that the browser sent; "" for the empty part that an empty file input sends."""


@frozen
class Reading:
    """What was posted, cleaned, and what is wrong with it.

    `answers` has every field of the form: text (`""` = not answered; also kept where it is wrong, to be shown again),
    True or False for a consent, a tuple of files for a file field. `issues` are in the order of the fields.
    """

    answers: Mapping[str, object]
    issues: tuple[Issue, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.issues


def read(
    form: Form, posted: object, *, files: Mapping[str, Sequence[NamedFile]] | None = None, draft: bool = False
) -> Reading:
    """Clean and check what was posted.

    Args:
        form: What was asked. Keys that it does not have are ignored.
        posted: A mapping of text or lists of text by field name; where it has `getlist` (Flask, Django, Starlette),
            that is used. Of several values the last one counts. Anything else counts as nothing posted.
        files: The uploaded files by field name.
        draft: Take incomplete answers: nothing is required and nothing too short.
    """
    answers: dict[str, object] = {}
    issues: list[Issue] = []
    # as an import gives it: nothing is to be found out about it
    plain = posted if type(posted) is dict else {}
    for each in form.fields:
        name = each.name
        given: object = plain.get(name)
        if each.kind == "file":
            given = (files or {}).get(name, ())
        elif type(given) is not str:
            given = _posted(posted, name)
        answers[name], found = _READERS[each.kind](each, given)
        if found:
            issues += [issue for issue in found if not (draft and issue.code in _INCOMPLETE)]
    return Reading(answers, tuple(issues))


def storable(form: Form, answers: Mapping[str, object]) -> dict[str, object]:
    """The answers that a record may hold: without passwords, and without files, which go to a blob store."""
    kept = {each.name for each in form.fields if each.kind not in ("password", "file")}
    return {name: value for name, value in answers.items() if name in kept}


def _posted(posted: object, name: str) -> object:
    try:
        if hasattr(posted, "getlist"):
            values = posted.getlist(name)
        else:
            values = posted.get(name, "") if isinstance(posted, Mapping) else ""
    except Exception:  # noqa: BLE001 - a host's lazy form parser fails in its own ways; nothing was posted then
        return ""
    return (values[-1] if values else "") if isinstance(values, (list, tuple)) else values


def _text(value: object, limit: int, clean: Callable[[str], str]) -> tuple[str, int]:
    """The cleaned text, and how long it is, counting what was cut."""
    if type(value) is str and len(value) <= limit:  # most; the rest is for those who send something else
        text = clean(value)
        if len(text) <= _CAP_FACTOR * limit:
            return text, len(text)
    if isinstance(value, (int, float)):
        value = str(value) if value is not False else ""
    if not isinstance(value, str):
        return "", 0
    cap = _CAP_FACTOR * limit
    text = clean(value[:cap])
    if len(text) > cap:  # NFC can make a text longer
        text = clean(text[:cap])
    return text, len(text) if len(value) <= cap else max(len(value), limit + 1)


def _read_text(asked: Field, value: object) -> tuple[str, list[Issue]]:
    is_long = asked.kind == "textarea"
    limit = asked.max_length or (MAX_TEXT if is_long else MAX_LINE)
    text, length = _text(value, limit, clean_lines if is_long else clean_line)
    return text, _length_issues(asked, length, limit, asked.min_length or 0)


def _length_issues(asked: Field, length: int, longest: int, shortest: int) -> list[Issue]:
    if not length:
        return _missing(asked)
    if length > longest:
        return [Issue(asked.name, "too_long", {"max": longest, "length": length})]
    if length < shortest:
        return [Issue(asked.name, "too_short", {"min": shortest, "length": length})]
    return []


def _missing(asked: Field, code: str = "required") -> list[Issue]:
    return [Issue(asked.name, code)] if asked.required else []


def _read_email(asked: Field, value: object) -> tuple[str, list[Issue]]:
    text, length = _text(value, MAX_LINE, clean_line)
    text = tidy_address(text)
    if not length:
        return text, _missing(asked)
    return text, [] if length <= MAX_LINE and parse_address(text) else [Issue(asked.name, "email")]


def _read_choice(asked: Field, value: object) -> tuple[str, list[Issue]]:
    text, _ = _text(value, MAX_LINE, clean_line)
    if not text:
        return text, _missing(asked, "choose")
    return text, [] if any(each.value == text for each in asked.choices) else [Issue(asked.name, "choice")]


def _read_country(asked: Field, value: object) -> tuple[str, list[Issue]]:
    text = _text(value, MAX_LINE, clean_line)[0].upper()
    if not text:
        return text, _missing(asked, "choose")
    return text, [] if text in COUNTRIES else [Issue(asked.name, "country")]


def _read_consent(asked: Field, value: object) -> tuple[bool, list[Issue]]:
    given = _text(value, MAX_LINE, clean_line)[0].lower() not in _NO
    return given, [] if given else _missing(asked, "consent")


def _read_password(asked: Field, value: object) -> tuple[str, list[Issue]]:
    longest = asked.max_length or MAX_PASSWORD
    shortest = MIN_PASSWORD if asked.min_length is None else asked.min_length
    text, length = _text(value, longest, clean_password)
    issues = _length_issues(asked, length, longest, shortest)
    is_known = text.casefold() in _KNOWN_PASSWORDS
    return text, issues or ([Issue(asked.name, "password_known")] if is_known else [])


def _read_files(asked: Field, value: object) -> tuple[tuple[NamedFile, ...], list[Issue]]:
    sent = tuple(each for each in cast("Iterable[NamedFile]", value) if each.filename)
    if not sent:
        return sent, _missing(asked, "file_required")
    issues = [
        Issue(
            asked.name,
            "file_type",
            {"file": clean_line(each.filename)[:120], "accept": ", ".join(asked.accept)},
        )
        for each in sent[: asked.max_files]
        if asked.accept and not each.filename.lower().endswith(asked.accept)
    ]
    if len(sent) > asked.max_files:
        issues.append(Issue(asked.name, "too_many_files", {"max": asked.max_files, "count": len(sent)}))
    return sent, issues


_INCOMPLETE: Final = frozenset({"required", "choose", "consent", "file_required", "too_short"})
_READERS: Final[Mapping[str, Callable[[Field, object], tuple[object, list[Issue]]]]] = {
    "text": _read_text,
    "textarea": _read_text,
    "email": _read_email,
    "choice": _read_choice,
    "country": _read_country,
    "consent": _read_consent,
    "password": _read_password,
    "file": _read_files,
}

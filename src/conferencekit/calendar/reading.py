"""Reading iCalendar objects strictly: lines, folds and components, with all that RFC 5545, 3.1 and 3.4 do not allow.

Written without any calendar library: what makes an invite and what judges it share no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from attrs import field, frozen

LONGEST_LINE: Final = 75
"""Octets of a line without its CRLF."""

_CUT_LETTER: Final = re.compile(rb"\r\n[ \t][\x80-\xbf]")
_CUT_ESCAPE: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\\r\n[ \t]")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_VALUE: Final = r'(?:"[^"]*"|[^",;:]*)'
_PARAMETER: Final = re.compile(rf";([A-Za-z0-9-]+)=({_VALUE}(?:,{_VALUE})*)")


@frozen
class Property:
    """A line as it reads: names in upper case, values of parameters still in quotes, the value as it is written."""

    name: str
    parameters: Mapping[str, str]
    value: str


@frozen
class Component:
    """A component: its properties and the components in it, in order."""

    name: str
    properties: list[Property] = field(factory=list)
    components: list[Component] = field(factory=list)

    def all(self, name: str) -> list[Property]:
        """Its properties of this name."""
        return [each for each in self.properties if each.name == name]

    def value(self, name: str) -> str:
        """The value of the first property of this name, or nothing."""
        return next((each.value for each in self.properties if each.name == name), "")


@frozen
class Reading:
    """The components at the top, and what is wrong with the lines, in order."""

    components: tuple[Component, ...]
    problems: tuple[str, ...]


def read(data: bytes) -> Reading:
    """What an iCalendar object says. Lines that do not read as anything are named and left out."""
    problems = list(_octets(data))
    text = data.replace(b"\r\n ", b"").replace(b"\r\n\t", b"").decode("utf-8", "replace")
    top = Component("")
    open_ones = [top]
    for number, written in enumerate(text.split("\r\n")[:-1], start=1):
        found = _property(written)
        problem = (
            f"line {number} is no content line: {written[:40]!r}"
            if found is None
            else _place(found, open_ones)
        )
        if problem:
            problems.append(problem)
    problems += [f"{each.name} does not end" for each in open_ones[1:]]
    if top.properties:
        problems.append(f"{top.properties[0].name} stands outside of a calendar")
    return Reading(tuple(top.components), tuple(problems))


def _octets(data: bytes) -> Iterator[str]:
    if not data.endswith(b"\r\n"):
        yield "the last line does not end in CRLF"
    if not data.count(b"\r\n") == data.count(b"\r") == data.count(b"\n"):
        yield "a CR or LF stands alone"
    longest = max(map(len, data.split(b"\r\n")))
    if longest > LONGEST_LINE:
        yield f"a line has {longest} octets, {LONGEST_LINE} are allowed"
    if _CUT_LETTER.search(data):
        yield "a line is cut within a character"
    if _CUT_ESCAPE.search(data):
        yield "a line is cut within an escape"
    text = data.decode("utf-8", "replace")
    if text.encode() != data:
        yield "it is not UTF-8"
    if found := _CONTROLS.search(text):
        yield f"it has the control character U+{ord(found[0]):04X} in it"


def _property(written: str) -> Property | None:
    name = _NAME.match(written)
    if name is None:
        return None
    parameters: dict[str, str] = {}
    at = name.end()
    while found := _PARAMETER.match(written, at):
        parameters[found[1].upper()] = found[2]
        at = found.end()
    if written[at : at + 1] != ":":
        return None
    return Property(name[0].upper(), parameters, written[at + 1 :])


def _place(found: Property, open_ones: list[Component]) -> str:
    """Put a property where it belongs; what is wrong with that."""
    if found.name == "BEGIN":
        begun = Component(found.value.upper())
        open_ones[-1].components.append(begun)
        open_ones.append(begun)
    elif found.name != "END":
        open_ones[-1].properties.append(found)
    elif len(open_ones) > 1 and open_ones[-1].name == found.value.upper():
        open_ones.pop()
    else:
        return f"END:{found.value[:20]} ends nothing"
    return ""

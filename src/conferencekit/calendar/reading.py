"""Reading iCalendar objects: lines, folds and components, with all that RFC 5545, 3.1 and 3.4 do not allow.

`read` judges what we write ourselves, `read_tolerantly` takes the files of others as they are. Written without any
calendar library: what makes an invite and what judges it share no code, and nothing of one file is kept for the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from attrs import define, evolve, field, frozen

from ..errors import InvalidImport

LONGEST_LINE: Final = 75
"""Octets of a line without its CRLF."""

CUT_LETTER: Final = re.compile(rb"\r\n[ \t][\x80-\xbf]")
_CUT_ESCAPE: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\\r\n[ \t]")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAME: Final = re.compile(r"([A-Za-z0-9-]+)")
_VALUE: Final = r'(?:"[^"]*"|[^",;:]*)'
_PARAMETER: Final = re.compile(rf";([A-Za-z0-9-]+)=({_VALUE}(?:,{_VALUE})*+)")
_MOST_PARAMETERS: Final = 50


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
    text = data.replace(b"\r\n ", b"").replace(b"\r\n\t", b"").decode("utf-8", "replace")
    found = read_lines(text.split("\r\n")[:-1])
    return Reading(found.components, (*_octets(data), *found.problems))


def read_lines(lines: Iterable[str]) -> Reading:
    """What unfolded lines say, without their ends. Those that do not read as anything are named and left out."""
    problems: list[str] = []
    top = Component("")
    open_ones = [top]
    for number, written in enumerate(lines, start=1):
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
    if CUT_LETTER.search(data):
        yield "a line is cut within a character"
    if _CUT_ESCAPE.search(data):
        yield "a line is cut within an escape"
    text = data.decode("utf-8", "replace")
    if text.encode() != data:
        yield "it is not UTF-8"
    if found := _CONTROLS.search(text):
        yield f"it has the control character U+{ord(found[0]):04X} in it"


def _property(
    written: str, name_form: re.Pattern[str] = _NAME, parameter_form: re.Pattern[str] = _PARAMETER
) -> Property | None:
    name = name_form.match(written)
    if name is None:
        return None
    parameters: dict[str, str] = {}
    at = name.end()
    for _ in range(_MOST_PARAMETERS):
        found = parameter_form.match(written, at)
        if found is None:
            break
        parameters[found[1].upper()] = found[2]
        at = found.end()
    if written[at : at + 1] != ":":
        return None
    return Property(name[1].upper(), parameters, written[at + 1 :])


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


# -- what values say


_ESCAPE: Final = re.compile(r"\\([\\;,nN])")
_ITEM: Final = re.compile(r"(?:[^\\,]++|\\.|\\)++", re.DOTALL)
_CARET: Final = re.compile(r"\^([\^n'])")
_CARETS: Final = {"^": "^", "n": "\n", "'": '"'}


def text_of(value: str) -> str:
    """The text that a value of type TEXT says. A backslash before any other letter stays one."""
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def texts_of(value: str) -> list[str]:
    """The texts of a list, which has commas between them."""
    return [text_of(each) for each in _ITEM.findall(value)]


def parameter_text(written: str) -> str:
    """What the value of a parameter says, without its quotes and carets (RFC 6868)."""
    text = written[1:-1] if len(written) > 1 and written[0] == written[-1] == '"' else written
    return _CARET.sub(lambda found: _CARETS[found[1]], text)


# -- the files of others


@frozen(kw_only=True)
class ReadingLimits:
    """What a file may have at most: octets, lines, octets of a line without its folds, components and their depth."""

    octets: int = 20_000_000
    line: int = 1_000_000
    lines: int = 500_000
    components: int = 20_000
    nesting: int = 10


READING_LIMITS: Final = ReadingLimits()

_CONTROL_OCTETS: Final = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})
_LOOSE_NAME: Final = re.compile(r"[\ufeff\s]*([A-Za-z0-9_.-]+)\s*")
_LOOSE_PARAMETER: Final = re.compile(r';\s*+([A-Za-z0-9_-]*)\s*+(?:=|(?=[;:]))((?:"[^"]*"|[^;:])*+)')
_IN_CALENDAR: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VCALENDAR"})
_TEXTS: Final = frozenset(
    {"COMMENT", "CONTACT", "DESCRIPTION", "LOCATION", "SUMMARY", "X-ALT-DESC", "X-WR-CALDESC"}
)
_MOST_HEADS: Final = 1_000
_MOST_KINDS: Final = 100
_LONGEST_HEAD: Final = 100


def read_tolerantly(
    data: bytes, *, limits: ReadingLimits = READING_LIMITS, source: str = "the calendar"
) -> Reading:
    """What an iCalendar file says, however it was written. What had to be repaired is told, each kind once.

    Missing ENDs are put in, lines that are none go on with the one before, what is not UTF-8 is read as Windows-1252.
    Time and memory grow with the size of the file and with nothing else. `source` names the file in errors.

    Raises:
        InvalidImport: it has more than `limits` allow.
    """
    if len(data) > limits.octets:
        raise InvalidImport(source, 0, f"{len(data):,} bytes", _at_most(limits.octets, "bytes"))
    repairs = _Repairs()
    lines = _unfolded(data, limits, source, repairs)
    tree = _Tree(limits=limits, source=source, repairs=repairs)
    heads: dict[str, tuple[str, Mapping[str, str]]] = {}
    for number, octets in enumerate(lines, start=1):
        written = _decoded(octets, number, repairs)
        head, colon, value = written.partition(":")
        known = heads.get(head) if colon else None
        if known is None:
            found = _property(written)
            if found is None:
                found = _loose_property(written, number, repairs)
            elif '"' not in head and len(head) <= _LONGEST_HEAD and len(heads) < _MOST_HEADS:
                # Quotes may have a colon in them: then this would not be the whole of it.
                heads[head] = found.name, found.parameters
        else:
            found = Property(known[0], known[1], value)
        tree.put(found, written, number)
    tree.close()
    return Reading(tuple(tree.open_ones[0].components), repairs.told(data))


def _at_most(most: int, what: str) -> str:
    return f"A calendar file may have {most:,} {what} at most: export fewer events, or split the file."


@define
class _Repairs:
    """What had to be repaired: each kind with the line (unfolded) where it came first, and how often it came."""

    kinds: dict[str, tuple[int, int]] = field(factory=dict)

    def note(self, what: str, number: int = 0) -> None:
        if what not in self.kinds and len(self.kinds) >= _MOST_KINDS:
            what = "is not as it should be"
        first, times = self.kinds.get(what, (number, 0))
        self.kinds[what] = first, times + 1

    def told(self, data: bytes) -> tuple[str, ...]:
        """In words, with the lines of the file as an editor counts them."""
        if not self.kinds:
            return ()
        text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        begins = [
            number
            for number, line in enumerate(text.split(b"\n"), 1)
            if number == 1 or not line.startswith((b" ", b"\t"))
        ]
        return tuple(self._words(what, *counted, begins) for what, counted in self.kinds.items())

    def _words(self, what: str, number: int, times: int, begins: list[int]) -> str:
        where = f"line {begins[min(number, len(begins)) - 1]}: " if number else ""
        more = f" (and {times - 1:,} more)" if times > 1 else ""
        return f"{where}{what}{more}"


def _unfolded(data: bytes, limits: ReadingLimits, source: str, repairs: _Repairs) -> list[bytes]:
    """The lines in one piece each, and what is wrong with how they were written."""
    text = _one_byte_each(data, repairs)
    if not text.count(b"\r\n") == text.count(b"\r") == text.count(b"\n"):
        repairs.note("line ends are not CRLF")
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    else:
        text = text.replace(b"\r\n", b"\n")
    count = text.count(b"\n")
    if count > limits.lines:
        raise InvalidImport(source, 0, f"{count:,} lines", _at_most(limits.lines, "lines"))
    if max(map(len, text.split(b"\n"))) > LONGEST_LINE:
        repairs.note(f"lines are longer than {LONGEST_LINE} octets")
    text = text.replace(b"\n ", b"").replace(b"\n\t", b"")
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    elif text:
        repairs.note("the last line does not end")
    longest = max(map(len, lines), default=0)
    if longest > limits.line:
        raise InvalidImport(
            source, 0, f"a line of {longest:,} bytes", _at_most(limits.line, "bytes in a line")
        )
    return lines


def _one_byte_each(data: bytes, repairs: _Repairs) -> bytes:
    """Without a byte order mark and control characters; UTF-16 becomes UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        repairs.note("it is UTF-16, not UTF-8")
        data = data.decode("utf-16", "replace").encode()
    if data.startswith(b"\xef\xbb\xbf"):
        repairs.note("it begins with a byte order mark")
        data = data[3:]
    clean = data.translate(None, _CONTROL_OCTETS)
    if len(clean) < len(data):
        repairs.note("control characters were taken out")
    return clean


def _decoded(octets: bytes, number: int, repairs: _Repairs) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        repairs.note("it is not UTF-8, and was read as Windows-1252", number)
        return octets.decode("cp1252", "replace")


def _loose_property(written: str, number: int, repairs: _Repairs) -> Property | None:
    """The property that a line seems to be."""
    found = _property(written, _LOOSE_NAME, _LOOSE_PARAMETER)
    if found is None:
        return None
    repairs.note("the name or the parameters are not written as they should be", number)
    return evolve(found, parameters={name: each.strip() for name, each in found.parameters.items()})


@define
class _Tree:
    """Components as their lines come, in whatever order."""

    limits: ReadingLimits
    source: str
    repairs: _Repairs
    open_ones: list[Component] = field(factory=lambda: [Component("")])
    components: int = 0
    in_text: bool = False
    more: list[str] = field(factory=list)
    size: int = 0

    def put(self, found: Property | None, written: str, number: int) -> None:
        """The next line."""
        if found is None:
            self._go_on(written, number)
            return
        if self.more:
            self._end_line()
        if found.name == "BEGIN":
            self._begin(found.value.strip().upper(), number)
        elif found.name == "END":
            self._end(found.value.strip().upper(), number)
        else:
            if len(self.open_ones) == 1:
                self.repairs.note("stands outside of a calendar", number)
            self.open_ones[-1].properties.append(found)
            self.in_text = found.name in _TEXTS
            return
        self.in_text = False

    def close(self) -> None:
        """After the last line."""
        if self.more:
            self._end_line()
        while len(self.open_ones) > 1:
            self.repairs.note(f"{self.open_ones.pop().name[:40]} does not end")

    def _go_on(self, written: str, number: int) -> None:
        """A text that was broken into lines without folding them."""
        if not written.strip():
            self.repairs.note("a line is empty", number)
            return
        if not self.in_text:
            self.repairs.note("is no content line, and was left out", number)
            return
        self.repairs.note("is no content line, and was taken for more of the text before", number)
        self.size += len(written)
        if self.size > self.limits.line:
            remedy = _at_most(self.limits.line, "bytes in a line")
            raise InvalidImport(self.source, 0, f"a line of more than {self.limits.line:,} bytes", remedy)
        self.more.append(written)

    def _end_line(self) -> None:
        properties = self.open_ones[-1].properties
        last = properties[-1]
        properties[-1] = evolve(last, value="\\n".join([last.value, *self.more]))
        self.more, self.size = [], 0

    def _begin(self, name: str, number: int) -> None:
        if name in _IN_CALENDAR:
            # None of these can stand in another: an END is missing before.
            for each in self.open_ones[:0:-1]:
                if each.name == "VCALENDAR" != name:
                    break
                self._pop(number)
        self.components += 1
        if self.components > self.limits.components:
            value, most = f"more than {self.limits.components:,} components", self.limits.components
            raise InvalidImport(self.source, 0, value, _at_most(most, "components"))
        if len(self.open_ones) > self.limits.nesting:
            value, most = f"components more than {self.limits.nesting} deep", self.limits.nesting
            raise InvalidImport(self.source, 0, value, _at_most(most, "components in one another"))
        begun = Component(name)
        self.open_ones[-1].components.append(begun)
        self.open_ones.append(begun)

    def _end(self, name: str, number: int) -> None:
        if not any(each.name == name for each in self.open_ones[1:]):
            self.repairs.note(f"END:{name[:40]} ends nothing", number)
            return
        while self.open_ones[-1].name != name:
            self._pop(number)
        self.open_ones.pop()

    def _pop(self, number: int) -> None:
        self.repairs.note(f"{self.open_ones.pop().name[:40]} does not end before this", number)

"""The text of clauses that a person writes: a title, a preamble, operative clauses, and what each one cites.

    # Beijing Declaration on MOOC Development

    ## Preamble

    Recalling that distance no longer decides who may learn [G1-003 "the lecture came to the village"],

    ## Declares

    Courses shall be open to everybody [G3-011 "nobody should pay to listen"; G3-020]. {#access}

A paragraph is a clause. `[G4-017 "exact words"]` cites the answer to topic 4 in contribution 17 by its words,
`[G4-017]` says that it moved the authors without being quoted. `{#key}` gives the clause a name that stays when
numbers change. Everything else is text; no Markdown or HTML in it has any meaning.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final, Literal

from attrs import Attribute, field, frozen

from ..errors import Problem
from ..form.cleaning import clean_line
from .quotes import squeezed
from .references import parse_reference, reference

Part = Literal["preamble", "operative"]

MAX_TEXT: Final = 400_000
"""Code points of a whole text, inclusive."""
MAX_CLAUSE: Final = 20_000
"""Code points of one clause with its citations, inclusive."""
MAX_QUOTE: Final = 2_000
"""Code points of quoted words, inclusive."""

_PREAMBLES: Final = frozenset(
    {"preamble", "préambule", "preámbulo", "преамбула", "序言", "前言", "ديباجة", "الديباجة"}
)
_HEADING: Final = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?[ \t]*(?:#+[ \t]*)?$")
_MARKER: Final = re.compile(r"[ \t]*(?:[0-9]{1,3}[.)]|[-*•])[ \t]+")
_KEY: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\ud800-\udfff\ufffe\uffff]")
_SPECIAL: Final = re.compile(r"[\[\]{]")
_HYPHENS: Final = "\\-\u2010\u2011\u2012\u2013\u2212"
_CITED: Final = re.compile(rf"\s*([A-Za-z]{{1,8}}[0-9]{{1,4}}[{_HYPHENS}][0-9]{{1,9}})(?![\w])\s*")
_CLOSERS: Final = {
    '"': '"”',
    "“": '”"“',
    "”": '”"',
    "„": '“”"',
    "«": "»",
    "»": "«»",
    "「": "」",
    "『": "』",
    "‹": "›",
}
_AFTER_QUOTE: Final = r"\s*(?=\]|[;,]\s*[A-Za-z]{1,8}[0-9])"
_TIGHT: Final = " \t\n,.;:!?…)»”\"'、。，；：？！）؛،؟"


@frozen(kw_only=True)
class Citation:
    """What a clause rests on. `quote` empty = moved by it, without quoting. Lines and columns count from 1."""

    reference: str
    topic: int
    number: int
    quote: str
    line: int
    column: int


@frozen(kw_only=True)
class Clause:
    """One paragraph. Operative clauses are numbered 1, 2, 3, ...; those of the preamble have no number.

    `heading` is the heading that it stands under. `key` is the author's, or made from the text. `text` is one line,
    without the citations.
    """

    part: Part
    heading: str
    number: int | None
    key: str
    text: str
    citations: tuple[Citation, ...]
    line: int


@frozen(kw_only=True)
class ClauseText:
    """A text of clauses as read. With `problems` it cannot be compiled. `source` names it in messages."""

    title: str
    prefix: str
    clauses: tuple[Clause, ...] = field()
    problems: tuple[Problem, ...] = ()
    source: str = "the text of clauses"

    @clauses.validator
    def _check_prefix(self, _: Attribute[tuple[Clause, ...]], __: tuple[Clause, ...]) -> None:
        reference(self.prefix, 1, 1)


def parse(text: str | bytes, prefix: str, *, source: str = "the text of clauses") -> ClauseText:
    """Read a text of clauses; bytes are UTF-8. What is wrong with it is in `problems`, each with its line.

    Raises:
        InvalidText: `prefix` is not 1 to 8 letters A to Z.
    """
    read = _decoded(text) if isinstance(text, bytes) else text
    if isinstance(read, str) and len(read) > MAX_TEXT:
        read = Problem("the text", f"{len(read)} characters", f"at most {MAX_TEXT} are read: shorten it.")
    if isinstance(read, Problem):
        return ClauseText(title="", prefix=prefix, clauses=(), problems=(read,), source=source)
    return _Reader(prefix, source).read(read.removeprefix("\ufeff"))


def _decoded(data: bytes) -> str | Problem:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        value = f"the byte 0x{data[error.start]:02x}"
        return Problem(f"line {line}", value, "this is not UTF-8: save the text as UTF-8.")


def _named(letter: str) -> str:
    return f"the character U+{ord(letter):04X}"


@frozen
class _Block:
    """A heading (`level` 1 to 6) or a paragraph (`level` 0) of source lines, the first being line `line`."""

    level: int
    line: int
    text: str
    indent: int = 0

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of a position in the text."""
        before = self.text[:at]
        row = before.count("\n")
        column = at - (before.rfind("\n") + 1) + 1
        return self.line + row, column + (self.indent if row == 0 else 0)


def _blocks(lines: list[str]) -> Iterator[_Block]:
    """Headings and paragraphs. A line that begins with a list marker begins a paragraph; the marker is left out."""
    gathered: list[str] = []
    first, indent = 0, 0
    for number, line in enumerate(lines, 1):
        heading, marker = _HEADING.match(line), _MARKER.match(line)
        if gathered and (heading or marker or not line.strip()):
            yield _Block(0, first, "\n".join(gathered), indent)
            gathered = []
        if heading:
            yield _Block(len(heading[1]), number, heading[2] or "")
        elif line.strip():
            if not gathered:
                first, indent = number, marker.end() if marker else 0
            gathered.append(line[indent:] if not gathered else line)
    if gathered:
        yield _Block(0, first, "\n".join(gathered), indent)


class _Reader:
    """Goes through the text once and gathers clauses and problems."""

    def __init__(self, prefix: str, source: str) -> None:
        self.prefix, self.source = prefix, source
        self.title, self.heading = "", ""
        self.part: Part = "operative"
        self.clauses: list[Clause] = []
        self.problems: list[Problem] = []
        self.keys: dict[str, int] = {}

    def read(self, text: str) -> ClauseText:
        lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text)
        for number, line in enumerate(lines, 1):
            if found := _FORBIDDEN.search(line):
                self.report(number, found.start() + 1, _named(found[0]), "no control characters: delete it.")
        for block in _blocks([_FORBIDDEN.sub("", line) for line in lines]):
            if block.level:
                self.head(block)
            else:
                self.paragraph(block)
        if not self.title:
            self.report(1, 0, "no title", "give the text a title: a line such as '# Declaration on ...'.")
        if not any(each.part == "operative" for each in self.clauses):
            self.report(
                len(lines),
                0,
                "no operative clause",
                "write at least one below a heading such as '## Declares'.",
            )
        return ClauseText(
            title=self.title,
            prefix=self.prefix,
            clauses=tuple(self.clauses),
            problems=tuple(self.problems),
            source=self.source,
        )

    def report(
        self, line: int, column: int, value: object, expected: str, nearest: str | None = None
    ) -> None:
        path = f"line {line}, column {column}" if column else f"line {line}"
        self.problems.append(Problem(path, value, expected, nearest))

    def head(self, block: _Block) -> None:
        words = clean_line(block.text)
        if not words:
            self.report(block.line, 0, "#" * block.level, "write the heading's words after it.")
        elif block.level == 1 and self.title:
            self.report(
                block.line, 0, words, "there is a title already: use '## ' for the headings below it."
            )
        elif block.level == 1:
            self.title = words
        elif block.level == 2:
            self.heading = words
            self.part = "preamble" if words.casefold() in _PREAMBLES else "operative"
        else:
            self.report(
                block.line, 0, words, "headings go down to '## ' only: make it a heading of that kind."
            )

    def paragraph(self, block: _Block) -> None:
        if len(block.text) > MAX_CLAUSE:
            value = f"a clause of {len(block.text)} characters"
            self.report(block.line, 0, value, f"at most {MAX_CLAUSE} are read: split it by empty lines.")
            return
        scan = _Scan(self, block)
        scan.run()
        text = clean_line("".join(scan.out))
        if not any(each.isalnum() for each in text):
            self.report(
                block.line, 0, block.text[:80], "a clause needs words of its own beside its citations."
            )
            return
        key = scan.key or "c-" + hashlib.sha256(text.encode()).hexdigest()[:8]
        if key in self.keys:
            self.report(
                block.line, 0, key, f"line {self.keys[key]} has this key already: give each clause its own."
            )
        self.keys.setdefault(key, block.line)
        number = (
            sum(each.part == "operative" for each in self.clauses) + 1 if self.part == "operative" else None
        )
        self.clauses.append(
            Clause(
                part=self.part,
                heading=self.heading,
                number=number,
                key=key,
                text=text,
                citations=tuple(scan.citations),
                line=block.line,
            )
        )


class _Scan:
    """Takes citations and the key out of one paragraph."""

    def __init__(self, reader: _Reader, block: _Block) -> None:
        self.reader, self.block, self.text = reader, block, block.text
        self.out: list[str] = []
        self.citations: list[Citation] = []
        self.key = ""
        self.open: list[int] = []

    def run(self) -> None:
        at = 0
        while found := _SPECIAL.search(self.text, at):
            self.out.append(self.text[at : found.start()])
            step = {"[": self.bracket, "]": self.close, "{": self.brace}[found[0]]
            at = step(found.start())
        self.out.append(self.text[at:])
        for start in self.open:
            self.report(
                start, self.text[start : start + 40], "this bracket is not closed: add ']' or delete it."
            )

    def report(self, at: int, value: str, expected: str, nearest: str | None = None) -> None:
        self.reader.report(*self.block.place(at), squeezed(value), expected, nearest)

    def close(self, at: int) -> int:
        if self.open:
            self.open.pop()
        else:
            self.report(at, self.text[max(0, at - 40) : at + 1], "this bracket closes nothing: delete it.")
        self.out.append("]")
        return at + 1

    def brace(self, at: int) -> int:
        end = self.text.find("}", at, at + 120)
        if not self.text.startswith("{#", at) or end < 0:
            self.out.append("{")
            return at + 1
        key = self.text[at + 2 : end].strip()
        if not _KEY.fullmatch(key):
            self.report(
                at, self.text[at : end + 1], "a key is a letter, then letters, digits and '-', in lower case."
            )
        elif self.key:
            self.report(
                at, self.text[at : end + 1], f"this clause has the key {self.key!r} already: delete one."
            )
        else:
            self.key = key
        return self.resume(end + 1)

    def bracket(self, at: int) -> int:
        if _CITED.match(self.text, at + 1):
            return self.citation(at)
        if re.match(
            rf"\[\s*{self.reader.prefix}[\s{_HYPHENS}]*[0-9]", self.text[at : at + 40], re.IGNORECASE
        ):
            example = reference(self.reader.prefix, 4, 17)
            self.report(at, self.text[at : at + 40], f'a citation looks like [{example} "exact words"].')
        self.open.append(at)
        self.out.append("[")
        return at + 1

    def citation(self, at: int) -> int:
        """Reads one bracket of citations; returns where the text goes on."""
        position = at + 1
        while cited := _CITED.match(self.text, position):
            start, position = cited.start(1), cited.end()
            quote = ""
            if self.text[position : position + 1] in _CLOSERS:
                end = self.quote_end(position)
                if end < 0:
                    self.report(
                        position, self.text[position : position + 60], "this quote is not closed before ']'."
                    )
                    return self.give_up()
                quote = squeezed(self.text[position + 1 : end])
                position = end + 1 + len(self.text[end + 1 :]) - len(self.text[end + 1 :].lstrip())
            self.cite(start, cited[1], quote, quoted=position > cited.end())
            if self.text[position : position + 1] == "]":
                return self.resume(position + 1)
            if self.text[position : position + 1] not in (";", ","):
                break
            position += 1
        self.report(
            position,
            self.text[position : position + 40] or "the end of the clause",
            "expected ']', or words in quotation marks, or ';' and the next reference.",
        )
        return self.give_up()

    def quote_end(self, start: int) -> int:
        closers = re.escape(_CLOSERS[self.text[start]])
        found = re.compile(f"[{closers}]{_AFTER_QUOTE}").search(self.text, start + 1)
        return found.start() if found else -1

    def cite(self, at: int, name: str, quote: str, *, quoted: bool) -> None:
        written = re.sub(f"[{_HYPHENS}]", "-", name)
        read = parse_reference(written, self.reader.prefix)
        if read is None:
            nearest = re.sub(r"^[A-Za-z]+", self.reader.prefix, written)
            valid = parse_reference(nearest, self.reader.prefix)
            hint = reference(self.reader.prefix, *valid) if valid else None
            self.report(at, name, f"references begin with {self.reader.prefix} and count from 1.", hint)
        elif quoted and not quote:
            self.report(at, name, "the quotation marks are empty: put the exact words in, or leave them out.")
        elif len(quote) > MAX_QUOTE:
            self.report(at, quote[:60], f"at most {MAX_QUOTE} characters are quoted at once: shorten it.")
        else:
            line, column = self.block.place(at)
            self.citations.append(
                Citation(
                    reference=reference(self.reader.prefix, *read),
                    topic=read.topic,
                    number=read.number,
                    quote=quote,
                    line=line,
                    column=column,
                )
            )

    def resume(self, at: int) -> int:
        """Leaves no white space where something was taken out before punctuation."""
        if self.out and (at >= len(self.text) or self.text[at] in _TIGHT):
            joined = "".join(self.out).rstrip()
            self.out = [joined]
        return at

    def give_up(self) -> int:
        """What follows a broken citation cannot be told apart any more."""
        self.open.clear()
        return len(self.text)

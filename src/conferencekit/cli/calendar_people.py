"""The people file of `calendar plan` and `calendar send`: who is invited, and to what.

A CSV file with a column `email`; `name` (or `first_name` and `last_name`), `locale`, `state` and `sessions` may be
there. A list that `conferencekit registrations` wrote is read as it is.
"""

from __future__ import annotations

import codecs
import difflib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from attrs import evolve, frozen

from ..calendar.planning import Invitee
from ..conference import Conference
from ..document.place import nearest
from ..errors import InvalidAddress, InvalidImport, InvalidText
from ..form.table import Record, read_records, unguard_cell
from ..mailbox import Mailbox, parse_mailbox
from ..text import normalise_locale
from .files import STANDARD_INPUT, lines_of, reading
from .output import count_of

_COLUMNS: Final[Mapping[str, str]] = {
    "email": "email",
    "e-mail": "email",
    "e_mail": "email",
    "mail": "email",
    "user_email": "email",
    "address": "email",
    "email_address": "email",
    "e-mail_address": "email",
    "name": "name",
    "full_name": "name",
    "display_name": "name",
    "first_name": "first_name",
    "given_name": "first_name",
    "last_name": "last_name",
    "family_name": "last_name",
    "surname": "last_name",
    "locale": "locale",
    "language": "locale",
    "state": "state",
    "status": "state",
    "sessions": "sessions",
    "session": "sessions",
}
_INVITED: Final = frozenset({"", "confirmed", "registered", "accepted", "approved", "invited", "yes"})
_NOT_INVITED: Final = frozenset(
    {"unverified", "pending", "waitlisted", "waiting", "declined", "rejected", "cancelled", "canceled"}
    | {"expired", "withdrawn", "uninvited", "no"}
)
_NONE: Final = frozenset({"-", "none"})
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How files of spreadsheets begin, new ones and old ones."""
_LONGEST_UTF16: Final = 50_000_000
_CALLED: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
"""What may stand between cells."""
_ALIKE: Final = 0.75
_MOST_TITLES: Final = 200
"""So many titles are looked at for typing errors."""
_NAMES: Final = ("first_name", "last_name")
_MISSED: Final = ("name", "state", "sessions")
"""Columns without which nobody has a name, or everybody is invited, or to everything."""
_MOST_SHOWN: Final = 8
_SEVERAL: Final = 2
"""So many sessions make it matter who comes to which."""
_SEPARATORS: Final = re.compile(r"[\s,;|]+")


@frozen
class _Reader:
    """Reads the rows of one file."""

    source: str
    conference: Conference
    key_of: Callable[[str], str]
    delimiter: str
    note: Callable[[str], None]

    def people(self, records: Iterator[Record]) -> Iterator[tuple[int, Invitee]]:
        """Everybody, with the line. Raises `InvalidImport` for all rows at once that have to be corrected."""
        header = next(records, None)
        if header is None:
            raise InvalidImport(self.source, 1, "", "The file is empty: its first line names the columns.")
        columns = self._columns(header)
        if not self._wonder(header, columns):
            self._say_what_is_not_read(header, columns)
        problems = []
        for record in records:
            if record.problem or any(each.strip() for each in record.cells):
                try:
                    yield record.line, self._invitee(record, columns)
                except InvalidImport as error:
                    problems.append(error)
        if problems:
            problems[0].others = tuple(problems[1:])
            raise problems[0]

    def _wonder(self, header: Record, columns: Sequence[str | None]) -> bool:
        """Name a column that is passed over, and was hardly meant to be: a letter more in `state` would invite all.

        Gives whether there was one.
        """
        wondered = False
        for title, column in zip(header.cells[:_MOST_TITLES], columns, strict=False):
            near = difflib.get_close_matches(_plain(title)[:40], _COLUMNS, n=1, cutoff=_ALIKE)
            if near and column is None and _plain(title) not in _COLUMNS and _COLUMNS[near[0]] not in columns:
                wondered = True
                self.note(
                    f"{self.source}: the column {title[:40]!r} is passed over. If it is {_COLUMNS[near[0]]!r}, correct "
                    "its title."
                )
        return wondered

    def _say_what_is_not_read(self, header: Record, columns: Sequence[str | None]) -> None:
        """Name the columns that are passed over, where one of them may hold what is missed, in another language."""
        titles = zip(header.cells, columns, strict=True)
        others = [title.strip()[:40] for title, column in titles if column is None and title.strip()]
        known = {"name" if each in _NAMES else each for each in columns}
        if len(self.conference.sessions) < _SEVERAL:
            known.add("sessions")
        missed = [each for each in _MISSED if each not in known]
        if others and missed:
            more = f" and {len(others) - _MOST_SHOWN} more" if len(others) > _MOST_SHOWN else ""
            self.note(
                f"{self.source}: no column is called {' or '.join(missed)}. Not read: "
                f"{', '.join(others[:_MOST_SHOWN])}{more}. If one of these is meant, give it that title."
            )

    def _columns(self, header: Record) -> list[str | None]:
        """What each column holds, None where it does not matter; of several for one thing, the one that has its name.

        So `address` may be where people live, beside an `email`.
        """
        titles = [_plain(each) for each in header.cells]
        named = {*titles}.intersection(_COLUMNS.values())
        meant = (_COLUMNS.get(each) for each in titles)
        columns = [
            name if title == name or name not in named else None
            for title, name in zip(titles, meant, strict=True)
        ]
        for name in filter(None, columns):
            if columns.count(name) > 1:
                titled = (each for each, column in zip(header.cells, columns, strict=True) if column == name)
                others = "and the others by what they are"
                remedy = f"Each of these would be the {name}: name the right one `{name}`, {others}."
                raise InvalidImport(self.source, header.line, ", ".join(titled)[:200], remedy)
        if "email" not in columns:
            shown = ", ".join(header.cells)[:200]
            raise InvalidImport(self.source, header.line, shown, "Name the column of the addresses `email`.")
        return columns

    def _invitee(self, record: Record, columns: Sequence[str | None]) -> Invitee:
        if record.problem or any(each.strip() for each in record.cells[len(columns) :]):
            shown = self.delimiter.join(record.cells)[:200]
            quoted = f"put quotation marks around cells with a {_CALLED[self.delimiter]} in them"
            remedy = f"The row does not fit the header: {quoted}."
            raise InvalidImport(self.source, record.line, shown, remedy)
        cells = {
            name: unguard_cell(cell).strip()
            for name, cell in zip(columns, record.cells, strict=False)
            if name is not None
        }
        mailbox = self._mailbox(record, cells)
        return Invitee(
            key=self.key_of(mailbox.address),
            mailbox=mailbox,
            locale=self._locale(record, cells.get("locale", "")),
            concerning=self._sessions(record, cells.get("sessions", "")),
            is_invited=self._is_invited(record, cells.get("state", "")),
        )

    def _mailbox(self, record: Record, cells: Mapping[str, str]) -> Mailbox:
        both = f"{cells.get('first_name', '')} {cells.get('last_name', '')}".strip()
        name, email = cells.get("name") or both, cells.get("email", "")
        try:
            if email.endswith(">"):
                found = parse_mailbox(email)
                return Mailbox(name or found.name, found.address)
            return Mailbox(name, email)
        except InvalidAddress:
            remedy = "This is no e-mail address: correct it, or take the row out."
            raise InvalidImport(self.source, record.line, cells.get("email", ""), remedy) from None

    def _locale(self, record: Record, text: str) -> str:
        try:
            return normalise_locale(text) if text else self.conference.languages[0]
        except InvalidText:
            remedy = "Give a language tag such as en, fr or zh-Hans, or leave the cell empty."
            raise InvalidImport(self.source, record.line, text, remedy) from None

    def _sessions(self, record: Record, text: str) -> frozenset[str] | None:
        if not text:
            return None
        found = frozenset(_SEPARATORS.split(text.strip(" ,;|")))
        if found <= _NONE:
            return frozenset()
        known = [each.id for each in self.conference.sessions]
        for each in sorted(found.difference(known)):
            near = nearest(each, known)
            hint = f" Did you mean {near!r}?" if near else ""
            remedy = (
                f"The document has no session with this id; it has {', '.join(known)}.{hint} An empty cell is all of "
                "them, - is none."
            )
            raise InvalidImport(self.source, record.line, each, remedy)
        return found

    def _is_invited(self, record: Record, text: str) -> bool:
        word = text.casefold()
        if word not in _INVITED | _NOT_INVITED:
            invited, others = (", ".join(sorted(filter(None, each))) for each in (_INVITED, _NOT_INVITED))
            remedy = f"Write nothing, or one of {invited} for who is invited; one of {others} for who is not."
            raise InvalidImport(self.source, record.line, text, remedy)
        return word in _INVITED


def read_people(
    path: Path,
    conference: Conference,
    key_of: Callable[[str], str],
    note: Callable[[str], None] | None = None,
) -> tuple[Invitee, ...]:
    """Everybody in a people file, in its order. Of an address that comes again the sessions are put together.

    `key_of` gives a person's key by their address; `note` is told of addresses that come again, and of titles
    with a typing error. Cells may stand between
    commas, semicolons or tabs; a spreadsheet's "Unicode text", which is UTF-16, is read too. Rows of empty cells are
    left out.

    Raises:
        InvalidImport: the file cannot be read, or in some rows an address is none, or a session, language or state is
            not known; all of these are told.
        OSError: there is no such file.
    """
    source = "standard input" if path == STANDARD_INPUT else str(path)
    with reading(path) as found:
        stream = _in_utf8(found, source)
        delimiter = _delimiter(next(lines_of(stream, source), b""))
        records = read_records(lines_of(stream, source), source=source, delimiter=delimiter)
        tell = note or (lambda _: None)
        people = _Reader(source, conference, key_of, delimiter, tell).people(records)
        return _merged(people, source, tell)


def _in_utf8(stream: BinaryIO, source: str) -> BinaryIO:
    """The file, its text in UTF-8 where a byte order mark says that it is in UTF-16. Raises `InvalidImport`."""
    begin = stream.read(4)
    if begin.startswith(_WORKBOOKS):
        raise InvalidImport(source, 0, "a workbook", "Save the sheet as “CSV UTF-8”, and name that file.")
    if not begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return stream
    octets = begin + stream.read(_LONGEST_UTF16 + 1)
    if len(octets) > _LONGEST_UTF16:
        raise InvalidImport(
            source, 0, "UTF-16", f"That is read up to {_LONGEST_UTF16:,} bytes: save it as “CSV UTF-8”."
        )
    try:
        return io.BytesIO(octets.decode("utf-16").encode())
    except UnicodeDecodeError:
        remedy = "The file is damaged: save it as “CSV UTF-8” and try again."
        raise InvalidImport(source, 0, "UTF-16", remedy) from None


def _delimiter(header: bytes) -> str:
    """What stands between the cells of the first line the most often."""
    return max(_CALLED, key=lambda each: (header.count(each.encode()), each == ","))


def _plain(title: str) -> str:
    return unguard_cell(title).strip().casefold().replace(" ", "_")


def _merged(
    people: Iterable[tuple[int, Invitee]], source: str, note: Callable[[str], None]
) -> tuple[Invitee, ...]:
    found: dict[str, Invitee] = {}
    lines: dict[str, int] = {}
    repeated: dict[str, tuple[int, int]] = {}
    for line, each in people:
        known = found.get(each.key)
        found[each.key] = _together(known, each) if known else each
        first = lines.setdefault(each.key, line)
        if known:
            repeated.setdefault(each.key, (first, line))
    if repeated:
        key, (first, second) = next(iter(repeated.items()))
        count = count_of(len(repeated), "address comes", "addresses come")
        for_one = ", for one" if len(repeated) > 1 else ""
        note(
            f"{source}: {count} more than once: {found[key].mailbox.address} in lines {first} and {second}{for_one}. "
            "Such rows are one person, who is invited if one of them says so."
        )
    return tuple(found.values())


def _together(first: Invitee, second: Invitee) -> Invitee:
    """One person of two rows: invited to what either row says. A row that invites to nothing adds nothing."""
    if not (first.is_invited and second.is_invited):
        return first if first.is_invited else evolve(second, mailbox=first.mailbox)
    if first.concerning is None or second.concerning is None:
        return evolve(first, concerning=None)
    return evolve(first, concerning=first.concerning | second.concerning)

"""CSV in and out."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.errors import InvalidImport
from conferencekit.form.table import guard_cell, read_records, registrations_to_csv, unguard_cell


def records(text):
    """(line, cells, problem) of the records of a text."""
    lines = io.StringIO(text, newline="")
    return [(each.line, each.cells, each.problem) for each in read_records(lines, source="x.csv")]


def test_records_begin_where_they_begin():
    """Blank lines do not count, quoted line ends do not end."""
    text = 'a,b\r\n\r\n1,"x\ny"\r\n2,"say ""hi"""\r\n'

    assert records(text) == [(1, ("a", "b"), ""), (3, ("1", "x\ny"), ""), (5, ("2", 'say "hi"'), "")]


@pytest.mark.parametrize(
    ("written", "value"),
    [(r'"a\"b"', r"a\"b"), (r'"a\"b\"c"', r"a\"b\"c"), (r'"ends\""', r"ends\""), (r'"C:\temp"', r"C:\temp")],
)
def test_what_php_writes_is_read(written, value):
    r"""`fputcsv` does not double a quotation mark after a backslash."""
    assert records(f"1,{written},2\n3,4,5\n") == [(1, ("1", value, "2"), ""), (2, ("3", "4", "5"), "")]


def test_a_damaged_record_harms_no_other():
    """It says what is wrong and on which line."""
    text = 'a,b\n1,"x"y\n2,3\n4,\0\n'

    assert [(line, problem) for line, _, problem in records(text)] == [
        (1, ""),
        (2, "row_quoting"),
        (3, ""),
        (4, "row_nul"),
    ]


def test_a_huge_cell_is_a_problem_of_its_row():
    """The rows after it are read."""
    found = records("a\n" + "x" * 10_000_000 + "\n2\n")

    assert [problem for _, _, problem in found] == ["", "row_too_long", ""]
    assert len(found[1][1][0]) <= 200


def test_a_quotation_mark_that_never_closes_names_its_line():
    """Otherwise all rows after it would vanish in one cell."""
    with pytest.raises(InvalidImport, match=r"x\.csv, line 2: .*Close the quotation mark") as caught:
        records('a,b\n1,"x\n2,3\n4,5\n')

    assert caught.value.line == 2


def test_hostile_backslashes_take_no_more_time():
    """A record that never ends is given up."""
    with pytest.raises(InvalidImport):
        records('a\n"' + "\\\n" * 1_000_000)


@pytest.mark.parametrize(
    "raw",
    [b"name\r\nJos\xe9\r\n", "name\nx\n".encode("utf-16"), b"name\n\xff\xfe\n"],
    ids=["latin-1", "utf-16", "bytes"],
)
def test_another_encoding_is_named_with_the_remedy(raw):
    """Whether the file was opened as bytes or as text."""
    for lines in (io.BytesIO(raw), io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", newline="")):
        with pytest.raises(InvalidImport, match="UTF-8"):
            list(read_records(lines, source="x.csv"))


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 30 1", "-1", "@x", "\tx", "\rx", "＝1", "'=1", "''=1", "|calc"]
)
def test_no_cell_is_a_formula(text):
    """And the guard comes off again."""
    assert guard_cell(text) == f"'{text}"
    assert unguard_cell(guard_cell(text)) == text


@pytest.mark.parametrize("text", ["", "a=1", "d'Alembert", "'tis", "1-1", "中"])
def test_ordinary_cells_stay(text):
    """Nobody sees a mark that is not needed."""
    assert guard_cell(text) == unguard_cell(text) == text


@given(st.text())
def test_guarding_can_be_undone(text):
    """Law: what is read back is what was written."""
    assert unguard_cell(guard_cell(text)) == text


CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1))
def test_what_is_written_is_read(rows):
    """Law: our own reader and the standard library's agree on our own files."""
    written = "".join(registrations_to_csv(rows, ["a", "b", "c"]))
    assert written.startswith("\ufeffa,b,c\r\n")
    expected = [tuple(guard_cell(cell) for cell in row) for row in rows]

    body = written.removeprefix("\ufeff")
    assert [tuple(row) for row in csv.reader(io.StringIO(body, newline=""))][1:] == expected
    found = list(read_records(io.BytesIO(written.encode()), source="x"))[1:]
    assert [each.cells for each in found if not each.problem] == expected


def test_mappings_are_written_by_column():
    """The keys of the first one are the header where none is given; what is missing is empty."""
    rows = [{"a": 1, "b": None}, {"a": "=x", "c": 3}]

    assert list(registrations_to_csv(rows)) == ["\ufeffa,b\r\n", "1,\r\n", "'=x,\r\n"]
    assert list(registrations_to_csv([], ["a"])) == ["\ufeffa\r\n"]
    assert list(registrations_to_csv([])) == []

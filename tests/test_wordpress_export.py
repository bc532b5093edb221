"""The user export of the WordPress plugin."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conferencekit.errors import InvalidImport
from conferencekit.form.fields import Choice, Field, Form
from conferencekit.form.issues import FORM, Issue
from conferencekit.form.reading import read
from conferencekit.form.standard import standard_form
from conferencekit.form.wordpress import match_columns, posted_from_row, read_user_export
from conferencekit.text import LocalizedText

L = LocalizedText.of
HEADER = "User ID,Full Name,E-mail Address,Country,Organisation,Country,User Role,User Status,User Registered,User Registered GMT"
ROW = '7,"Müller, Zoë",zoe@example.org,Côte d’Ivoire,"Uni ""X""",,subscriber,Approved,2020-11-02 17:30:00,2020-11-02 09:30:00'


def export(*lines, header=HEADER):
    """An export as bytes, with its byte order mark."""
    return read_user_export(
        io.BytesIO(("\ufeff" + "\n".join([header, *lines]) + "\n").encode()), source="users.csv"
    )


def test_a_row_has_its_values_and_what_wordpress_says():
    """The time in GMT is an instant, the other one the site's wall time."""
    (row,) = export(ROW)

    assert (row.line, row.user_id, row.role, row.status, row.issues) == (2, "7", "subscriber", "Approved", ())
    assert row.registered == datetime(2020, 11, 2, 9, 30, tzinfo=UTC)
    assert row.registered_wall == datetime(2020, 11, 2, 17, 30)
    assert row.values[1:5] == ("Müller, Zoë", "zoe@example.org", "Côte d’Ivoire", 'Uni "X"')


def test_a_row_is_read_as_if_its_user_had_posted_the_form():
    """By labels; country names become codes; what the export has not is an issue."""
    found = export(ROW)
    match = match_columns(found.header, standard_form())
    reading = read(standard_form(), posted_from_row(next(found.rows), match, standard_form()))

    assert reading.answers["country"] == "CI"
    assert reading.answers["full_name"] == "Müller, Zoë"
    assert [issue.path for issue in reading.issues] == ["password", "consent"]
    assert (match.missing, match.unused) == (("consent",), ("Country",))


@pytest.mark.parametrize(
    "header",
    [
        ["Nom complet", "ADRESSE ELECTRONIQUE", "Pays"],
        ["姓名", "电子邮箱", "国家或地区"],
        ["full_name", "email", "country"],
        ["الاسم الكامل", "البريد الإلكتروني", "البلد"],
    ],
)
def test_columns_are_found_by_label_in_any_language_or_by_name(header):
    """Accents and case do not matter."""
    assert match_columns(header, standard_form()).columns == {"full_name": 0, "email": 1, "country": 2}


def test_equal_labels_meet_in_their_order():
    """The plugin writes labels, which need not be unique."""
    fields = [Field(name=name, kind="text", label=L("Note")) for name in ("first", "second")]
    match = match_columns(["Note", "User ID", "Note", "Note"], Form(fields=fields))

    assert match.columns == {"first": 0, "second": 2}
    assert match.unused == ("Note",)


@pytest.mark.parametrize(
    ("cell", "code"), [("China", "CN"), ("中国", "CN"), ("Китай", "CN"), ("cn", "CN"), ("Oz", "Oz")]
)
def test_countries_are_taken_in_any_of_the_six_languages(cell, code):
    """What is none stays, and reading it gives the issue."""
    found = export(f"1,A,a@example.org,{cell},,,,,,")
    match = match_columns(found.header, standard_form())

    assert posted_from_row(next(found.rows), match, standard_form())["country"] == code


def test_options_are_taken_by_their_labels():
    """The plugin stores the label as the value."""
    role = Field(
        name="role",
        kind="choice",
        label=L("Role"),
        choices=[Choice(value="t", label=LocalizedText({"en": "Teacher", "fr": "Enseignant"}))],
    )
    form = Form(fields=[role])
    found = export("enseignant", "t", "other", header="Role")
    match = match_columns(found.header, form)

    assert [posted_from_row(row, match, form)["role"] for row in found] == ["t", "t", "other"]


def test_spreadsheets_of_other_countries_write_semicolons():
    """And our own guard against formulas comes off."""
    found = export("'=1+1;a@example.org", header="Full name;E-mail address")
    match = match_columns(found.header, standard_form())

    assert posted_from_row(next(found.rows), match, standard_form()) == {
        "full_name": "=1+1",
        "email": "a@example.org",
    }


def test_a_bad_row_says_what_is_wrong_and_the_others_are_read():
    """Ragged, without a real date, damaged."""
    rows = list(
        export(
            "1,A", ROW, '2,"x"y', ROW.replace("2020-11-02 09:30:00", "2020-13-45 09:30:00"), "3\0" + ROW[1:]
        )
    )

    assert [(row.line, row.issues) for row in rows] == [
        (2, (Issue(FORM, "row_columns", {"expected": 10, "found": 2}),)),
        (3, ()),
        (4, (Issue(FORM, "row_quoting"),)),
        (5, (Issue("User Registered GMT", "row_date", {"value": "2020-13-45 09:30:00"}),)),
        (6, (Issue(FORM, "row_nul"),)),
    ]


def test_a_user_older_than_the_plugin_has_no_date():
    """WordPress writes zeros."""
    (row,) = export(ROW.replace("2020-11-02 17:30:00,2020-11-02 09:30:00", "0000-00-00 00:00:00,"))

    assert (row.registered, row.registered_wall, row.issues) == (None, None, ())


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (b"", "The file is empty"),
        (b"\xef\xbb\xbf", "Let the first line be the header"),
        (b"\n\n", "The file is empty"),
        (b",,,\n1,2,3,4\n", "Let the first line be the header"),
        ("Full name\nx\n".encode("utf-16"), "CSV UTF-8"),
        ("Full name\nx\n".encode("utf-16-le"), "CSV UTF-8"),
        (b"Pr\xe9nom\nx\n", "CSV UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00", "CSV UTF-8"),
    ],
)
def test_a_file_that_is_no_export_is_refused_as_a_whole(data, remedy):
    """With the remedy."""
    with pytest.raises(InvalidImport, match=remedy):
        list(read_user_export(io.BytesIO(data), source="users.csv"))


def test_a_line_that_is_not_utf8_is_named():
    """However far into the file."""
    with pytest.raises(InvalidImport, match=r"users\.csv, line 3: ") as caught:
        list(read_user_export([b"Full name\n", b"Ann\n", b"Jos\xe9\n"], source="users.csv"))

    assert caught.value.line == 3


def test_rows_come_as_they_are_read():
    """An export of any size needs no more memory than its longest row."""

    def endless():
        yield HEADER
        while True:
            yield ROW

    found = read_user_export(endless())

    assert [next(found.rows).line for _ in range(3)] == [2, 3, 4]


@given(st.lists(st.one_of(st.text(), st.binary())))
def test_reading_an_export_raises_nothing_but_its_error(lines):
    """Law: whatever stands in the file, every row has its line and values, or the file is refused."""
    try:
        found = read_user_export(lines)
        match = match_columns(found.header, standard_form())
        for row in found:
            read(standard_form(), posted_from_row(row, match, standard_form()))
    except InvalidImport as error:
        assert str(error).startswith("the export")

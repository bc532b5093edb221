"""`contributions`, `declaration`, `good-practices`, `seal`, `verify`: input, what comes of it, and the log."""

from __future__ import annotations

import contextlib
import json
import sqlite3

import attrs
import pytest
from tests.cli_line import DOCUMENT, Line, new_line, one_message

from conferencekit.ledger import Receipt

line = pytest.fixture(new_line)

CLAUSES = """# Declaration on Tests

## Preamble

Recalling that tests help most when they have been seen to fail [G1-001 "Tests that failed first"],

## Recommends

To break the code once before believing a test [G1-001].
"""
FIELDS = [each.name for each in attrs.fields(Receipt)]
NAMES = ("Ada", "Eve", "\x1b[31mZo\u00e9\u202e")


@pytest.fixture
def begun(line) -> Line:
    """Three people, of whom two gave input, with consents that differ."""
    line.people(*(f"{name},{mail}@example.org,GB,1" for name, mail in zip(NAMES, "abc", strict=True)))
    line.run("import gmc.toml people.csv")
    with line.secretariat() as secretariat:
        people = sorted(secretariat.registrations.find(), key=lambda each: each.address)
        for number, (person, consent) in enumerate(zip(people[:2], ("named", "anonymous"), strict=True)):
            posted = {
                "topic-1": "Tests that failed first.",
                "topic-2": f"Practice {number}: look at it by eye.",
                "language": "en",
                "quote": consent,
                "publish": consent,
            }
            outcome = secretariat.contributions.submit(person.id, posted)
            assert outcome.label == f"G-00{number + 1}"
    line.write("clauses.md", CLAUSES)
    return line


# -- contributions


def test_contributions_are_listed(begun):
    """Number, from whom, which topics, what they agreed to."""
    out = begun.run("contributions gmc.toml").out
    first = out.splitlines()[2].split()
    assert first == ["G-001", "Ada", "GB", "en", "1,", "2", "0", "named", "named"]
    assert out.endswith("\nContributions: 2.\n")
    found = begun.run("contributions gmc.toml --json").json
    assert [(each["number"], each["topics"], each["quote"]) for each in found] == [
        ("G-001", [1, 2], "named"),
        ("G-002", [1, 2], "anonymous"),
    ]


def test_contributions_of_nobody(line):
    """A line, no table."""
    line.people("Ada,ada@example.org,GB,1")
    line.run("import gmc.toml people.csv")
    assert line.run("contributions gmc.toml").out == "Contributions: 0.\n"


def test_a_conference_without_a_call(line):
    """Each command about input says what is missing."""
    line.write(
        "gmc.toml",
        DOCUMENT[: DOCUMENT.index("[call]")].replace("[deadlines.input]\nbefore = 2036-05-01\n", ""),
    )
    line.write("clauses.md", CLAUSES)
    for command in (
        "contributions gmc.toml",
        "declaration gmc.toml clauses.md",
        "good-practices gmc.toml --out gp",
    ):
        one_message(line.run(command), "gmc.toml", "[call]")
    assert line.names() == {"gmc.toml", "clauses.md"}


# -- the declaration


def test_the_declaration_is_compiled(begun):
    """Printed and written are the same; what no clause cites is said beside it."""
    done = begun.run("declaration gmc.toml clauses.md")
    assert done.code == 0
    assert done.out.startswith("# Declaration on Tests")
    assert "Cited by no clause: " in done.err
    written = begun.run("declaration gmc.toml clauses.md --out declaration.md")
    assert begun.path("declaration.md").read_text(encoding="utf-8") == done.out
    found = begun.run("declaration gmc.toml clauses.md --json")
    assert found.json["markdown"] == done.out
    assert found.json["digest"] in written.out
    assert "G1-002" in found.json["uncited"]
    assert found.err == ""


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ()),
        (CLAUSES.replace("failed first", "failed last").encode(), ("G1-001", "Tests that failed first")),
        (CLAUSES.replace("G1-001", "G1-099").encode(), ("G1-099",)),
        (CLAUSES.encode("utf-16"), ()),
        (CLAUSES.replace("Tests that", "Essais répétés").encode("cp1252"), ()),
        (bytes(range(256)) * 20, ()),
        (b"x" * 10_000_001, ("10,000,000",)),
        (b"[" * 200_000, ()),
    ],
    ids=["empty", "misquoted", "unknown", "utf-16", "latin-1", "binary", "huge", "brackets"],
)
def test_clauses_that_cannot_be_compiled(begun, content, parts):
    """What was wrong, with the nearest passage; an earlier declaration stays."""
    begun.write("clauses.md", content)
    begun.write("declaration.md", "the earlier one")
    done = begun.run("declaration gmc.toml clauses.md --out declaration.md")
    one_message(done, "clauses.md", *parts)
    assert "bug" not in done.err
    assert begun.path("declaration.md").read_bytes() == b"the earlier one"
    assert begun.names() == {
        "gmc.toml",
        "people.csv",
        "clauses.md",
        "declaration.md",
        "gmc.db",
        "gmc.db-lock",
    }


def test_clauses_that_are_not_there(begun):
    """Missing, or a folder."""
    one_message(begun.run("declaration gmc.toml absent.md"), "absent.md", "Correct the path")
    one_message(begun.run("declaration gmc.toml ."), "Name a file")


# -- good practices


def test_good_practices_are_published_again_and_again(begun):
    """The folder is replaced as a whole; a mail is owed only if asked for."""
    for _ in range(2):
        done = begun.run("good-practices gmc.toml --out gp")
        assert (done.code, done.out) == (0, "Wrote 2 good practices to gp.\n")
    page = begun.path("gp/index.md").read_text(encoding="utf-8")
    assert "Ada" in page
    assert "Eve" not in page
    begun.run("deliver gmc.toml")
    done = begun.run("good-practices gmc.toml --out gp --tell")
    assert "deliver sends it" in done.out
    assert begun.run("deliver gmc.toml --json").json["sent"] == 3


@pytest.mark.parametrize("name", ["mine", ".", "..", "clauses.md", "/"])
def test_a_folder_with_other_files_is_left_alone(begun, name):
    """Nobody's files are removed by a wrong name."""
    begun.path("mine").mkdir()
    begun.write("mine/thesis.txt", "years of work")
    one_message(begun.run("good-practices gmc.toml --out", name), repr(name), "--out")
    assert begun.path("mine/thesis.txt").read_bytes() == b"years of work"
    assert begun.path("clauses.md").exists()


# -- the log


def test_seal_and_verify(begun):
    """The line to publish is what verify compares; nothing new is sealed twice."""
    assert "Nothing is sealed yet" in begun.run("verify gmc.toml").out
    done = begun.run("seal gmc.toml --by Olga")
    published = done.out.splitlines()[1].strip()
    assert published.startswith("1=")
    assert begun.run("seal gmc.toml").out == "Nothing has happened since the last seal.\n"
    assert begun.run("seal gmc.toml --json").json == []
    done = begun.run("verify gmc.toml --published", published)
    assert (done.code, done.err) == (0, "")
    assert "Everything verifies" in done.out
    assert begun.run("verify gmc.toml --json").json == {"verifies": True, "findings": []}


def test_verify_finds_what_was_changed(begun):
    """The entry, on standard output; the exit code says so."""
    begun.run("seal gmc.toml")
    with contextlib.closing(sqlite3.connect(begun.path("gmc.db"))) as there:
        there.execute("UPDATE entry SET body = replace(body, 'contribution_submit', 'contribution_withdraw')")
        there.commit()
    done = begun.run("verify gmc.toml")
    one_message(done, "2 things do not verify", "backup")
    assert done.out.count("entry ") == 2
    assert [each["where"][:6] for each in begun.run("verify gmc.toml --json").json["findings"]] == [
        "entry "
    ] * 2


def test_verify_against_what_was_not_published(begun):
    """Another chain, or a seal that is missing."""
    begun.run("seal gmc.toml")
    one_message(begun.run("verify gmc.toml --published", f"1={'0' * 64}"), "not verify")
    done = begun.run("verify gmc.toml --published", f"7={'0' * 64}")
    assert done.code == 1
    assert "seal 7: it was published and is missing" in done.out


def test_receipts_are_handed_out_and_hold(begun):
    """A file per contribution; whoever has one needs no store."""
    done = begun.run("contributions gmc.toml --receipts receipts")
    assert "Wrote 0 receipts" in done.out
    assert "2 contributions are not sealed yet" in done.out
    published = begun.run("seal gmc.toml").out.splitlines()[1].strip()
    assert "Wrote 2 receipts to receipts." in begun.run("contributions gmc.toml --receipts receipts").out
    begun.path("gmc.db").unlink()
    alone = begun.run("verify gmc.toml --receipt receipts/G-001.json")
    assert (alone.code, published in alone.out) == (0, True)
    compared = begun.run("verify gmc.toml --receipt receipts/G-001.json --published", published)
    assert "the seal is the published one" in compared.out
    one_message(
        begun.run("verify gmc.toml --receipt receipts/G-001.json --published", f"1={'0' * 64}"), "1 thing"
    )


def test_a_receipt_that_was_changed(begun):
    """Every value in it counts."""
    begun.run("seal gmc.toml")
    begun.run("contributions gmc.toml --receipts receipts")
    good = json.loads(begun.path("receipts/G-001.json").read_text(encoding="utf-8"))
    wrong = {
        "path": good["path"][:-1],
        "index": good["index"] + 1,
        "size": good["size"] + 1,
        "digest": "0" * 64,
    }
    for key, value in (wrong | {"entry": "e-1", "root": "0" * 64, "chain": "0" * 64, "at": "2030"}).items():
        begun.write("receipt.json", json.dumps({**good, key: value}))
        done = begun.run("verify gmc.toml --receipt receipt.json")
        assert done.code == 1, key
        assert "not verify" in done.err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"null",
        b'"receipt"',
        b"[" * 50_000,
        b"\xff\xfe\x00",
        b"x" * 200_000,
        json.dumps(dict.fromkeys(FIELDS, 1)).encode(),
        json.dumps(dict.fromkeys(FIELDS, "x")).encode(),
        json.dumps({name: [] for name in FIELDS}).encode(),
        json.dumps(dict.fromkeys([*FIELDS, "more"], "x")).encode(),
    ],
)
def test_a_file_that_is_no_receipt(line, content):
    """One message, whatever it holds."""
    line.write("receipt.json", content)
    one_message(line.run("verify gmc.toml --receipt receipt.json"), "receipt.json")


def test_a_receipt_that_is_not_there(line):
    """Missing, or a folder."""
    one_message(line.run("verify gmc.toml --receipt absent.json"), "absent.json", "Correct the path")
    one_message(line.run("verify gmc.toml --receipt ."), "Name a file")

"""What the texts and files of examples/global_mooc_2020 promise: each promise is proven here from the files alone."""

from __future__ import annotations

import csv
import io
import itertools
import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conferencekit.context import Context
from conferencekit.declaration.clauses import parse
from conferencekit.declaration.content import ContributionData, NotAccepted
from conferencekit.declaration.contribution import Contribution, submit, withdraw
from conferencekit.declaration.synthesis import compile_declaration, coverage
from conferencekit.document import load_conference
from conferencekit.form.countries import COUNTRIES
from conferencekit.form.reading import read

EXAMPLE = Path(__file__).parents[1] / "examples" / "global_mooc_2020"
CUTOFF = datetime(2020, 11, 29, 16, tzinfo=UTC)  # 30 November begins in Beijing
LANGUAGES = ("en", "fr", "es", "ru", "zh", "ar")
DUPLICATES = {(3, 41), (12, 52)}
WITHDRAWN = 58
HEADER = ["User ID", "Username", "User Email", "Full name", "Country", "Organisation", "Consent"]
HEADER += ["User Role", "User Status", "User Registered", "User Registered GMT"]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_HAN = re.compile("[\u3400-\u9fff]")
_CITATION = re.compile(r'G([1-4])-([0-9]{3})(?: "([^"]+)")?(?=[;\]])')


@cache
def registrants() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((EXAMPLE / "registrants.csv").read_text("utf-8-sig"), newline="")))


@cache
def contributions() -> dict[int, dict[str, Any]]:
    found = [
        tomllib.loads(path.read_text("utf-8")) for path in sorted(EXAMPLE.glob("contributions/[0-9]*.toml"))
    ]
    return {each["number"]: each for each in found}


@cache
def stories() -> dict[str, Any]:
    return tomllib.loads((EXAMPLE / "stories.toml").read_text("utf-8"))


def whole(contribution: dict[str, Any]) -> str:
    return "\n".join(contribution["answers"].values())


def word_count(contribution: dict[str, Any]) -> float:
    """Words; Chinese is written without spaces, and 1.6 of its characters are taken as one word."""
    text = whole(contribution)
    return len(_HAN.findall(text)) / 1.6 if contribution["language"] == "zh" else len(_WORD.findall(text))


def runs(language: str, text: str) -> set[tuple[str, ...]]:
    """All runs of eight words, in Chinese of sixteen characters, whatever case and punctuation."""
    words = _HAN.findall(text) if language == "zh" else [each.casefold() for each in _WORD.findall(text)]
    size = 16 if language == "zh" else 8
    return {tuple(words[at : at + size]) for at in range(len(words) - size + 1)}


def gmt(row: dict[str, str]) -> datetime:
    return datetime.strptime(row["User Registered GMT"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


class TestRegistrants:
    def test_file_is_laid_out_as_the_plugin_exports_it(self):
        """Byte order mark, `\\n`, and PHP's fputcsv, which quotes whatever holds white space."""

        def written(value: str) -> str:
            needs = any(each in value for each in ',"\\\n\r\t ')
            return '"' + value.replace('"', '""') + '"' if needs else value

        data = (EXAMPLE / "registrants.csv").read_bytes().decode("utf-8")
        rows = [list(row.values()) for row in registrants()]
        assert list(registrants()[0]) == HEADER
        assert data == "\ufeff" + "".join(",".join(map(written, row)) + "\n" for row in [HEADER, *rows])

    def test_there_are_240_of_some_60_countries(self):
        """ISO 3166-1 alpha-2 codes, all known."""
        countries = {row["Country"] for row in registrants()}
        assert len(registrants()) == 240
        assert 60 <= len(countries) <= 69
        assert countries <= set(COUNTRIES)

    def test_nobody_is_there_twice(self):
        """Addresses differ in more than letter case; user names and numbers are unique."""
        for column in ("User Email", "Username", "User ID"):
            assert len({row[column].casefold() for row in registrants()}) == 240
        ids = [int(row["User ID"]) for row in registrants()]
        assert ids == sorted(ids)

    def test_every_address_is_reserved_for_examples(self):
        """No mail of the example can reach anybody: RFC 2606."""
        reserved = re.compile(r"[a-z0-9.'+_-]+@(?:[a-z0-9-]+\.)?example\.(?:org|com|net)")
        assert [row["User Email"] for row in registrants() if not reserved.fullmatch(row["User Email"])] == []

    def test_names_come_in_many_scripts_and_shapes(self):
        """Latin with and without marks, Cyrillic, Arabic, Han and others; apostrophes, hyphens, one word, many."""
        names = [row["Full name"] for row in registrants()]
        scripts = Counter(unicodedata.name(name[0]).split()[0] for name in names)
        assert {"LATIN", "CYRILLIC", "ARABIC", "CJK", "DEVANAGARI", "HANGUL", "ETHIOPIC"} <= set(scripts)
        assert all(scripts[each] >= 10 for each in ("CYRILLIC", "ARABIC", "CJK"))
        shapes = ("'", "-", '"', ".")
        assert all(any(shape in name for name in names) for shape in shapes)
        assert any(" " not in name and name.isascii() for name in names)
        assert max(map(len, names)) > 50
        assert all(unicodedata.is_normalized("NFC", name) for name in names)

    def test_form_of_the_conference_takes_every_row_as_it_stands(self):
        """Nothing is refused, and nothing is changed by reading."""
        form = load_conference(EXAMPLE / "conference.toml").registration.form
        columns = {"full_name": "Full name", "email": "User Email", "country": "Country"}
        columns |= {"organisation": "Organisation", "consent": "Consent"}
        for row in registrants():
            posted = {name: row[column] for name, column in columns.items()}
            found = read(form, {**posted, "password": "correct horse battery staple"})
            assert found.issues == ()
            assert {name: found.answers[name] for name in posted} == {**posted, "consent": True}

    def test_times_rise_towards_the_deadline(self):
        """In order; Beijing and GMT agree; each fortnight brings more than the one before; some in the last hour."""
        times = [gmt(row) for row in registrants()]
        assert times == sorted(times)
        assert all(
            datetime.fromisoformat(row["User Registered"]) - timedelta(hours=8)
            == gmt(row).replace(tzinfo=None)
            for row in registrants()
        )
        assert datetime(2020, 10, 11, 16, tzinfo=UTC) <= times[0]
        assert times[-1] < CUTOFF
        fortnights = Counter((CUTOFF - time) // timedelta(days=14) for time in times)
        assert fortnights[0] > fortnights[1] > fortnights[2]
        assert 3 <= sum(CUTOFF - time <= timedelta(hours=1) for time in times) <= 12


class TestContributions:
    def test_there_are_60_in_order_of_time_and_all_in_time(self):
        """Numbered 1 to 60 as they arrived, the last within two minutes of the cutoff."""
        times = [contributions()[number]["submitted"] for number in range(1, 61)]
        assert len(contributions()) == 60
        assert times == sorted(set(times))
        assert CUTOFF - timedelta(minutes=2) < times[-1] < CUTOFF
        assert all((EXAMPLE / f"contributions/{number:03}.toml").exists() for number in range(1, 61))

    def test_each_is_by_another_person_who_had_registered_before(self):
        """One contribution per registrant, never before the registration."""
        registered = {row["User Email"]: gmt(row) for row in registrants()}
        authors = [each["email"] for each in contributions().values()]
        assert len(set(authors)) == 60
        assert all(registered[each["email"]] < each["submitted"] for each in contributions().values())

    def test_each_language_of_the_united_nations_has_at_least_eight(self):
        """No other language occurs."""
        found = Counter(each["language"] for each in contributions().values())
        assert set(found) == set(LANGUAGES)
        assert min(found.values()) >= 8

    def test_each_is_written_in_the_language_that_it_says(self):
        """By script, and in Latin script by the commonest words."""
        scripts = {"ru": "CYRILLIC", "ar": "ARABIC", "zh": "CJK"}
        common = {"en": {"the", "and", "of"}, "fr": {"les", "et", "du"}, "es": {"los", "y", "el"}}
        for each in contributions().values():
            text, language = whole(each), each["language"]
            if language in scripts:
                letters = [unicodedata.name(letter, "").split()[0] for letter in text if letter.isalpha()]
                assert letters.count(scripts[language]) > 0.95 * len(letters)
            else:
                words = Counter(word.casefold() for word in _WORD.findall(text))
                counts = {name: sum(words[word] for word in found) for name, found in common.items()}
                assert max(common, key=lambda name: counts[name]) == language

    def test_lengths_lie_between_80_and_600_words(self):
        """Short ones and long ones."""
        counts = {number: word_count(each) for number, each in contributions().items()}
        assert {number: count for number, count in counts.items() if not 80 <= count <= 600} == {}
        assert min(counts.values()) < 100
        assert max(counts.values()) > 500

    def test_topics_one_to_four_are_answered_and_topic_four_often(self):
        """One to four topics each; at least 18 good practices; some answer all four."""
        topics = [set(each["answers"]) for each in contributions().values()]
        assert all(found and found <= {"1", "2", "3", "4"} for found in topics)
        assert sum("4" in found for found in topics) >= 18
        assert {len(found) for found in topics} >= {1, 2, 4}

    def test_texts_are_clean_and_can_be_quoted(self):
        """NFC, nothing invisible, no white space around: what is stored is what stands in the file."""
        for answer in (text for each in contributions().values() for text in each["answers"].values()):
            assert unicodedata.is_normalized("NFC", answer)
            assert answer == answer.strip()
            assert {unicodedata.category(letter) for letter in answer} & {"Cc", "Cf", "Co", "Cn"} <= {"Cc"}
            assert re.findall(r"[^\n -\U0010ffff]", answer) == []

    def test_no_two_share_eight_words_in_a_row_except_the_planted_duplicates(self):
        """Sixteen characters in a row, in Chinese."""
        owners: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
        for number, each in contributions().items():
            for run in runs(each["language"], whole(each)):
                owners[run].add(number)
        pairs = {pair for found in owners.values() for pair in itertools.combinations(sorted(found), 2)}
        assert pairs == DUPLICATES

    @pytest.mark.parametrize(("first", "second"), sorted(DUPLICATES))
    def test_planted_duplicates_are_nearly_and_not_quite_the_same(self, first, second):
        """The whole contribution again, with small edits, under another name."""
        texts = [whole(contributions()[number]).split() for number in (first, second)]
        assert texts[0] != texts[1]
        assert SequenceMatcher(None, *texts, autojunk=False).ratio() > 0.93

    def test_consents_are_mixed(self):
        """Most by name, some without a name, some not at all; for quoting and for publishing apart."""
        for consent in ("publish", "quote"):
            found = Counter(each[consent] for each in contributions().values())
            assert set(found) == {"named", "anonymous", "no"}
            assert found["named"] > 30
            assert min(found.values()) >= 3
        assert any(each["publish"] != each["quote"] for each in contributions().values())


class TestStories:
    def test_registrations_fail_in_the_ways_that_the_demonstration_shows(self):
        """One is a known address in other letter case; the late one comes exactly when 30 November begins."""
        known = {row["User Email"].casefold() for row in registrants()}
        found = [(each["outcome"], each.get("code")) for each in stories()["registrations"]]
        assert found == [
            ("already_registered", None),
            ("refused", "email"),
            ("refused", "consent"),
            ("registered", None),
            ("waitlisted", None),
            ("refused", "closed"),
        ]
        for each in stories()["registrations"]:
            address = each["answers"]["email"]
            assert (address.casefold() in known) == (each["outcome"] == "already_registered")
            assert (each["at"] >= CUTOFF) == (each.get("code") == "closed")
        assert stories()["registrations"][-1]["at"] == CUTOFF
        assert stories()["registrations"][0]["answers"]["email"] not in {
            row["User Email"] for row in registrants()
        }

    def test_a_draft_begun_in_time_arrives_at_the_cutoff(self):
        """By somebody registered who has contributed nothing else."""
        draft = stories()["late_draft"]
        assert draft["begun"] < CUTOFF == draft["submitted"]
        assert draft["email"] in {row["User Email"] for row in registrants()}
        assert draft["email"] not in {each["email"] for each in contributions().values()}

    def test_contribution_7_is_revised_and_58_withdrawn_in_time(self):
        """The revision changes the text; the withdrawal is on 28 November in Beijing, after the submission."""
        revision, withdrawal = stories()["revision"], stories()["withdrawal"]
        first = contributions()[7]
        assert revision["number"] == 7
        assert first["submitted"] < revision["at"] < CUTOFF
        assert revision["answers"].keys() == first["answers"].keys()
        assert all(revision["answers"][topic] != first["answers"][topic] for topic in first["answers"])
        assert withdrawal["number"] == WITHDRAWN
        assert withdrawal["at"] > contributions()[WITHDRAWN]["submitted"]
        assert (withdrawal["at"] + timedelta(hours=8)).date().isoformat() == "2020-11-28"


def latest_answer(number: int, topic: str) -> str:
    revision = stories()["revision"]
    source = revision if number == revision["number"] else contributions()[number]
    return source["answers"][topic]


@cache
def clauses() -> str:
    return (EXAMPLE / "clauses.md").read_text("utf-8")


class TestClauses:
    def test_text_is_read_without_problems(self):
        """Title, preamble, declaration; 6 to 8 preambular clauses, 12 to 14 operative ones, each with a key of its own."""
        read = parse(clauses(), "G")
        parts = Counter(clause.part for clause in read.clauses)
        assert read.problems == ()
        assert read.title == "Beijing Declaration on MOOC Development"
        assert 6 <= parts["preamble"] <= 8
        assert 12 <= parts["operative"] <= 14
        assert all(f"{{#{clause.key}}}" in clauses() for clause in read.clauses)
        assert all(clause.citations for clause in read.clauses)

    def test_clauses_are_built_as_the_united_nations_build_them(self):
        """Preamble: participles, commas. Operative: present verbs, semicolons, and a full stop at the end."""
        read = parse(clauses(), "G").clauses
        preamble = [clause.text for clause in read if clause.part == "preamble"]
        operative = [clause.text for clause in read if clause.part == "operative"]
        assert all(re.match(r"[A-Z][a-z]+ing ", text) and text.endswith(",") for text in preamble)
        assert all(re.match(r"[A-Z][a-z]+s ", text) for text in operative)
        assert [text[-1] for text in operative] == [";"] * (len(operative) - 1) + ["."]
        openings = [text.split()[0] for text in (*preamble, *operative)]
        assert len(set(openings)) == len(openings)

    def test_every_quote_stands_in_the_latest_revision_of_the_answer(self):
        """Letter by letter, in the original language."""
        quotes = [
            (int(number), topic, words) for topic, number, words in _CITATION.findall(clauses()) if words
        ]
        wrong = [quote for quote in quotes if quote[2] not in latest_answer(quote[0], quote[1])]
        assert len(quotes) > 60
        assert wrong == []

    def test_sources_cover_the_contributions_and_all_languages(self):
        """At least 40 of them; some are cited without quoting; some are left for the list of what nobody cites."""
        cited = {int(number) for _, number, _ in _CITATION.findall(clauses())}
        assert 40 <= len(cited) < 60
        assert {contributions()[number]["language"] for number in cited} == set(LANGUAGES)
        assert any(not words for _, _, words in _CITATION.findall(clauses()))
        assert len(re.findall(r"G[0-9]-", clauses())) == len(_CITATION.findall(clauses()))

    def test_nobody_is_quoted_who_does_not_want_it(self):
        """Not who said no, and not who withdrew; both occur among the contributions."""
        cited = {int(number) for _, number, _ in _CITATION.findall(clauses())}
        unwilling = {number for number, each in contributions().items() if each["quote"] == "no"}
        assert unwilling
        assert cited & (unwilling | {WITHDRAWN}) == set()

    def test_clauses_are_in_words_of_their_own(self):
        """No eight words in a row of any English contribution outside of the quotes."""
        own = runs("en", " ".join(clause.text for clause in parse(clauses(), "G").clauses))
        english = [each for each in contributions().values() if each["language"] == "en"]
        assert [each["number"] for each in english if own & runs("en", whole(each))] == []


def taken(number: int, answers: dict[str, str], at: datetime) -> Contribution | NotAccepted:
    """What the library makes of these answers, given at this instant by the contributor of this number."""
    source = contributions()[number]
    person = next(row for row in registrants() if row["User Email"] == source["email"])
    conference = load_conference(EXAMPLE / "conference.toml")
    data = ContributionData(
        answers={int(topic): text for topic, text in answers.items()},
        language=source["language"],
        quote=source["quote"],
        publish=source["publish"],
        name=person["Full name"],
        organisation=person["Organisation"],
        country=person["Country"],
    )
    return submit(
        None,
        data,
        call=conference.call,
        deadline=conference.deadlines["input"],
        context=Context(at),
        person=source["email"],
        number=number,
    )


class TestWhole:
    def test_library_takes_all_of_it_and_compiles_the_declaration(self):
        """Every answer is stored letter by letter, every quote is found; what nobody cites is what the README says."""
        found = {
            number: taken(number, each["answers"], each["submitted"])
            for number, each in contributions().items()
        }
        for number, each in contributions().items():
            assert found[number].latest.answers == {
                int(topic): text for topic, text in each["answers"].items()
            }
        revision, withdrawal = stories()["revision"], stories()["withdrawal"]
        found[7] = taken(7, revision["answers"], revision["at"])
        author = contributions()[WITHDRAWN]["email"]
        found[WITHDRAWN] = withdraw(found[WITHDRAWN], context=Context(withdrawal["at"]), person=author)
        declaration = compile_declaration(parse(clauses(), "G"), found.values())
        uncited = coverage(declaration, found.values()).uncited_contributions
        assert len(declaration.clauses) == 22
        assert uncited == ("G-018", "G-041", "G-045", "G-046", "G-052", "G-054")

    def test_library_refuses_the_draft_that_arrives_at_the_cutoff(self):
        """Closed is closed, whenever it was begun; a second earlier it would have been taken."""
        answers = stories()["late_draft"]["answers"]
        refused = taken(60, answers, CUTOFF)
        assert [issue.code for issue in refused.issues] == [stories()["late_draft"]["code"]]
        assert isinstance(taken(60, answers, CUTOFF - timedelta(seconds=1)), Contribution)

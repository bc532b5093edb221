"""What the page for hosts shows works: its Python runs from top to bottom, its tests pass."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.docs_page import run_python, text_of

from conferencekit import load_conference
from conferencekit.errors import NotFound
from conferencekit.secretariat.pages import Pages
from conferencekit.testing.secretariat import SecretariatForTests

ROOT = Path(__file__).parent.parent
PAGE = "how-to/embed.md"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The names that the page defines, run in an empty folder with the document of `examples/`."""
    folder = tmp_path_factory.mktemp("embed")
    shutil.copy(ROOT / "examples/tryout.toml", folder / "conference.toml")
    names: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield run_python(PAGE, names)
        names["secretariat"].close()
        names["rotating"].close()


def test_python_on_the_page_runs(page):
    """Every assertion in it holds."""
    assert page["answer"]


def test_the_test_on_the_page_passes(page, secretariat):
    """With the fixture that it is about."""
    page["test_my_app"](secretariat)


def test_the_test_with_a_document_of_ones_own_passes(page):
    """With the fixture as the page's own `conference` makes it."""
    with SecretariatForTests(load_conference(ROOT / "examples/tryout.toml")) as secretariat:
        page["test_my_own_conference"](secretariat)


@pytest.mark.parametrize("purpose", ["contribute", "fly"])
def test_a_link_that_a_mail_does_not_have_is_named_beside_those_that_it_has(purpose):
    """So that a test says at once that it looked into the wrong mail."""
    with SecretariatForTests(load_conference(ROOT / "examples/tryout.toml")) as secretariat:
        secretariat.clock.move_to(datetime(2036, 4, 1, 12, tzinfo=UTC))
        Pages(secretariat).register(
            {
                "full_name": "Ada",
                "email": "ada@example.org",
                "country": "GB",
                "password": "correct horse",
                "consent": "1",
            }
        )
        (mail,) = secretariat.outbox
        with pytest.raises(
            NotFound, match=f"no link '{purpose}' in this mail, only 'verify': 'Please verify"
        ):
            secretariat.link(mail, purpose)


def test_the_secret_can_be_changed_under_the_links_that_were_sent(page):
    """Old links open while both are given; new ones are made with the new secret."""
    old, new = page["secretariat"].shell.links, page["rotating"].shell.links
    assert new.proves(old.token("verify", "r-1"), "verify", "r-1")
    assert not old.proves(new.token("verify", "r-1"), "verify", "r-1")
    assert new.url("verify", "r-1").startswith("https://app.example.org/confirm/r-1.")


def test_the_examples_are_those_of_the_page():
    """Every address in its table is served by every example."""
    for row in re.findall(r"^\| `/(\S+?)(?:/<token>)?` \| `(\w+)", text_of(PAGE), re.MULTILINE):
        for name in ("flask", "fastapi", "django"):
            code = (ROOT / f"examples/embed_{name}.py").read_text(encoding="utf-8")
            assert row[0] in code
            assert row[1] in code

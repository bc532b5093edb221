"""The pages about mails and invites: their code runs, and the list of mails is the list that is in force."""

from __future__ import annotations

import re

import pytest
from tests.docs_page import run_python, text_of

from conferencekit.message.mails import MAILS
from conferencekit.message.rendering import _BLOCKS
from conferencekit.message.texts import sentences


def names(given: tuple[str, ...]) -> str:
    """As code, in their order."""
    return ", ".join(f"`{each}`" for each in given) or "-"


def reference() -> list[str]:
    """What `docs/reference/mails.md` says of every mail."""
    lines = []
    for name, kind in MAILS.items():
        lines += [
            f"## `{name}`",
            "",
            kind.about,
            "",
            "| | must have | may have |",
            "|---|---|---|",
            f"| values | {names(kind.values)} | {names(kind.options)} |",
            f"| links | {names(kind.links)} | {names(kind.optional_links)} |",
            "",
        ]
    return lines[:-1]


def test_every_mail_is_described():
    """In the order of the list."""
    page = text_of("reference/mails.md")
    wanted = "\n".join(reference())
    assert wanted in page, f"put this into docs/reference/mails.md:\n{wanted}"


@pytest.mark.parametrize("page", ["how-to/change-a-mail.md", "explanation/invites.md"])
def test_code_on_the_pages_runs(page):
    """From top to bottom, in one namespace."""
    run_python(page)


def test_every_block_is_described():
    """What a template of a host's own is built from."""
    page = text_of("how-to/change-a-mail.md")
    assert re.findall(r"^\| `(\w+)\(", page, re.MULTILINE) == list(_BLOCKS)


def test_the_keys_on_the_page_are_keys():
    """So that they can be copied."""
    page = text_of("how-to/change-a-mail.md")
    assert set(re.findall(r'"([a-z]+\.[a-z]+)"', page)) <= set(sentences("en"))

"""What the pages about time and deadlines show works, and says what they claim."""

from __future__ import annotations

import runpy
from datetime import datetime, timedelta

import pytest
from tests.docs_page import blocks, text_of

from conferencekit import load_conference
from conferencekit.moment import Moment

EXPLANATION, GUIDE = "explanation/time.md", "how-to/deadlines.md"
DOCUMENT = """
[conference]
title = "Global MOOC Conference 2020"
timezone = "Asia/Shanghai"
contact = "secretariat@example.org"

[[sessions]]
id = "opening"
title = "Opening"
starts = 2020-12-11T20:00:00
ends = 2020-12-11T22:30:00

[call]
outcome = "Declaration"
topics = [{ title = "Quality", question = "How do you keep it?" }]
"""


@pytest.mark.parametrize("page", [EXPLANATION, GUIDE])
def test_python_on_the_pages_runs(page, tmp_path):
    """From top to bottom, in one namespace; tests that are shown are called.

    From a file: Hypothesis reads the source of the tests that it runs.
    """
    program = tmp_path / "page.py"
    program.write_text("\n".join(blocks(page, "python")), encoding="utf-8")
    for name, value in runpy.run_path(str(program)).items():
        if name.startswith("test_"):
            value()


def test_documents_on_the_page_load_and_the_deadlines_resolve():
    """Each fragment in a whole document; an extension follows the deadline that it extends."""
    for block in blocks(GUIDE, "toml"):
        base = "[deadlines.registration]\nbefore = 2020-11-30\n" if block.startswith("[[") else ""
        conference = load_conference(DOCUMENT + base + block)
        for deadline in conference.deadlines.values():
            assert deadline.resolved(starts=conference.starts, ends=conference.ends).cutoff()


def test_claims_of_the_explanation():
    """The results that stand in its comments."""
    opening = Moment.at(datetime(2020, 12, 11, 20), "Asia/Shanghai")
    assert opening.text("fr", "Europe/Paris") in text_of(EXPLANATION)
    eve = Moment.at(datetime(2026, 10, 24, 12), "Europe/Berlin")
    assert eve.plus_days(1).instant - eve.instant == timedelta(hours=25)
    conference = load_conference(DOCUMENT + "[deadlines.registration]\nbefore = 2020-11-30\n")
    assert f"> {conference.deadlines['registration'].text()}\n" in text_of(EXPLANATION)

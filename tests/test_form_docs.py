"""The documentation of forms does what it says."""

from __future__ import annotations

from tests.docs_page import run_python


def test_the_guide_runs():
    """Its blocks follow from one another; their assertions hold."""
    run_python("how-to/forms.md")

"""The form backend that is built in: plain HTML that works without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from ..form.fields import Form
from ..form.issues import Issue
from ..form.reading import NamedFile, Reading, read
from ..form.rendering import RenderedForm, render


@frozen
class HtmlForms:
    """Forms as `conferencekit.form.rendering` makes them, read as `conferencekit.form.reading` does."""

    def read(
        self,
        form: Form,
        posted: object,
        *,
        files: Mapping[str, Sequence[NamedFile]] | None = None,
        draft: bool = False,
    ) -> Reading:
        """Clean and check what was posted."""
        return read(form, posted, files=files, draft=draft)

    def render(
        self,
        form: Form,
        *,
        answers: object = None,
        issues: Sequence[Issue] = (),
        locale: str | None = None,
        hidden: Mapping[str, str] | None = None,
        action: str = "",
    ) -> RenderedForm:
        """The form as HTML."""
        return render(form, answers=answers, issues=issues, locale=locale, hidden=hidden, action=action)

"""Compiling the declaration, and sharing the good practices."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from ..conference import Call
from ..context import Context
from ..declaration.clauses import parse
from ..declaration.markdown import to_markdown
from ..declaration.showcase import Practice, Showcase, good_practices
from ..declaration.synthesis import Coverage, Declaration, compile_declaration, coverage
from ..events import DeclarationCompiled, GoodPracticesPublished
from ..moment import instant_text
from ..ports import BlobStore, Committed, Op, Put
from .broadcasts import Broadcast, put_broadcast
from .contributions import Contributions
from .shell import Actor, Shell


@frozen(kw_only=True)
class Compiled:
    """A declaration, what it rests on, and what it leaves out. `digest` is the SHA-256 of its Markdown."""

    declaration: Declaration
    coverage: Coverage
    markdown: str
    digest: str


@frozen(kw_only=True)
class Published:
    """How many practices and files were written."""

    practices: int
    files: int


class Declarations:
    """The service behind `secretariat.declaration`."""

    def __init__(
        self,
        shell: Shell,
        contributions: Contributions,
        blobs: Callable[[], BlobStore],
        actor: Actor,
    ) -> None:
        self._shell = shell
        self._contributions = contributions
        self._blobs = blobs
        self._actor = actor

    def draft(self, clauses: str | bytes, *, source: str = "the text of clauses") -> Compiled:
        """Compile a text of clauses: every quote is found in its source, or `DeclarationRefused` says what is nearest.

        Nothing is stored.
        """
        call = self._contributions.call
        live = self._contributions.live()
        sources = self._contributions.all_states("submitted", "withdrawn")  # to tell withdrawn from unknown
        declaration = compile_declaration(parse(clauses, call.prefix, source=source), sources)
        markdown = to_markdown(declaration, self._shell.conference, live)
        return Compiled(
            declaration=declaration,
            coverage=coverage(declaration, live),
            markdown=markdown,
            digest=hashlib.sha256(markdown.encode()).hexdigest(),
        )

    def compile(self, clauses: str | bytes, *, source: str = "the text of clauses") -> Compiled:
        """Compile a text of clauses and put the result into the log. The same text again is logged once."""
        compiled = self.draft(clauses, source=source)
        context = self._shell.context()
        if self._shell.get("declaration", compiled.digest) is not None:
            return compiled
        body = {"schema": 1, "markdown": compiled.markdown, "at": instant_text(context.now)}
        put = Put(kind="declaration", id=compiled.digest, body=body, expect=0)
        entry = self._shell.entry(
            context, self._actor, "declaration_compiled", compiled.digest, {"digest": compiled.digest}
        )
        if isinstance(self._shell.commit(self._shell.change(entry, [put])), Committed):
            count = len(compiled.declaration.clauses)
            self._shell.announce(
                [
                    DeclarationCompiled(
                        conference=self._shell.id,
                        subject=compiled.digest,
                        at=context.now,
                        entry=entry.id,
                        digest=compiled.digest,
                        clauses=count,
                    )
                ]
            )
        return compiled

    def good_practices(self, *, locale: str | None = None) -> Showcase:
        """The pages and files of the good practices, as data. Raises `NotFound` for a conference without a call."""
        _ = self._contributions.call
        return good_practices(self._shell.conference, self._contributions.live(), locale=locale)

    def publish_good_practices(self, folder: Path, *, tell: bool = False) -> Published:
        """Write the pages and files into a folder; with `tell` everybody registered gets a notice with the link.

        The folder is replaced as a whole once everything is written, so that nobody sees half of it.
        """
        showcase = self.good_practices()
        self._write(showcase, folder)
        context = self._shell.context()
        count, files = len(showcase.practices), len(showcase.contents)
        ops: list[Op] = []
        if tell:
            values = {"practices": [_titled(each, self._contributions.call) for each in showcase.practices]}
            broadcast = Broadcast(
                id=context.new_id("b"),
                template="good_practices_shared",
                at=context.now,
                links=("good_practices",),
                values=values,
            )
            ops.append(put_broadcast(broadcast, version=0))
        entry = self._shell.entry(
            context, self._actor, "good_practices_published", self._shell.id, {"practices": count}
        )
        if isinstance(self._shell.commit(self._shell.change(entry, ops)), Committed):
            self._shell.announce([_shared(self._shell.id, count, entry.id, context)])
        return Published(practices=count, files=files)

    def _write(self, showcase: Showcase, folder: Path) -> None:
        fresh = folder.with_name(f"{folder.name}.part")
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(parents=True)
        for name, content in showcase.contents.items():
            path = fresh.joinpath(*name.split("/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                path.write_text(content, encoding="utf-8", newline="\n")
            else:
                with self._blobs().open(content.sha256) as source, path.open("wb") as target:
                    shutil.copyfileobj(source, target)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)


def _titled(practice: Practice, call: Call) -> dict[str, object]:
    """A practice in one line, for the mail: its label, who is credited, and the topic that it stands under."""
    topic = next(each for each in call.topics if each.number == practice.topic)
    return {"title": practice.label, "by": practice.credit, "topic": topic.title.text()}


def _shared(conference: str, practices: int, entry: str, context: Context) -> GoodPracticesPublished:
    return GoodPracticesPublished(
        conference=conference, subject=conference, at=context.now, entry=entry, practices=practices
    )

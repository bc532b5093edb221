"""From the arguments of a command to an open secretariat.

Everything lies beside the document unless said otherwise: `gmc2020.toml` has its store in `gmc2020.db`, its mails in
`gmc2020.outbox`, its uploads in `gmc2020.db.files` and its secret in `gmc2020.secret`. A command opens what it needs:
only one that sends mail needs the secret and an address for links, and only one that enters something makes a store.
"""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..conference import Conference
from ..document import load_conference
from ..errors import ConferenceOutdated, StoreUnavailable
from ..ports import Record
from ..secretariat import Secretariat
from ..secretariat.plan import document_digest, in_force_document
from ..secretariat.shell import InForce
from .failing import SITE_VARIABLE
from .output import Output
from .plugging import installed_plugins
from .secret import keep_secret, secret_of
from .store_place import require_file, store_url, url_of

NO_SITE: Final = "https://no-mail-is-sent.invalid"  # for commands that render no mail


@contextmanager
def opened(
    given: argparse.Namespace,
    output: Output,
    *,
    conference: Conference | None = None,
    enters: bool = False,
    sends: bool = False,
    proves: bool = False,
    looks: bool = False,
) -> Iterator[Secretariat]:
    """The secretariat that the arguments name, with the document in force.

    `enters`: the store is made where there is none. `sends`: links are made, so the secret and a site are needed.
    `proves`: what was sent before comes back, so the secret is needed. `looks`: a changed document is not taken up,
    since that tells everybody.
    """
    found = conference or load_conference(given.conference)
    store = store_url(given)
    if not enters:
        require_file(store, "`conferencekit import` begins a store, and --store names another")
    secret, new_at = secret_of(given) if sends or proves else (secrets.token_bytes(32), None)
    secretariat = Secretariat(
        found,
        store=store,
        mailer=url_of(
            getattr(given, "mailer", None) or str(given.conference.with_suffix(".outbox")), "maildir:"
        ),
        secret=secret,
        site=_site(given, found) if sends else NO_SITE,
        plugins=installed_plugins(),
        blobs=url_of(given.files, "folder:") if getattr(given, "files", None) else None,
    )
    with secretariat:
        if not (looks and _is_changed(secretariat, found, given, output)):
            _put_in_force(secretariat, found, given, output, enters=enters)
        if new_at is not None and sends:
            keep_secret(secret, new_at, output)
        yield secretariat


@contextmanager
def opened_as_it_is(given: argparse.Namespace, conference: Conference, remedy: str) -> Iterator[Secretariat]:
    """The secretariat on the conference's store, for looking: whatever document is in force there stays so."""
    store = store_url(given)
    require_file(store, remedy)
    plugins = installed_plugins()
    with Secretariat(
        conference,
        store=store,
        mailer="memory:",
        secret=secrets.token_bytes(32),
        site=NO_SITE,
        plugins=plugins,
    ) as secretariat:
        yield secretariat


def in_force(secretariat: Secretariat) -> Record | None:
    """The record that names the document in force; None if the conference is new to the store."""
    return secretariat.shell.get("conference", "current")


def _is_changed(
    secretariat: Secretariat, conference: Conference, given: argparse.Namespace, output: Output
) -> bool:
    """Whether another document is in force than the one at hand; then work goes on with that one."""
    current = in_force(secretariat)
    if current is None or document_digest(conference) == str(current.body["digest"]):
        return False
    held = in_force_document(secretariat.shell, current)
    secretariat.shell.in_force = InForce(held, str(current.body["digest"]), current.version)
    output.note(
        f"{given.conference} is not in force as it is now: this is about the one that people were told."
    )
    return True


def _put_in_force(
    secretariat: Secretariat,
    conference: Conference,
    given: argparse.Namespace,
    output: Output,
    *,
    enters: bool,
) -> None:
    """Take a changed document up, and say what it changes. Raises `ConferenceOutdated` and `PlanInUse`."""
    current = in_force(secretariat)
    if current is None:
        _refuse_stranger(secretariat, conference, given, enters=enters)
        _ = secretariat.conference  # puts it in force
        return
    if document_digest(conference) == str(current.body["digest"]):
        return
    refuse_outdated(secretariat, conference, given)
    lines = secretariat.reload(conference, by=given.by, reason=getattr(given, "why", None) or "")
    output.note(f"{given.conference} has changed, and is in force as it is now:")
    for line in lines:
        output.note(f"  {line}")


def refuse_outdated(secretariat: Secretariat, conference: Conference, given: argparse.Namespace) -> None:
    """Raise `ConferenceOutdated` for an earlier revision than the one in force, unless that is meant (`--revert`)."""
    current, ours = in_force(secretariat), document_digest(conference)
    theirs = str(current.body["digest"]) if current else ours
    is_known = secretariat.shell.get("conference_revision", ours) is not None
    if ours != theirs and is_known and not given.revert:
        raise ConferenceOutdated(ours, theirs)


def _refuse_stranger(
    secretariat: Secretariat, conference: Conference, given: argparse.Namespace, *, enters: bool
) -> None:
    """A store that keeps other conferences and not this one: a wrong store, or an id that was changed."""
    others = [each for each in secretariat.shell.store.conferences() if each != conference.id]
    if enters and (given.store or not others):
        return
    reason = "it is empty; `conferencekit import` begins it, and --store names another"
    if others:
        reason = (
            f"it keeps {', '.join(map(repr, others[:5]))}, and {given.conference} is the plan of {conference.id!r}; "
            "put conference.id back as it was, or name another store by --store"
        )
    raise StoreUnavailable(store_url(given), reason)


def _site(given: argparse.Namespace, conference: Conference) -> str | None:
    return given.site or os.environ.get(SITE_VARIABLE) or conference.website

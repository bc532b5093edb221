"""The hooks that a plugin may implement: registrations, called once at the start, and events, called after a commit.

A plugin is a module or an object with functions of these names, marked with `hookimpl`:

    from conferencekit import hookimpl

    @hookimpl
    def conferencekit_register_stores(registry):
        registry.add("shelf", ShelfStore.open)

Implementations are plain functions: no `async def`, no generators, no wrappers. They run in the order of the names of
their plugins. What an event hook returns is ignored, and what it raises harms no other: it is reported by
`Plugins.announce`. An installed distribution names its plugin in the entry-point group `conferencekit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pluggy

if TYPE_CHECKING:  # the registries are made by conferencekit.plugins, which reads this module
    from . import events
    from .form.field_types import FieldType
    from .plugins import (
        BlobStoreFactory,
        Exporter,
        FormBackendFactory,
        MailerFactory,
        Registrar,
        StoreFactory,
    )

PROJECT: Final = "conferencekit"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def conferencekit_register_stores(registry: Registrar[StoreFactory]) -> None:
    """Offers stores: `registry.add(scheme, open)`, where `open(url)` returns a `conferencekit.ports.Store`."""


@hookspec
def conferencekit_register_mailers(registry: Registrar[MailerFactory]) -> None:
    """Offers mailers: `registry.add(scheme, open)`, where `open(url)` returns a `conferencekit.ports.Mailer`."""


@hookspec
def conferencekit_register_form_backends(registry: Registrar[FormBackendFactory]) -> None:
    """Offers form backends: `registry.add(name, make)`, where `make()` returns a `conferencekit.ports.FormBackend`."""


@hookspec
def conferencekit_register_blob_stores(registry: Registrar[BlobStoreFactory]) -> None:
    """Offers blob stores: `registry.add(scheme, open)`, where `open(url)` returns a `conferencekit.ports.BlobStore`."""


@hookspec
def conferencekit_register_field_types(registry: Registrar[FieldType]) -> None:
    """Offers types of answers: `registry.add(name, check)`; `check(field, answer)` gives what to keep or an `Issue`."""


@hookspec
def conferencekit_register_exporters(registry: Registrar[Exporter]) -> None:
    """Offers formats of tables: `registry.add(format, export)`, and `export(header, rows)` yields the file's bytes."""


@hookspec
def conferencekit_conference_revised(event: events.ConferenceRevised) -> None:
    """A changed document was put in force."""


@hookspec
def conferencekit_registration_received(event: events.RegistrationReceived) -> None:
    """A registration was taken that is not confirmed yet."""


@hookspec
def conferencekit_address_verified(event: events.AddressVerified) -> None:
    """The owner of an address proved that it is theirs."""


@hookspec
def conferencekit_registration_confirmed(event: events.RegistrationConfirmed) -> None:
    """A registration was confirmed: the place is theirs."""


@hookspec
def conferencekit_registration_waitlisted(event: events.RegistrationWaitlisted) -> None:
    """A registration waits for a place."""


@hookspec
def conferencekit_registration_declined(event: events.RegistrationDeclined) -> None:
    """An organiser declined a registration."""


@hookspec
def conferencekit_registration_cancelled(event: events.RegistrationCancelled) -> None:
    """A registration was cancelled."""


@hookspec
def conferencekit_attendance_changed(event: events.AttendanceChanged) -> None:
    """Somebody's calendar answered an invite."""


@hookspec
def conferencekit_session_moved(event: events.SessionMoved) -> None:
    """A session got other times, another place or link, or takes place after all."""


@hookspec
def conferencekit_session_cancelled(event: events.SessionCancelled) -> None:
    """A session will not take place."""


@hookspec
def conferencekit_contribution_submitted(event: events.ContributionSubmitted) -> None:
    """A contribution was submitted for the first time."""


@hookspec
def conferencekit_contribution_revised(event: events.ContributionRevised) -> None:
    """A submitted contribution was replaced by a later revision."""


@hookspec
def conferencekit_contribution_withdrawn(event: events.ContributionWithdrawn) -> None:
    """A contribution was taken back."""


@hookspec
def conferencekit_declaration_compiled(event: events.DeclarationCompiled) -> None:
    """The declaration was compiled from its clauses."""


@hookspec
def conferencekit_good_practices_published(event: events.GoodPracticesPublished) -> None:
    """The page of good practices was published."""


@hookspec
def conferencekit_ledger_sealed(event: events.LedgerSealed) -> None:
    """The log was sealed: publish the root, or hand it to somebody who keeps it."""

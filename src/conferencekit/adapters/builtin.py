"""The built-in adapters, registered the way every plugin registers. Their modules load when one is opened."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..hookspecs import hookimpl

if TYPE_CHECKING:  # conferencekit.plugins imports this module
    from ..plugins import (
        BlobStoreFactory,
        Exporter,
        FormBackendFactory,
        MailerFactory,
        Registrar,
        StoreFactory,
    )


def _later(module: str, path: str) -> Callable[..., Any]:
    """A factory that imports its adapter at the first call."""

    def factory(*args: Any) -> Any:
        found: Any = importlib.import_module(f"{__package__}.{module}")
        for name in path.split("."):
            found = getattr(found, name)
        return found(*args)

    return factory


@hookimpl
def conferencekit_register_stores(registry: Registrar[StoreFactory]) -> None:
    """Registers `memory:` and `sqlite:///path`."""
    registry.add("memory", _later("memory", "MemoryStore.open"))
    registry.add("sqlite", _later("sqlite", "SQLiteStore.open"))


@hookimpl
def conferencekit_register_mailers(registry: Registrar[MailerFactory]) -> None:
    """Registers `memory:`, `maildir:path` and `smtp://user:password@host:port?tls=starttls`."""
    registry.add("memory", _later("memory_mailer", "MemoryMailer.open"))
    registry.add("maildir", _later("maildir", "MaildirMailer.open"))
    registry.add("smtp", _later("smtp", "SmtpMailer.open"))


@hookimpl
def conferencekit_register_blob_stores(registry: Registrar[BlobStoreFactory]) -> None:
    """Registers `folder:path` and `memory:`."""
    registry.add("folder", _later("folder", "FolderBlobStore.from_url"))
    registry.add("memory", _later("memory_blobs", "MemoryBlobStore.from_url"))


@hookimpl
def conferencekit_register_form_backends(registry: Registrar[FormBackendFactory]) -> None:
    """Registers `html`."""
    registry.add("html", _later("html_forms", "HtmlForms"))


@hookimpl
def conferencekit_register_exporters(registry: Registrar[Exporter]) -> None:
    """Registers `csv`."""
    registry.add("csv", _later("csv_table", "export"))

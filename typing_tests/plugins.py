"""Never run, only checked: what a plugin's author writes is typed."""

from __future__ import annotations

from typing import assert_type

from conferencekit import hookimpl, make_plugin_manager
from conferencekit.events import RegistrationConfirmed
from conferencekit.plugins import PluginFailure, Plugins, Registrar, StoreFactory, open_store
from conferencekit.ports import Mailer, Store
from conferencekit.wire import Layout


class Bell:
    @hookimpl
    def conferencekit_registration_confirmed(self, event: RegistrationConfirmed) -> None:
        assert_type(event.reference, str)

    @hookimpl
    def conferencekit_register_stores(self, registry: Registrar[StoreFactory]) -> None:
        registry.add("shelf", open_shelf)


def open_shelf(url: str) -> Store:
    return open_store(url, make_plugin_manager())


def tell(plugins: Plugins, event: RegistrationConfirmed) -> None:
    assert_type(plugins.announce(event), tuple[PluginFailure, ...])
    assert_type(plugins.mailers.get("smtp")("smtp://localhost"), Mailer)


def read(body: dict[str, object]) -> RegistrationConfirmed:
    return Layout(RegistrationConfirmed).from_body(body)

"""A secretariat says that its store is not fit to hold registrations: once, and not in tests."""

from __future__ import annotations

import subprocess
import sys
import warnings
from types import MappingProxyType

import pytest

from conferencekit import Secretariat
from conferencekit.adapters.memory import MemoryStore
from conferencekit.errors import UnfitStore
from conferencekit.ports import missing_claims
from conferencekit.testing.secretariat import SITE, SecretariatForTests, conference_for_tests


def opened(store: object, **options: object) -> Secretariat:
    made = Secretariat(
        conference_for_tests(),
        store=store,
        mailer="memory:",
        secret=b"only for tests, never!",
        site=SITE,
        **options,
    )
    made.shell.in_force  # noqa: B018 - the first use opens the store
    return made


@pytest.mark.parametrize(
    ("claimed", "missing"),
    [
        ("", ("durable", "processes or exclusive")),
        ("durable", ("processes or exclusive",)),
        ("processes hosts", ("durable",)),
        ("durable processes", ()),
        ("durable exclusive", ()),
        ("durable hosts", ()),
    ],
)
def test_fit_is_what_is_durable_and_safe_from_a_second_process(claimed, missing):
    """The rule of the conformance suite and of the warning."""
    assert missing_claims(dict.fromkeys(claimed.split(), "because")) == missing


def test_a_store_that_forgets_is_warned_of_with_its_url_and_the_remedy():
    """At the first use, not when the secretariat is made."""
    with pytest.warns(
        UnfitStore, match=r"memory: does not claim to be durable and processes or exclusive.*sqlite:///"
    ):
        opened("memory:")


def test_a_store_that_is_handed_over_is_called_by_its_class():
    """It has no URL."""
    with pytest.warns(UnfitStore, match="MemoryStore"):
        opened(MemoryStore())


def test_the_warning_holds_no_password():
    """A URL may have one, before the host or among the options."""
    from conferencekit import hookimpl

    class Stores:
        @hookimpl
        def conferencekit_register_stores(self, registry):
            registry.add("cloud", lambda _: MemoryStore())

    with pytest.warns(UnfitStore) as caught:
        opened("cloud://ana:s3cret@host/gmc?key=t0ken", plugins=[Stores()])
    text = str(caught[0].message)
    assert "cloud://ana:***@host/gmc " in text
    assert "s3cret" not in text
    assert "t0ken" not in text


def test_a_fit_store_and_a_secretariat_for_tests_are_quiet(tmp_path, secretariat):
    """Nothing is said where nothing is wrong, nor where forgetting is meant."""

    class Fit(MemoryStore):
        capabilities = MappingProxyType({"durable": "for this test", "exclusive": "for this test"})

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened(f"sqlite:///{tmp_path}/records.db").close()
        opened(Fit())
        secretariat.shell.in_force  # noqa: B018 - the first use opens the store
        SecretariatForTests(store=MemoryStore()).shell.in_force  # noqa: B018 - as above


def test_it_is_said_once_in_a_process():
    """Two secretariats on stores of one URL, and one that was closed and opened again."""
    script = """
from tests.test_store_fit import opened
one, two = opened("memory:"), opened("memory:")
one.close()
one.shell.in_force
"""
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stderr.count("UnfitStore: ") == 1

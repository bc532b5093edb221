"""`store_suite(url)`: the test class by which a store shows that it keeps the contract of `ports.Store`.

from conferencekit.testing import store_suite

TestShelfStore = store_suite("shelf:{tmp}/records")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ..plugins import make_plugin_manager, open_store
from ..ports import Store, missing_claims
from .store_beside import run_batches
from .store_cases import Case, run_case
from .store_claims import IndexContract, QuotaContract, UniqueContract
from .store_commits import CommitContract
from .store_crashes import CrashContract
from .store_disk import DiskContract
from .store_dump import DumpContract
from .store_hostile import HostileContract
from .store_life import CAPABILITIES, LifeContract
from .store_model import run_model
from .store_outbox import LeaseContract, SettleContract
from .store_pages import EntryContract, PageContract
from .store_races import ProcessContract, ThreadContract
from .store_samples import Changes
from .store_seals import SealContract
from .store_waiting import WaitingContract


class _StoreSuite(
    CommitContract,
    UniqueContract,
    QuotaContract,
    IndexContract,
    PageContract,
    EntryContract,
    LeaseContract,
    SettleContract,
    LifeContract,
    DumpContract,
    HostileContract,
    ThreadContract,
    ProcessContract,
    SealContract,
    CrashContract,
    DiskContract,
    WaitingContract,
):
    """All contracts, and the comparison with the reference. `store_suite` makes a class of its own from it."""

    what: str
    url_at: Callable[[Path], str]
    plugins: Sequence[object]
    examples: int
    batches: int
    shrink = True

    @pytest.fixture
    def case(self, tmp_path: Path) -> Iterator[Case]:
        """The store's URL in a directory of its own, and what works on it."""
        yield from run_case(self.url_at(tmp_path), self.plugins, tmp_path)

    @pytest.fixture
    def store(self, case: Case) -> Store:
        """An empty store."""
        return case.open()

    @pytest.fixture
    def changes(self) -> Changes:
        """Makes change sets."""
        return Changes()

    def test_any_sequence_of_calls_agrees_with_the_reference(self, tmp_path: Path) -> None:
        manager = make_plugin_manager(*self.plugins)

        def open_at(place: Path) -> Store:
            return open_store(self.url_at(place), manager)

        run_model(open_at, tmp_path, examples=self.examples, steps=20, shrink=self.shrink)

    def test_random_batches_agree_with_the_reference(self, store: Store) -> None:
        run_batches(store, self.batches)

    def test_verdict(self, store: Store, record_property: Callable[[str, object], None]) -> None:
        missing = [name for name in CAPABILITIES if name not in store.capabilities]
        is_fit = not missing_claims(store.capabilities)
        verdict = f"fit to hold registrations: {'yes' if is_fit else 'no'}"
        if missing:
            verdict = f"not claimed and so not proven: {', '.join(missing)}; {verdict}"
        record_property("verdict", f"{self.what}: {verdict}")
        if not is_fit:
            pytest.skip(verdict)


def store_suite(
    url: str | Callable[[Path], str],
    *,
    plugins: Sequence[object] = (),
    kills: int = 40,
    examples: int = 40,
    batches: int = 2_000,
) -> type:
    """A fresh pytest class that tests the store at a URL. Bind it to a name that begins with `Test`.

    What a store does not claim in `capabilities` is skipped, with "not claimed and so not proven" as the reason; the
    last test says whether the store is fit to hold registrations.

    Args:
        url: in it, `{tmp}` is replaced by a temporary directory, a new one for each test. Or a function that makes the
            URL of an empty store from that directory, and may start a server or skip the test.
        plugins: modules that register the store, where no installed distribution does. Other processes import them by
            name.
        kills: how often a working process is killed to see whether what it acknowledged was kept.
        examples: how many random histories are compared with the reference, drawn and shrunk by Hypothesis.
        batches: how many random batches are. A store may replace `conferencekit.store.evaluate` by something faster
            only if it agrees on 10,000.
    """
    if isinstance(url, str):
        what, url_at = url, _in_directory(url)
    else:
        what, url_at = url.__name__, url
    members = {"what": what, "url_at": staticmethod(url_at), "plugins": tuple(plugins)}
    members |= {"kills": kills, "examples": examples, "batches": batches}
    members |= {"__doc__": f"The contract of a store, on {what}."}
    return type("TestStore", (_StoreSuite,), members)


def _in_directory(url: str) -> Callable[[Path], str]:
    return lambda place: url.replace("{tmp}", str(place))

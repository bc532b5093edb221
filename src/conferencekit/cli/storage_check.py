"""`conferencekit storage check URL`: does a store keep the contract?"""

from __future__ import annotations

import argparse
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from attrs import asdict

from ..errors import MissingExtra, PluginBroken
from .files import check_writable, write_file
from .output import Output

if TYPE_CHECKING:
    from ..testing.store_report import StoreReport


def run_check(given: argparse.Namespace, output: Output) -> int:
    """Run the whole contract against a store, and report what was proven."""
    try:
        from ..testing import store_report, store_report_page  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtra("testing", "Checking a store") from error
    if given.report:
        check_writable(given.report)
    with output.progress("Testing", 100) as tick:
        report = store_report.check_store(
            given.url,
            plugins=[_plugin(name) for name in given.plugin],
            kills=given.kills,
            progress=lambda done, of: tick(100 * done // max(of, 1)),
        )
    if given.report:
        write_file(given.report, [store_report_page.html_of(report)])
    _say(report, output)
    output.result(
        {
            "url": report.url,
            "fit": report.is_fit,
            "about": dict(report.about),
            "claimed": dict(report.claimed),
            "proven": list(report.proven),
            "unproven": list(report.unproven),
            "gaps": {name: dict(each) for name, each in report.gaps.items() if each},
            "passed": {area.about: area.passed for area in report.areas},
            "failed": {test: store_report_page.why_failed(reason) for test, reason in report.failures},
            "speed": asdict(report.speed),
            "syncs_per_commit": dict(report.syncs),
        }
    )
    return 1 if report.failures else 0


def _say(report: StoreReport, output: Output) -> None:
    from ..testing import store_report_page  # noqa: PLC0415 - an extra

    header = ("the contract", "passed", "failed", "skipped")
    rows = [(each.about, each.passed, len(each.failed), len(each.skipped)) for each in report.areas]
    output.table("", header, rows)
    output.say()
    output.table("", ("capability", "", "the reason"), list(store_report_page.capability_rows(report)))
    output.say()
    header = ("registrations per second", "this store", "memory", "syncs for each commit")
    output.table("", header, store_report_page.speed_rows(report))
    output.say(f"{store_report_page.disk_line(report)}\n")
    for test, reason in report.failures:
        output.say(f"FAILED {test}: {store_report_page.why_failed(reason)}")
    output.say(f"{'; '.join(each.removesuffix('.') for each in report.about.values())}.")
    output.say(store_report_page.summary(report))
    output.say(f"Fit to hold registrations: {'yes' if report.is_fit else 'no'}")


def _plugin(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise PluginBroken(name, f"it cannot be imported: {error}") from error

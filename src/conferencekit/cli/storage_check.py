"""`conferencekit storage check URL`: does a store keep the contract?"""

from __future__ import annotations

import argparse
from importlib import import_module
from types import ModuleType

from ..errors import MissingExtra, PluginBroken
from .files import check_writable, write_file
from .output import Output
from .storage_commands import say_which_sqlite


def run_check(given: argparse.Namespace, output: Output) -> int:
    """Run the whole contract against a store, and report what was proven."""
    try:
        from ..testing import store_page, store_report  # noqa: PLC0415 - an extra
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
        write_file(given.report, [store_page.html_of(report)])
    header = ("the contract", "passed", "failed", "skipped")
    rows = [(each.about, each.passed, len(each.failed), len(each.skipped)) for each in report.areas]
    output.table("", header, rows)
    output.say()
    output.table("", ("capability", "", "the store's reason"), list(store_page.capability_rows(report)))
    output.say()
    output.table("", ("registrations per second", "this store", "memory"), store_page.speed_rows(report))
    output.say(f"The disk synced {report.speed.fsyncs:,.0f} times a second meanwhile.\n")
    say_which_sqlite(given.url, output)
    for test, reason in report.failures:
        output.say(f"FAILED {test}: {reason.strip().splitlines()[-1]}")
    output.say(store_page.summary(report))
    output.say(f"Fit to hold registrations: {'yes' if report.is_fit else 'no'}")
    output.result(
        {
            "url": report.url,
            "fit": report.is_fit,
            "claimed": report.claimed,
            "proven": list(report.proven),
            "unproven": list(report.unproven),
            "failed": [test for test, _ in report.failures],
            "speed": {
                "single": report.speed.single,
                "grouped": report.speed.grouped,
                "fsyncs": report.speed.fsyncs,
            },
        }
    )
    return 1 if report.failures else 0


def _plugin(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise PluginBroken(name, f"it cannot be imported: {error}") from error

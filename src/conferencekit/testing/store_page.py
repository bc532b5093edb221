"""The report of a store's check as one HTML page that needs nothing else: for the README of a plugin to link to."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from .store_report import Area, StoreReport

_STYLE = """
:root{color-scheme:light dark;--ink:#16202b;--dim:#4d5a68;--line:#d5dbe2;--good:#0b6b3a;--bad:#a3161f;--page:#fff}
@media(prefers-color-scheme:dark){
:root{--ink:#e8edf2;--dim:#a3afbb;--line:#39434e;--good:#6fd39b;--bad:#ff9a9f;--page:#12181f}}
body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);margin:0}
main{max-width:52rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.5rem;margin:0 0 .2rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2rem 0 .5rem}
.verdict{font-size:1.2rem;font-weight:600;margin:.6rem 0}.yes{color:var(--good)}.no{color:var(--bad)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line)}
td.number,th.number{text-align:right}p,li{overflow-wrap:anywhere}.dim{color:var(--dim)}
pre{overflow-x:auto;background:color-mix(in srgb,var(--ink) 7%,var(--page));padding:.6rem;font-size:.85rem}
"""


def html_of(report: StoreReport) -> str:
    """The page. Everything that comes from the store is escaped."""
    return "".join(_page(report))


def _page(report: StoreReport) -> Iterator[str]:
    title = escape(f"Store check: {report.url}")
    yield f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    word, cls = ("yes", "yes") if report.is_fit else ("no", "no")
    yield f'<p class="verdict">Fit to hold registrations: <span class="{cls}">{word}</span></p>\n'
    yield f'<p class="dim">{escape(summary(report))}</p>\n'
    yield from _capabilities(report)
    yield from _areas(report)
    yield from _failures(report)
    yield from _speed(report)
    yield "</main>\n</body>\n</html>\n"


def summary(report: StoreReport) -> str:
    """How many tests there were and how they ended."""
    passed = sum(area.passed for area in report.areas)
    skipped = sum(len(area.skipped) for area in report.areas)
    return (
        f"{passed} tests passed, {len(report.failures)} failed, {skipped} skipped, in {report.seconds:.0f} s."
    )


def capability_rows(report: StoreReport) -> Iterator[tuple[str, str, str]]:
    """(capability, what became of it, the store's reason), the claimed ones first."""
    for name, reason in report.claimed.items():
        if name in report.proven:
            yield name, "claimed and proven", reason
        elif name == "hosts":
            yield name, "claimed; one machine cannot prove it", reason
        else:
            yield name, "claimed and NOT proven", reason
    for name in report.unproven:
        yield name, "not claimed and so not proven", ""


def speed_rows(report: StoreReport) -> list[tuple[str, str, str]]:
    """(what, of this store, of the memory store): registrations per second."""
    speed = report.speed
    return [
        ("one by one", f"{speed.single:,.0f}", f"{speed.memory_single:,.0f}"),
        ("32 at once", f"{speed.grouped:,.0f}", f"{speed.memory_grouped:,.0f}"),
    ]


def _capabilities(report: StoreReport) -> Iterator[str]:
    yield "<h2>What it claims</h2>\n"
    yield from _table(("capability", "", "the store's reason"), capability_rows(report))


def _areas(report: StoreReport) -> Iterator[str]:
    yield "<h2>The contract</h2>\n"
    yield from _table(("part", "passed", "failed", "skipped"), map(_counts, report.areas), numbers=True)
    skipped = [(what, reason) for area in report.areas for what, reason in area.skipped]
    if skipped:
        yield f"<details><summary>{len(skipped)} skipped</summary>"
        yield from _table(("test", "why"), skipped)
        yield "</details>\n"


def _counts(area: Area) -> tuple[str, str, str, str]:
    return area.about, str(area.passed), str(len(area.failed)), str(len(area.skipped))


def _failures(report: StoreReport) -> Iterator[str]:
    if report.failures:
        yield "<h2>What failed</h2>\n"
    for test, reason in report.failures:
        yield f"<details><summary>{escape(test)}</summary><pre>{escape(reason)}</pre></details>\n"


def _speed(report: StoreReport) -> Iterator[str]:
    yield "<h2>Registrations per second</h2>\n"
    yield from _table(("", "this store", "the memory store"), speed_rows(report), numbers=True)
    fsyncs = f"{report.speed.fsyncs:,.0f}"
    yield f'<p class="dim">The disk under the temporary folder synced {fsyncs} times a second meanwhile.</p>\n'


def _table(header: tuple[str, ...], rows: object, *, numbers: bool = False) -> Iterator[str]:
    yield '<div class="scroll"><table>\n<thead><tr>'
    yield from (f"<th{_class(at, numbers=numbers)}>{escape(name)}</th>" for at, name in enumerate(header))
    yield "</tr></thead>\n<tbody>\n"
    for row in rows:  # type: ignore[attr-defined]  # an iterable of rows of any length
        cells = "".join(
            f"<td{_class(at, numbers=numbers)}>{escape(cell)}</td>" for at, cell in enumerate(row)
        )
        yield f"<tr>{cells}</tr>\n"
    yield "</tbody>\n</table></div>\n"


def _class(column: int, *, numbers: bool) -> str:
    return ' class="number"' if numbers and column else ""

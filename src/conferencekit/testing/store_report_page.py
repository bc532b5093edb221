"""The report of a store's check as one HTML page that needs nothing else: for the README of a plugin to link to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from .store_report import Area, StoreReport

_STYLE = """
:root{color-scheme:light dark;--ink:#16202b;--dim:#556270;--line:#dce1e7;--good:#0b6b3a;--bad:#a3161f;--warn:#8a5a00;
--page:#fff;--card:#f5f7f9}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf2;--dim:#a3afbb;--line:#333d48;--good:#6fd39b;--bad:#ff9a9f;
--warn:#f0bf6a;--page:#12181f;--card:#1a222b}}
*{box-sizing:border-box}
body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);margin:0}
main{max-width:54rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.1rem;font-weight:500;margin:0 0 .75rem;color:var(--dim)}
h1 code{color:var(--ink);font-size:1rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2.25rem 0 .5rem}
.verdict{background:var(--card);border-left:.4rem solid var(--bad);border-radius:.3rem;padding:1rem 1.25rem;margin:0}
.verdict.yes{border-color:var(--good)}.verdict p{margin:.2rem 0 0}
.verdict strong{font-size:1.35rem;line-height:1.3}
.good,.yes strong span{color:var(--good)}.bad,.no strong span{color:var(--bad)}.warn{color:var(--warn)}
.dim{color:var(--dim)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th{font-size:.85rem;font-weight:600;color:var(--dim)}
th,td{text-align:left;vertical-align:top;padding:.4rem 1rem .4rem 0;border-bottom:1px solid var(--line)}
td:last-child,th:last-child{padding-right:0}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.status{min-width:9rem}td.none{color:var(--dim)}
p,li,summary{overflow-wrap:anywhere}summary{cursor:pointer;padding:.35rem 0}
details ul{margin:.2rem 0 .8rem}
pre{overflow-x:auto;background:var(--card);padding:.75rem;font-size:.82rem;border-radius:.3rem}
"""

_CLASSES = {"claimed and proven": "good", "claimed and NOT proven": "bad"}


def html_of(report: StoreReport) -> str:
    """The page. Everything that comes from the store is escaped."""
    return "".join(_page(report))


def _page(report: StoreReport) -> Iterator[str]:
    title = escape(f"Store check: {report.url}")
    yield f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
    yield f"<h1>Store check of <code>{escape(report.url)}</code></h1>\n"
    word = "yes" if report.is_fit else "no"
    yield f'<div class="verdict {word}"><strong>Fit to hold registrations: <span>{word}</span></strong>\n'
    yield f"<p>{escape(summary(report))}</p>\n"
    yield f'<p class="dim">{escape("; ".join(each.removesuffix(".") for each in report.about.values()))}.</p></div>\n'
    yield from _failures(report)
    yield from _capabilities(report)
    yield from _areas(report)
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
    """(capability, what became of it, the store's reason), the claimed ones first; "" goes on with the one above."""
    for name, reason in report.claimed.items():
        if name in report.proven:
            yield name, "claimed and proven", reason
            for why, tests in grouped(report.gaps.get(name, ())):
                yield "", f"not proven: {', '.join(tests)}", why.removesuffix("; so not proven")
        elif name == "hosts":
            yield name, "claimed; one machine cannot prove it", reason
        else:
            yield name, "claimed and NOT proven", reason
    for name in report.unproven:
        yield name, "not claimed and so not proven", ""


def grouped(skipped: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """(reason, tests), each reason once; the variants of a test count as one."""
    found: dict[str, dict[str, None]] = {}
    for test, reason in skipped:
        found.setdefault(reason, {})[test.partition("[")[0]] = None
    return [(reason, list(tests)) for reason, tests in found.items()]


def why_failed(reason: str) -> str:
    """The one line of a failure that says most: what was compared, else where it was."""
    lines = reason.strip().splitlines()
    told = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")]
    return told[0] if told else lines[-1]


def speed_rows(report: StoreReport) -> list[tuple[str, str, str, str]]:
    """(how, registrations per second, those of the memory store, syncs of the disk for each commit)."""
    speed = report.speed
    rows = (
        ("one by one", speed.single, speed.memory_single),
        ("8 threads", speed.threads, speed.memory_threads),
        ("32 at once", speed.grouped, speed.memory_grouped),
    )
    return [
        (how, f"{mine:,.0f}", f"{memory:,.0f}", _syncs(report.syncs.get(how))) for how, mine, memory in rows
    ]


def _syncs(count: float | None) -> str:
    return "not counted" if count is None else f"{count:.2f}"


def disk_line(report: StoreReport) -> str:
    """How fast the disk was, to read the speeds by."""
    return f"The disk under the temporary folder synced {report.speed.fsyncs:,.0f} times a second meanwhile."


def _capabilities(report: StoreReport) -> Iterator[str]:
    yield "<h2>What it claims</h2>\n"
    yield '<div class="scroll"><table>\n<thead><tr><th>capability</th><th></th><th>the reason</th></tr></thead>\n'
    yield "<tbody>\n"
    for name, status, reason in capability_rows(report):
        cls = _CLASSES.get(status, "warn" if name in report.claimed or not name else "dim")
        cells = (
            f'<td>{escape(name)}</td><td class="status {cls}">{escape(status)}</td><td>{escape(reason)}</td>'
        )
        yield f"<tr>{cells}</tr>\n"
    yield "</tbody>\n</table></div>\n"


def _areas(report: StoreReport) -> Iterator[str]:
    yield "<h2>The contract, part by part</h2>\n"
    yield from _table(("part", "passed", "failed", "skipped"), map(_counts, report.areas))
    skipped = [each for area in report.areas for each in area.skipped]
    if skipped:
        yield f"<details><summary>What was skipped, and why ({len(skipped)})</summary>\n<ul>\n"
        for reason, tests in grouped(skipped):
            yield f"<li>{escape(reason)}: {escape(', '.join(tests))}</li>\n"
        yield "</ul></details>\n"


def _counts(area: Area) -> tuple[str, str, str, str]:
    return area.about, str(area.passed), str(len(area.failed)), str(len(area.skipped))


def _failures(report: StoreReport) -> Iterator[str]:
    if report.failures:
        yield "<h2>What failed</h2>\n"
    for test, reason in report.failures:
        yield f'<details><summary><span class="bad">{escape(test)}</span>: {escape(why_failed(reason))}</summary>'
        yield f"<pre>{escape(reason)}</pre></details>\n"


def _speed(report: StoreReport) -> Iterator[str]:
    yield "<h2>Speed</h2>\n"
    header = ("registrations per second", "this store", "the memory store", "syncs for each commit")
    yield from _table(header, speed_rows(report))
    yield f'<p class="dim">{escape(disk_line(report))}</p>\n'


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A column of words, and columns of numbers."""
    yield '<div class="scroll"><table>\n<thead><tr>'
    yield from (f"<th{_class(at)}>{escape(name)}</th>" for at, name in enumerate(header))
    yield "</tr></thead>\n<tbody>\n"
    for row in rows:
        cells = (f"<td{_class(at, cell, header[at])}>{escape(cell)}</td>" for at, cell in enumerate(row))
        yield f"<tr>{''.join(cells)}</tr>\n"
    yield "</tbody>\n</table></div>\n"


def _class(column: int, cell: str = "", of: str = "") -> str:
    if not column:
        return ""
    more = " none" if cell == "0" else " bad" if cell and of == "failed" else ""
    return f' class="number{more}"'

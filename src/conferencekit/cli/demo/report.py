"""The report of the demonstration: one self-contained page with pictures drawn as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from html import escape

from attrs import field, frozen

_LANGUAGES = {
    "en": ("English", "#1d4f91"),
    "fr": ("French", "#2f8f6b"),
    "es": ("Spanish", "#c97b1a"),
    "ru": ("Russian", "#8a3b6e"),
    "zh": ("Chinese", "#b53a2e"),
    "ar": ("Arabic", "#5b6770"),
}
_STYLE = """
:root{color-scheme:light;--ink:#17202a;--muted:#566573;--line:#d8dee4;--blue:#1d4f91}
*{box-sizing:border-box}
body{margin:0;font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;color:var(--ink);background:#f6f7f9}
main{max-width:62rem;margin:0 auto;padding:2rem 1rem 4rem}
header p{color:var(--muted);margin:.2rem 0 0;font-size:1.1rem}
h1{font-size:1.9rem;line-height:1.2;margin:0}
h2{font-size:1.2rem;margin:0 0 .8rem}
section{background:#fff;border:1px solid var(--line);border-radius:8px;padding:1.2rem;margin-top:1.2rem;overflow-x:auto}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:1rem;margin:0}
dl div{border-left:3px solid var(--blue);padding-left:.7rem}
dt{color:var(--muted);font-size:.85rem}
dd{margin:0;font-size:1.35rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
table{border-collapse:collapse;width:100%;font-size:.92rem}
td,th{text-align:start;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line)}
td:first-child{white-space:nowrap;color:var(--muted);font-variant-numeric:tabular-nums}
ul.key{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;padding:0;margin:.8rem 0 0;font-size:.88rem}
ul.key span{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;margin-right:.35rem;vertical-align:-1px}
"""


@frozen
class Chart:
    """Bars with their names, the longest first; `more` says how many are not shown."""

    bars: Sequence[tuple[str, int]]
    more: int = 0


@frozen(kw_only=True)
class Figures:
    """What the page shows."""

    title: str
    theme: str
    numbers: Mapping[str, object]
    days: Sequence[tuple[date, int]]
    countries: Chart
    topics: Mapping[int, Mapping[str, int]]
    topic_titles: Mapping[int, str]
    happened: Sequence[tuple[datetime, str, str]] = field(factory=list)


def report_html(figures: Figures) -> str:
    """The whole page."""
    return "".join(_page(figures))


def _page(figures: Figures) -> Iterator[str]:
    title = escape(figures.title)
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{title}: report</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
    yield f"<header><h1>{title}</h1><p>{escape(figures.theme)}</p></header>\n"
    yield _section("In figures", _numbers(figures.numbers))
    yield _section("Registrations over time", _over_time(figures.days))
    yield _section("Registrations by country", _bars(figures.countries))
    yield _section("Contributions by topic and language", _stacks(figures))
    yield _section("What happened", _story(figures.happened))
    yield "</main>\n</body>\n</html>\n"


def _section(heading: str, content: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>\n{content}</section>\n"


def _numbers(numbers: Mapping[str, object]) -> str:
    shown = {True: "yes", False: "no"}
    rows = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(shown[value] if isinstance(value, bool) else str(value))}</dd></div>"
        for name, value in numbers.items()
    )
    return f"<dl>{''.join(rows)}</dl>\n"


def _svg(width: int, height: int, label: str, shapes: Iterable[str]) -> str:
    content = "".join(shapes)
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}" style="min-width:34rem">'
        f"{content}</svg>\n"
    )


def _over_time(days: Sequence[tuple[date, int]]) -> str:
    """The sum of registrations day by day, as an area."""
    if not days:
        return "<p>Nobody registered.</p>\n"
    first, last = days[0][0], days[-1][0]
    counts = dict(days)
    span = (last - first).days or 1
    total, points = 0, []
    top = sum(counts.values())
    for offset in range(span + 1):
        total += counts.get(first + timedelta(days=offset), 0)
        points.append((40 + offset * 840 / span, 220 - total * 190 / top))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"40,220 {line} 880,220"
    return _svg(900, 250, f"{top} registrations from {first} to {last}", _area(area, line, top, first, last))


def _area(area: str, line: str, top: int, first: date, last: date) -> Iterator[str]:
    for share in (0, 0.5, 1):
        y = 220 - 190 * share
        yield f'<line x1="40" x2="880" y1="{y}" y2="{y}" stroke="#d8dee4"/>'
        yield f'<text x="34" y="{y + 4}" text-anchor="end">{round(top * share)}</text>'
    yield f'<polygon points="{area}" fill="#1d4f91" fill-opacity=".15"/>'
    yield f'<polyline points="{line}" fill="none" stroke="#1d4f91" stroke-width="2.5"/>'
    yield f'<text x="40" y="242">{first}</text><text x="880" y="242" text-anchor="end">{last}</text>'


def _bars(chart: Chart) -> str:
    longest = max((count for _, count in chart.bars), default=1)
    height = 24 * len(chart.bars)

    def shapes() -> Iterator[str]:
        for position, (name, count) in enumerate(chart.bars):
            y = 24 * position
            yield f'<text x="190" y="{y + 16}" text-anchor="end">{escape(name)}</text>'
            yield f'<rect x="200" y="{y + 4}" width="{640 * count / longest:.1f}" height="16" rx="2" fill="#1d4f91"/>'
            yield f'<text x="{206 + 640 * count / longest:.1f}" y="{y + 16}">{count}</text>'

    more = f"<p>And {chart.more} more countries.</p>\n" if chart.more > 0 else ""
    return _svg(900, height, "Registrations by country", shapes()) + more


def _stacks(figures: Figures) -> str:
    longest = max((sum(counts.values()) for counts in figures.topics.values()), default=1) or 1

    def shapes() -> Iterator[str]:
        for position, (number, counts) in enumerate(sorted(figures.topics.items())):
            y = 44 * position
            title = f"{number}. {figures.topic_titles[number]}"
            yield f'<text x="0" y="{y + 14}">{escape(title)}</text>'
            yield from _stack(counts, y + 20, 820 / longest)
            yield f'<text x="{6 + sum(counts.values()) * 820 / longest:.1f}" y="{y + 34}">{sum(counts.values())}</text>'

    keys = (
        f'<li><span style="background:{colour}"></span>{name}</li>' for name, colour in _LANGUAGES.values()
    )
    picture = _svg(900, 44 * len(figures.topics), "Contributions by topic and language", shapes())
    return f'{picture}<ul class="key">{"".join(keys)}</ul>\n'


def _stack(counts: Mapping[str, int], y: int, unit: float) -> Iterator[str]:
    x = 0.0
    for language, (name, colour) in _LANGUAGES.items():
        width = counts.get(language, 0) * unit
        if width:
            title = f"<title>{name}: {counts[language]}</title>"
            yield f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="18" fill="{colour}">{title}</rect>'
        x += width


def _story(happened: Sequence[tuple[datetime, str, str]]) -> str:
    rows = (
        f"<tr><td>{at:%Y-%m-%d %H:%M} UTC</td><td>{escape(what)}</td><td>{escape(outcome)}</td></tr>\n"
        for at, what, outcome in happened
    )
    head = "<tr><th>When</th><th>What</th><th>How it ended</th></tr>\n"
    return f"<table><thead>{head}</thead><tbody>\n{''.join(rows)}</tbody></table>\n"

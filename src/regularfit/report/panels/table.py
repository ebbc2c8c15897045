"""The data: what was given, what the target looks like, what is missing or was left out."""

from __future__ import annotations

from regularfit.report import findings
from regularfit.report.data import ReportData, TargetFacts
from regularfit.report.html import Markup, join, table, tag
from regularfit.report.panels._section import plot, section
from regularfit.report.panels._strengths import brief
from regularfit.report.scale import Scale
from regularfit.report.svg import Chart
from regularfit.report.words import count, number, percent, shorten

__all__ = ["panel"]

_SHOWN = 12  # rows of a list before it is folded


def panel(data: ReportData) -> Markup:
    """Return the panel."""
    target = data.target
    task = (
        f"{target.task.capitalize()}: {target.reason}." if target.reason else f"{target.task.capitalize()}."
    )
    body = [tag("p", task, cls="remark"), _kinds(data)]
    body.append(_classes(data) if target.classes else _histogram(target))
    body += [_missing(data), _dropped(data)]
    return section("data", "Data", "What went in, before any model saw it.", findings.table(data), *body)


def _kinds(data: ReportData) -> Markup:
    kinds = data.table.kinds or {}
    items = [
        tag("li", tag("b", f"{n:,}"), " ", kind if n == 1 else _plural(kind)) for kind, n in kinds.items()
    ]
    return tag("ul", *items, cls="chips") if items else Markup("")


def _plural(kind: str) -> str:
    return kind[:-1] + "ies" if kind.endswith("y") else kind + "s"


def _histogram(target: TargetFacts) -> Markup:
    if not target.histogram:
        return Markup("")
    q = target.quantiles
    caption = f"{target.name}: mean {number(target.mean)}, standard deviation {number(target.sd)}"
    if len(q) == 5:
        low, lower, upper, high = (_short(q[i]) for i in (0, 1, 3, 4))
        caption += f"; from {low} to {high}, the middle half between {lower} and {upper}"
    x, top = Scale(target.edges[0], target.edges[-1]), max(target.histogram)
    chart = Chart(x, Scale(0, top), f"Histogram of {caption}.", height=120)
    chart.x_axis(shorten(target.name, 40), brief, most=8)
    for low, high, rows in zip(target.edges, target.edges[1:], target.histogram, strict=False):
        chart.bar(low, high, rows, f"{number(low)} to {number(high)}: {count(rows, 'row')}")
    return plot(chart, caption + ".", cls="bare low")


def _short(x: float) -> str:
    """A whole number as it is, any other one with three digits."""
    return f"{x:,.0f}".replace("-", "−") if x == round(x) and abs(x) < 1e7 else number(x)


def _classes(data: ReportData) -> Markup:
    target = data.target
    total = max(sum(target.counts), 1)
    if data.by_class is not None:  # every class has a probability: no role to tell
        each = zip(target.classes, target.counts, strict=True)
        shares = [(name, f"{n:,}", percent(n / total)) for name, n in each]
        return _folded(f"Classes of {target.name}", (target.name, "rows", "share"), shares)
    rows = [
        (name, f"{n:,}", percent(n / total), "the one whose probability is predicted" if i else "")
        for i, (name, n) in enumerate(zip(target.classes, target.counts, strict=True))
    ]
    return table(f"Classes of {target.name}", (target.name, "rows", "share", "role"), rows, "compact")


def _missing(data: ReportData) -> Markup:
    found = sorted((data.table.missing or {}).items(), key=lambda pair: -pair[1])
    rows = [(name, f"{n:,}", percent(n / max(data.table.rows, 1))) for name, n in found]
    return _folded("Missing values", ("column", "missing", "share of rows"), rows)


def _dropped(data: ReportData) -> Markup:
    rows = [(d.name, d.reason) for d in data.table.dropped]
    return _folded("Columns left out", ("column", "because it"), rows)


def _folded(caption: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Markup:
    """A short list is shown, the rest of a long one folded away; a very long one ends in a count."""
    if not rows:
        return Markup("")
    shown, rest, most = rows[:_SHOWN], rows[_SHOWN:], 200
    parts = [table(caption, head, shown, "compact")]
    if rest:
        more = [table(f"{caption}, continued", head, rest[:most], "compact")]
        if len(rest) > most:
            more.append(tag("p", f"And {len(rest) - most:,} more, listed in run.json.", cls="remark"))
        parts.append(tag("details", tag("summary", f"The other {len(rest):,}"), *more))
    return join(parts)

"""The candidates: every penalty at its own best strength, with intervals and paired differences."""

from __future__ import annotations

import math

from regularfit.report import findings
from regularfit.report.data import CandidateFacts, ReportData
from regularfit.report.finding import all_candidates, winner
from regularfit.report.html import Markup, join, table, tag
from regularfit.report.panels._section import plot, section
from regularfit.report.panels._strengths import brief
from regularfit.report.scale import Scale, spanning
from regularfit.report.svg import Chart
from regularfit.report.tree_facts import TreeCandidateFacts
from regularfit.report.words import common_power, number, percent, power_of_ten, signed

__all__ = ["panel"]

Competitor = CandidateFacts | TreeCandidateFacts

_ROW = 46  # pixels a candidate


def panel(data: ReportData) -> Markup:
    """Return the panel."""
    purpose = "Every penalty that competed, each at the strength the same rule chose for it."
    if data.trees is not None:
        purpose = (
            "Every penalty and every model of trees that competed on the same folds, each at the strength or size the "
            "same rule chose for it."
        )
    every = all_candidates(data)
    measured = all(math.isfinite(v) for c in every for v in _interval(c))
    body = [*([_picture(data)] if measured else []), _numbers(data)]
    return section("candidates", "Candidates", purpose, findings.candidates(data), *body)


def _interval(c: Competitor, honest: bool = True) -> tuple[float, float, float]:
    """Low, middle and high: honest where there is an honest score, else one standard error around the tuned one."""
    if c.honest and honest:
        return c.honest.low, c.honest.mean, c.honest.high
    return c.error - c.se, c.error, c.error + c.se


def _picture(data: ReportData) -> Markup:
    every, won = all_candidates(data), winner(data)
    honest = all(c.honest for c in every)
    ranges = [_interval(c, honest) for c in every]
    x = spanning([v for r in ranges for v in r] + [c.train_error for c in every], 0.06)
    said = "; ".join(
        f"{c.name} {number(r[1])}, {number(r[0])} to {number(r[2])}"
        for c, r in zip(every, ranges, strict=True)
    )
    chart = Chart(
        x, Scale(0, 1), f"Error of each candidate with its interval: {said}.", height=_ROW * len(ranges) + 6
    )
    chart.x_axis(data.target.score_name, brief, most=6)
    for row, (c, span) in enumerate(zip(every, ranges, strict=True)):
        chart.add(_row(c, span, x, row, c is won))
    kind = (
        f"{percent(data.candidates[0].honest.level)} interval"
        if data.candidates[0].honest and honest
        else "one standard error"
    )
    caption = f"Filled: error on rows not seen, with its {kind}. Ring: error on the training rows."
    return plot(chart, caption, cls="bare low")


def _row(c: Competitor, span: tuple[float, float, float], x: Scale, row: int, taken: bool) -> Markup:
    y, cls = _ROW * row + 34, "taken" if taken else "other"
    at = [f"{100 * x(v):.2f}%" for v in span]
    words = f"{c.name}: {number(span[1])}, {number(span[0])} to {number(span[2])}"
    parts: list[Markup] = [
        tag(
            "text",
            c.name,
            tag("tspan", "  chosen", cls="badge") if taken else "",
            x="0",
            y=y - 18,
            cls="rowname",
        ),
        tag("line", x1="0", x2="100%", y1=y, y2=y, cls="grid"),
        tag("line", x1=at[0], x2=at[2], y1=y, y2=y, cls="whisker"),
        tag("circle", cx=at[1], cy=y, r=5.5, cls="dot"),
    ]
    if x.first <= c.train_error <= x.last:
        parts.append(tag("circle", cx=f"{100 * x(c.train_error):.2f}%", cy=y, r=3.5, cls="ring"))
    return tag("g", tag("title", words), *parts, cls=f"candidate {cls}")


def _numbers(data: ReportData) -> Markup:
    every, won = all_candidates(data), winner(data)
    power = common_power(c.error for c in every)
    unit = f", × {power_of_ten(power)}" if power else ""
    honest = (f"honest interval{unit}",) if any(c.honest for c in every) else ()
    last = "strength" if data.trees is None else "strength or size"
    head = ("candidate", f"error ± se{unit}", f"difference ± se{unit}", *honest, "gap", "columns", last)
    rows = [_facts(c, c is won, 10.0**power, bool(honest)) for c in every]
    return table("Candidates in numbers", head, rows, "numbers")


def _facts(c: Competitor, taken: bool, unit: float, with_honest: bool) -> tuple[object, ...]:
    name = join([c.name, tag("span", "chosen", cls="badge")]) if taken else c.name
    honest = (_honest(c, unit),) if with_honest else ()
    best = c.difference == 0 and c.difference_se == 0
    apart = "lowest" if best else _with_se(signed(c.difference / unit), c.difference_se / unit)
    size = c.size if isinstance(c, TreeCandidateFacts) else number(c.strength)
    error = _with_se(number(c.error / unit), c.se / unit)
    return name, error, apart, *honest, percent(c.gap), f"{c.kept:,}", size


def _honest(c: Competitor, unit: float) -> str:
    return f"{number(c.honest.low / unit)} – {number(c.honest.high / unit)}" if c.honest else "–"


def _with_se(text: str, se: float) -> str:
    return f"{text} ± {number(se, 2)}" if math.isfinite(se) else text

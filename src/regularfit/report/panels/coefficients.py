"""The coefficients: for one standard deviation, where columns compare, and for one unit, where they predict."""

from __future__ import annotations

from collections.abc import Sequence

from regularfit.report import findings
from regularfit.report.data import Coefficient, ReportData
from regularfit.report.html import Markup, table, tag
from regularfit.report.panels._section import section
from regularfit.report.scale import Scale
from regularfit.report.words import number, signed

__all__ = ["panel"]

_SHOWN = 16


def panel(data: ReportData) -> Markup:
    """Return the panel."""
    purpose = "What the chosen model adds for each column, everything else equal."
    found = data.coefficients
    body: list[Markup] = []
    if found:
        body.append(_bars("Coefficients of the chosen model", found[:_SHOWN], found))
    if len(found) > _SHOWN:
        rest = _bars("Coefficients of the chosen model, continued", found[_SHOWN:], found)
        body.append(tag("details", tag("summary", f"The next {len(found) - _SHOWN}"), rest))
    body.append(
        tag("p", f"Intercept: {number(data.intercept, 4)} (when every column is zero).", cls="remark")
    )
    return section("coefficients", "Coefficients", purpose, findings.coefficients(data), *body)


def _bars(caption: str, rows: Sequence[Coefficient], among: Sequence[Coefficient]) -> Markup:
    head = ("column", "", "for one standard deviation", "for one unit")
    values = [c.standardised for c in among] + [0.0]
    across = Scale(min(values), max(values))
    cells = [(c.name, _bar(c, across), signed(c.standardised), signed(c.original, 4)) for c in rows]
    return table(caption, head, cells, "bars")


def _bar(c: Coefficient, across: Scale) -> Markup:
    """A bar from zero, to the right for a plus and to the left for a minus."""
    left, right = sorted((100 * across(0.0), 100 * across(c.standardised)))
    sign = "plus" if c.standardised >= 0 else "minus"
    bar = tag("rect", x=f"{left:.2f}%", width=f"{right - left:.2f}%", y=3, height=12, cls=sign)
    at = f"{100 * across(0.0):.2f}%"
    middle = tag("line", x1=at, x2=at, y1=0, y2=18, cls="axis")
    return tag("svg", bar, middle, height=18, width="100%", aria_hidden="true", cls="bar")

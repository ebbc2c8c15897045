"""The coefficients: for one standard deviation, where columns compare, and for one unit, where they predict."""

from __future__ import annotations

from collections.abc import Sequence

from regularfit.report import findings
from regularfit.report.data import Coefficient, ReportData
from regularfit.report.findings_trees import of_linear
from regularfit.report.html import Markup, table, tag
from regularfit.report.panels import by_class
from regularfit.report.panels._bar import bar
from regularfit.report.panels._section import section
from regularfit.report.scale import Scale
from regularfit.report.words import number, signed

__all__ = ["panel"]

_SHOWN = 16


def panel(data: ReportData) -> Markup:
    """Return the panel."""
    if data.by_class is not None:
        return by_class.panel(data, data.by_class)
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
    return section(
        "coefficients", "Coefficients", of_linear(data, purpose), findings.coefficients(data), *body
    )


def _bars(caption: str, rows: Sequence[Coefficient], among: Sequence[Coefficient]) -> Markup:
    head = ("column", "", "for one standard deviation", "for one unit")
    values = [c.standardised for c in among] + [0.0]
    across = Scale(min(values), max(values))
    cells = [
        (c.name, bar(c.standardised, across), signed(c.standardised), signed(c.original, 4)) for c in rows
    ]
    return table(caption, head, cells, "bars")

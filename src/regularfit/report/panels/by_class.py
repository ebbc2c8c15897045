"""The coefficients where every class has its own: one column of numbers a class."""

from __future__ import annotations

from collections.abc import Sequence

from regularfit.report import findings
from regularfit.report.by_class import ByClass, ClassCoefficients
from regularfit.report.data import ReportData
from regularfit.report.findings_trees import of_linear
from regularfit.report.html import Markup, join, table, tag
from regularfit.report.panels._bar import bar
from regularfit.report.panels._section import section
from regularfit.report.scale import Scale
from regularfit.report.words import number, signed

__all__ = ["panel"]

_SHOWN = 16


def panel(data: ReportData, found: ByClass) -> Markup:
    """Return the panel."""
    purpose = (
        "What the chosen model adds to each class for one standard deviation of a column. The difference between two "
        "classes is the change of their log-odds."
    )
    body, all_ = [], found.coefficients
    if all_:
        body.append(_bars("Coefficients for one standard deviation", data, all_[:_SHOWN], all_))
    if len(all_) > _SHOWN:
        rest = _bars("Coefficients for one standard deviation, continued", data, all_[_SHOWN:], all_)
        body.append(tag("details", tag("summary", f"The next {len(all_) - _SHOWN}"), rest))
    body.append(
        tag("details", tag("summary", "Intercepts, and coefficients for one unit"), _units(data, found))
    )
    return section(
        "coefficients", "Coefficients", of_linear(data, purpose), findings.coefficients(data), *body
    )


def _bars(
    caption: str, data: ReportData, rows: Sequence[ClassCoefficients], among: Sequence[ClassCoefficients]
) -> Markup:
    values = [value for c in among for value in c.standardised] + [0.0]
    across = Scale(min(values), max(values))
    cells = [
        (c.name, *(join([tag("span", signed(v)), bar(v, across, 6)]) for v in c.standardised)) for c in rows
    ]
    return table(caption, ("column", *data.target.classes), cells, "classes")


def _units(data: ReportData, found: ByClass) -> Markup:
    """What predicts: the intercepts, for every column at zero, and the coefficients on the columns' own scale."""
    cells = [("intercept", *(number(v, 4) for v in found.intercepts))]
    cells += [(c.name, *(signed(v, 4) for v in c.original)) for c in found.coefficients]
    return table("For one unit of each column", ("column", *data.target.classes), cells, "classes")

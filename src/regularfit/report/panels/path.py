"""The path: every column's coefficient as the penalty weakens, names at the curves."""

from __future__ import annotations

from regularfit.report import findings_along
from regularfit.report.data import ColumnPath, PathFacts, ReportData
from regularfit.report.findings_trees import of_linear
from regularfit.report.html import Markup
from regularfit.report.panels._section import plot, section
from regularfit.report.panels._strengths import AXIS, brief, mark_choices, strength_scale
from regularfit.report.scale import spanning
from regularfit.report.svg import Chart, Label
from regularfit.report.words import count, number

__all__ = ["panel"]

_NAMED = 18  # labels that fit beside the picture
_COLOURED = 7  # distinct colours; further curves are grey until pointed at


def panel(data: ReportData) -> Markup:
    """Return the panel."""
    purpose = "How the model grows as its penalty weakens: the whole family it was chosen from."
    drawn = len(data.path.strengths) > 1 and any(any(c.values) for c in data.path.columns)
    return section(
        "path",
        "Path",
        of_linear(data, purpose),
        findings_along.path(data),
        *([_picture(data)] if drawn else []),
    )


def _picture(data: ReportData) -> Markup:
    facts = data.path
    columns = [c for c in facts.columns if any(c.values)]
    x = strength_scale(facts.strengths)
    what = "Coefficients" if data.by_class is None else "Widest differences between two classes' coefficients"
    title = (
        f"{what} of {count(len(columns), 'column')} along {len(facts.strengths)} strengths of the penalty."
    )
    chart = Chart(x, spanning([v for c in columns for v in c.values] + [0.0]), title, height=380)
    chart.x_axis(AXIS, brief)
    chart.y_axis(brief)
    _counts(chart, facts)
    chart.across(0.0)
    for rank in reversed(range(len(columns))):  # the largest are drawn last, on top
        chart.line(facts.strengths, columns[rank].values, _colour(rank), _words(columns[rank]), f"p{rank}")
    mark_choices(chart, data)
    chart.labels(
        [Label(c.values[-1], c.name, _colour(i), f"p{i}") for i, c in enumerate(columns[:_NAMED])], 16.0
    )
    readings = [
        (x(s), f"strength {number(s)}: {count(n, 'column')} in the model")
        for s, n in zip(facts.strengths, facts.nonzeros, strict=True)
    ]
    caption = f"{what} for one standard deviation of each column. The small numbers above count columns kept."
    return plot(chart, caption, readings, "named counted", "Point at a curve or a name to follow one column.")


def _counts(chart: Chart, facts: PathFacts) -> None:
    last = len(facts.strengths) - 1
    steps = min(last, 8)
    at = sorted({round(last * i / steps) for i in range(steps + 1)})
    chart.top_counts([facts.strengths[i] for i in at], [f"{facts.nonzeros[i]:,}" for i in at])


def _colour(rank: int) -> str:
    return f"c{rank}" if rank < _COLOURED else "grey"


def _words(column: ColumnPath) -> str:
    return f"{column.name}: {number(column.values[-1])} at the weakest penalty"

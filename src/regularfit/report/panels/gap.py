"""Training against held-out error: how much of the fit is the data's own noise, at every strength."""

from __future__ import annotations

from regularfit.report import findings_along
from regularfit.report.data import CurveFacts, ReportData
from regularfit.report.finding import chosen
from regularfit.report.findings_trees import of_linear
from regularfit.report.html import Markup
from regularfit.report.panels._section import plot, section
from regularfit.report.panels._strengths import AXIS, brief, mark_choices, strength_scale
from regularfit.report.panels.curve import error_scale
from regularfit.report.svg import Chart, Label
from regularfit.report.words import number, percent

__all__ = ["panel"]


def panel(data: ReportData) -> Markup:
    """Return the panel."""
    purpose = (
        "A model nearly always does better on the rows it was fitted to. The space between the curves is that "
        "advantage."
    )
    c = chosen(data).curve
    body = [_picture(data, c)] if c is not None and c.train and len(c.strengths) > 1 else []
    return section("gap", "Train against held-out", of_linear(data, purpose), findings_along.gap(data), *body)


def _picture(data: ReportData, c: CurveFacts) -> Markup:
    x = strength_scale(c.strengths)
    title = f"Training and held-out {data.target.score_name} along {len(c.strengths)} strengths."
    chart = Chart(x, error_scale(c, c.train), title, height=280)
    chart.x_axis(AXIS, brief)
    chart.y_axis(brief)
    chart.band(c.strengths, c.train, c.mean, "between")
    chart.line(c.strengths, c.train, "c1 strong")
    chart.line(c.strengths, c.mean, "c0 strong")
    mark_choices(chart, data)
    top = max(chart.y.first, chart.y.last)
    chart.labels(
        [Label(min(c.mean[-1], top), "held out", "c0", "held"), Label(c.train[-1], "training", "c1", "train")]
    )
    rows = zip(c.strengths, c.mean, c.train, strict=True)
    readings = [
        (
            x(s),
            f"strength {number(s)}: held out {number(m)}, training {number(t)}, "
            f"gap {percent((m - t) / t) if t else '–'}",
        )
        for s, m, t in rows
    ]
    return plot(
        chart,
        f"{data.target.score_name.capitalize()} of {chosen(data).name}.",
        readings,
        "named flagged",
    )

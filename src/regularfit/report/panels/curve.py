"""The cross-validation curve: every fold, their mean with its standard error, and both choices."""

from __future__ import annotations

from collections.abc import Sequence

from regularfit.report import findings_along
from regularfit.report.data import CurveFacts, ReportData
from regularfit.report.finding import chosen
from regularfit.report.findings_trees import of_linear
from regularfit.report.html import Markup, tag
from regularfit.report.panels._section import plot, section
from regularfit.report.panels._strengths import AXIS, brief, strength_scale
from regularfit.report.scale import Scale, spanning
from regularfit.report.svg import Chart
from regularfit.report.tree_facts import TreeCurve
from regularfit.report.words import count, number

__all__ = ["around", "error_scale", "panel"]


def panel(data: ReportData) -> Markup:
    """Return the panel."""
    purpose = "The error on rows left out of the fit, at every strength. Its lowest point is the choice."
    c = chosen(data).curve
    body = [] if c is None or len(c.strengths) < 2 else [_picture(data, c), _others(data)]
    return section("curve", "CV curve", of_linear(data, purpose), findings_along.curve(data), *body)


def error_scale(c: CurveFacts | TreeCurve, also: Sequence[float] = ()) -> Scale:
    """Return an axis that shows the valley: what rises far above the strongest penalty's error is cut off."""
    low, high = around(c)
    ceiling = c.mean[0] + 2 * c.se[0]
    ceiling += 0.3 * (ceiling - min(c.mean))
    valley = [fold[c.best] for fold in c.folds]
    return spanning([*(min(v, ceiling) for v in [*low, *high, *valley]), *also], 0.04)


def around(c: CurveFacts | TreeCurve) -> tuple[list[float], list[float]]:
    """Return the mean less and plus one standard error."""
    pairs = list(zip(c.mean, c.se, strict=True))
    return [m - s for m, s in pairs], [m + s for m, s in pairs]


def _picture(data: ReportData, c: CurveFacts) -> Markup:
    x = strength_scale(c.strengths)
    title = f"Held-out {data.target.score_name} along {len(c.strengths)} strengths, lowest {number(c.mean[c.best])}."
    chart = Chart(x, error_scale(c), title, height=320)
    chart.x_axis(AXIS, brief)
    chart.y_axis(brief)
    for fold in c.folds:
        chart.line(c.strengths, fold, "fold")
    chart.band(c.strengths, *around(c), "band")
    chart.line(c.strengths, c.mean, "c0 strong")
    _mark(chart, c, data.chosen.strength)
    chart.dot(c.strengths[c.best], c.mean[c.best], "first")
    if c.one_se != c.best:
        chart.dot(c.strengths[c.one_se], c.mean[c.one_se], "second")
    shown = (
        f"the first {len(c.folds)} of {c.n_folds} folds"
        if c.n_folds > len(c.folds)
        else count(len(c.folds), "fold")
    )
    caption = f"Held-out {data.target.score_name}. Thin: {shown}. Bold: their mean, one standard error to either side."
    return plot(chart, caption, _readings(x, c), "flagged")


def _mark(chart: Chart, c: CurveFacts, taken: float) -> None:
    """Draw the two strengths that the curve suggests; the one that was taken says so."""
    two = [(c.best, "lowest", "first", 0)] + (
        [(c.one_se, "one standard error", "second", 1)] if c.one_se != c.best else []
    )
    for at, name, cls, row in reversed(two):  # the lower name comes last, so that no line crosses it
        strength = c.strengths[at]
        chart.upright(
            strength, f"{name} {brief(strength)}{', chosen' if strength == taken else ''}", cls, row
        )


def _readings(x: Scale, c: CurveFacts) -> list[tuple[float, str]]:
    kept = [f", {count(k, 'column')}" for k in c.kept] or [""] * len(c.strengths)
    rows = zip(c.strengths, c.mean, c.se, kept, strict=True)
    return [(x(s), f"strength {number(s)}: {number(m)} ± {number(e, 2)}{k}") for s, m, e, k in rows]


def _others(data: ReportData) -> Markup:
    """All candidates' mean curves in small pictures with one common height."""
    curves = [
        (i, k, k.curve) for i, k in enumerate(data.candidates) if k.curve and len(k.curve.strengths) > 1
    ]
    if len(curves) < 2:
        return Markup("")
    scales = [error_scale(c) for _, _, c in curves]
    y = Scale(min(s.first for s in scales), max(s.last for s in scales))
    small = [_small(k.name, c, y, i == data.chosen.candidate) for i, k, c in curves]
    caption = "The same curve for every candidate, on one scale of error."
    return tag("figure", tag("div", *small, cls="multiples"), tag("figcaption", caption), cls="plot")


def _small(name: str, c: CurveFacts, y: Scale, taken: bool) -> Markup:
    x = strength_scale(c.strengths)
    lowest = f"{number(c.mean[c.best])} at strength {number(c.strengths[c.best], 2)}"
    chart = Chart(x, y, f"{name}: lowest {lowest}.", height=90)
    chart.band(c.strengths, *around(c), "band")
    chart.line(c.strengths, c.mean, "c0 strong")
    chart.dot(c.strengths[c.best], c.mean[c.best], "first", lowest, 4)
    head = tag("p", name, tag("span", "chosen", cls="badge") if taken else "", cls="rowname")
    return tag("div", head, chart.svg("small"), tag("p", lowest, cls="note"))

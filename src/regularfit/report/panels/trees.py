"""Trees: the error of boosting round by round, and those of a pruned and a shrunk tree along their restraint."""

from __future__ import annotations

from regularfit.report import findings_trees
from regularfit.report.data import ReportData
from regularfit.report.finding import tree_winner
from regularfit.report.html import Markup, tag
from regularfit.report.panels._section import plot, section
from regularfit.report.panels._strengths import brief
from regularfit.report.panels.curve import around, error_scale
from regularfit.report.scale import Scale
from regularfit.report.svg import Chart
from regularfit.report.tree_facts import TreeCandidateFacts, TreeCurve, TreesFacts
from regularfit.report.words import count, number

__all__ = ["panel"]

_AXES = {
    "rounds": "rounds of boosting, more to the right",
    "leaves": "leaves, more to the right",
    "strength": "strength of shrinkage, weaker to the right",
}


def panel(data: ReportData, facts: TreesFacts) -> Markup:
    """Return the panel."""
    purpose = (
        "Models of trees on the same folds. They bend and interact where a linear model cannot, and need more rows "
        "for it."
    )
    large = [c for c in facts.candidates if c.curve.knob == "rounds" and len(c.curve.values) > 1]
    small = [c for c in facts.candidates if c.curve.knob != "rounds" and len(c.curve.values) > 1]
    body = [_picture(data, c) for c in large]
    return section("trees", "Trees", purpose, findings_trees.trees(data, facts), *body, _others(data, small))


def _across(c: TreeCurve) -> tuple[Scale, list[float]]:
    """The logarithmic axis and the places on it; 0 has none and stands one step beyond the others."""
    xs = list(c.values)
    if xs[-1] == 0:
        xs[-1] = xs[-2] ** 2 / xs[-3] if len(xs) > 2 else xs[0] / 10
    return Scale(xs[0], xs[-1], log=True), xs


def _picture(data: ReportData, c: TreeCandidateFacts) -> Markup:
    curve = c.curve
    x, xs = _across(curve)
    title = (
        f"Held-out {data.target.score_name} of {c.name} along {curve.values[-1]:,.0f} rounds, lowest "
        f"{number(curve.mean[curve.best])}."
    )
    chart = Chart(x, error_scale(curve), title, height=280)
    chart.x_axis(_AXES[curve.knob], brief)
    chart.y_axis(brief)
    for fold in curve.folds:
        chart.line(xs, fold, "fold")
    chart.band(xs, *around(curve), "band")
    chart.line(xs, curve.mean, "c0 strong")
    if curve.one_se != curve.best:
        chart.upright(xs[curve.one_se], f"one standard error {xs[curve.one_se]:,.0f}", "second", 1)
        chart.dot(xs[curve.one_se], curve.mean[curve.one_se], "second")
    chart.upright(xs[curve.best], f"lowest {xs[curve.best]:,.0f}", "first")
    chart.dot(xs[curve.best], curve.mean[curve.best], "first")
    shown = count(len(curve.folds), "fold")
    if curve.n_folds > len(curve.folds):
        shown = f"the first {len(curve.folds)} of {curve.n_folds} folds"
    caption = (
        f"{c.name}: held-out {data.target.score_name}. Thin: {shown}. Bold: their mean, one standard error to either "
        "side."
    )
    rows = zip(xs, curve.mean, curve.se, strict=True)
    readings = [(x(at), f"{at:,.0f} rounds: {number(m)} ± {number(e, 2)}") for at, m, e in rows]
    return plot(chart, caption, readings, "flagged")


def _others(data: ReportData, those: list[TreeCandidateFacts]) -> Markup:
    """The single trees in small pictures with one common height."""
    if not those:
        return Markup("")
    scales = [error_scale(c.curve) for c in those]
    y = Scale(min(s.first for s in scales), max(s.last for s in scales))
    won = tree_winner(data)
    small = [_small(c, y, c is won) for c in those]
    caption = "Held-out error of single trees, weaker restraint to the right, on one scale of error."
    return tag("figure", tag("div", *small, cls="multiples"), tag("figcaption", caption), cls="plot")


def _small(c: TreeCandidateFacts, y: Scale, taken: bool) -> Markup:
    curve = c.curve
    x, xs = _across(curve)
    lowest = f"{number(curve.mean[curve.best])} at {_value(curve, curve.best)}"
    near = f"; one standard error at {_value(curve, curve.one_se)}" if curve.one_se != curve.best else ""
    chart = Chart(x, y, f"{c.name}: lowest {lowest}{near}.", height=90)
    for fold in curve.folds:
        chart.line(xs, fold, "fold")
    chart.band(xs, *around(curve), "band")
    chart.line(xs, curve.mean, "c0 strong")
    if near:
        chart.dot(xs[curve.one_se], curve.mean[curve.one_se], "second", near[2:], 4)
    chart.dot(xs[curve.best], curve.mean[curve.best], "first", lowest, 4)
    head = tag("p", c.name, tag("span", "chosen", cls="badge") if taken else "", cls="rowname")
    return tag("div", head, chart.svg("small"), tag("p", lowest + near, cls="note"))


def _value(curve: TreeCurve, k: int) -> str:
    value = curve.values[k]
    return f"strength {number(value, 2)}" if curve.knob == "strength" else f"{value:,.0f} {curve.knob}"

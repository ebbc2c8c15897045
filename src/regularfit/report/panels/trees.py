"""Trees: the error of boosting by rounds, of a forest by trees kept, of a pruned and a shrunk tree by restraint."""

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
    "trees": "trees kept, more to the right",
}
_LARGE = ("rounds", "trees")  # curves with a picture of their own


def panel(data: ReportData, facts: TreesFacts) -> Markup:
    """Return the panel."""
    purpose = (
        "Models of trees on the same folds. They bend and interact where a linear model cannot, and need more rows "
        "for it."
    )
    drawn = [c for c in facts.candidates if len(c.curve.values) > 1]
    large = [c for c in drawn if c.curve.knob in _LARGE]
    small = [c for c in drawn if c.curve.knob not in _LARGE]
    body = [_picture(data, c) for c in large]
    return section("trees", "Trees", purpose, findings_trees.trees(data, facts), *body, _others(data, small))


def _across(c: TreeCurve) -> tuple[Scale, list[float]]:
    """The logarithmic axis and the places on it; 0 has none and stands one step beyond the others."""
    xs = list(c.values)
    if xs[0] == 0:  # no tree
        xs[0] = 0.5
    if xs[-1] == 0:
        xs[-1] = xs[-2] ** 2 / xs[-3] if len(xs) > 2 else xs[0] / 10
    return Scale(xs[0], xs[-1], log=True), xs


def _picture(data: ReportData, c: TreeCandidateFacts) -> Markup:
    curve = c.curve
    x, xs = _across(curve)
    title = (
        f"Held-out {data.target.score_name} of {c.name} along {_value(curve, len(xs) - 1)}, lowest "
        f"{number(curve.mean[curve.best])}."
    )
    chart = Chart(x, error_scale(curve, () if curve.whole is None else (curve.whole,)), title, height=280)
    chart.x_axis(_AXES[curve.knob], brief)
    chart.y_axis(brief)
    for fold in curve.folds:
        chart.line(xs, fold, "fold")
    chart.band(xs, *around(curve), "band")
    chart.line(xs, curve.mean, "c0 strong")
    if curve.whole is not None:
        chart.across(curve.whole, "whole")
    if curve.one_se != curve.best:
        chart.upright(xs[curve.one_se], f"one standard error {_number(curve, curve.one_se)}", "second", 1)
        chart.dot(xs[curve.one_se], curve.mean[curve.one_se], "second")
    chart.upright(xs[curve.best], f"lowest {_number(curve, curve.best)}", "first")
    chart.dot(xs[curve.best], curve.mean[curve.best], "first")
    rows = zip(xs, curve.mean, curve.se, strict=True)
    readings = [
        (x(at), f"{_value(curve, i)}: {number(m)} ± {number(e, 2)}") for i, (at, m, e) in enumerate(rows)
    ]
    return plot(chart, _caption(data, c), readings, "flagged")


def _caption(data: ReportData, c: TreeCandidateFacts) -> str:
    curve = c.curve
    shown = count(len(curve.folds), "fold")
    if curve.n_folds > len(curve.folds):
        shown = f"the first {len(curve.folds)} of {curve.n_folds} folds"
    text = (
        f"{c.name}: held-out {data.target.score_name}. Thin: {shown}. Bold: their mean, one standard error to either "
        "side."
    )
    return text if curve.whole is None else f"{text} Dotted: the whole forest, {number(curve.whole)}."


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
    """The size in words."""
    value = curve.values[k]
    if curve.knob == "strength":
        return f"strength {number(value, 2)}"
    unit = _ONE[curve.knob] if value == 1 else curve.knob
    return f"{value:,.0f} {unit}" + (" kept" if curve.knob == "trees" else "")


_ONE = {"rounds": "round", "leaves": "leaf", "trees": "tree"}


def _number(curve: TreeCurve, k: int) -> str:
    return f"{curve.values[k]:,.0f}"

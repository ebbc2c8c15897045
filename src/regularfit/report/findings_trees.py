"""Sentences about models of trees beside the linear candidates."""

from __future__ import annotations

from regularfit.report.data import ReportData
from regularfit.report.finding import CLEAR, Finding, chosen, tree_winner
from regularfit.report.tree_facts import TreeCandidateFacts, TreesFacts
from regularfit.report.words import number, signed

__all__ = ["of_linear", "rivals", "trees"]


def trees(data: ReportData, facts: TreesFacts) -> Finding:
    """Say whether a model of trees predicts better than the best linear one, and how large each grew."""
    won, best = tree_winner(data), chosen(data)
    remarks = tuple(_choice(c) for c in facts.candidates)
    if data.target.classes:
        remarks += (
            "Leaves of a sparse forest, and of a shrunk tree at strength 0, may exclude a class. That counts as a "
            "probability of 2 × 10⁻¹⁶, so a single row of that class costs 36 in log-loss: the steps in their curves.",
        )
    if won is not None:
        clear = best.difference > CLEAR * best.difference_se
        how = "clearly behind" if clear else "behind by no more than two standard errors"
        return Finding(
            f"{won.name} predicts new rows best of all; the best linear candidate, {best.name}, is {how}.",
            remarks, "good" if clear else "plain",
        )  # fmt: skip
    near = min(facts.candidates, key=lambda c: c.error)
    apart = near.difference
    if near.error <= best.error or apart <= CLEAR * near.difference_se:
        return Finding(
            f"No model of trees beats {best.name}, but {near.name} is behind by no more than two standard errors.",
            remarks,
        )
    share = f"{signed(apart)} ± {number(near.difference_se, 2)}"
    return Finding(
        f"No model of trees beats {best.name}: {near.name}, the best of them, is clearly behind ({share}).",
        remarks,
    )


def _choice(c: TreeCandidateFacts) -> str:
    """Where the curve is lowest, and how far one may go with a standard error."""
    curve = c.curve
    best, one_se = _at(c, curve.best), _at(c, curve.one_se)
    text = f"{c.name}: the held-out error is lowest, {number(curve.mean[curve.best])}, at {best}"
    if curve.one_se != curve.best:
        text += f"; at {one_se} it is higher by no more than one standard error of the difference"
    if curve.whole is not None:
        text += f"; the whole forest has {number(curve.whole)}"
    ended = curve.knob == "rounds" and curve.best == len(curve.values) - 1 and curve.best > 0
    return text + (f". The curve still falls at {best}, so more may do better." if ended else ".")


def _at(c: TreeCandidateFacts, k: int) -> str:
    value = c.curve.values[k]
    if c.curve.knob == "strength":
        return f"strength {number(value)}" if value else "strength 0, which shrinks nothing"
    if value == 1:
        return {"rounds": "1 round", "leaves": "1 leaf", "trees": "1 tree"}[c.curve.knob]
    if value == 0:
        return "no tree at all"
    return f"{value:,.0f} {c.curve.knob}"


def rivals(data: ReportData) -> list[str]:
    """Say how far the best linear candidate is behind trees that won, and whether a short one would do."""
    best, simple = chosen(data), data.simplest
    text = (
        f"The best linear candidate, {best.name}, has a {data.target.score_name} of {number(best.error)}, "
        f"{signed(best.difference)} ± {number(best.difference_se, 2)} on the same folds."
    )
    if simple is None:
        return [text, "No linear model is as good, within one standard error."]
    name = data.candidates[simple.candidate].name
    size = f"with {simple.kept:,} of {data.path.total:,} columns"
    return [text, f"{name} at strength {number(simple.strength, 2)}, {size}, is not clearly worse."]


def of_linear(data: ReportData, purpose: str) -> str:
    """Return the purpose of a panel about penalties, which says so where trees have won."""
    if tree_winner(data) is None:
        return purpose
    return f"{purpose} Here: of the best linear candidate, {chosen(data).name}, which did not win."

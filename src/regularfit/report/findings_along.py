"""Sentences about what happens along the strengths: the path, the error curves, the proof of every solution."""

from __future__ import annotations

import math

from regularfit.report.data import CertificateFacts, CurveFacts, ReportData
from regularfit.report.finding import CLEAR, Finding, chosen, kept_words, tree_winner
from regularfit.report.words import count, listed, number, percent

__all__ = ["LARGE_GAP", "certificate", "curve", "gap", "path"]

#: A gap between training and held-out error is called large above this share (and above its noise).
LARGE_GAP = 0.25


def path(data: ReportData) -> Finding:
    """Say in which order the columns come in, or that none ever leaves."""
    facts = data.path
    if len(facts.strengths) == 1:
        return Finding(
            f"Only strength {number(facts.strengths[0])} was fitted, so there is no path to follow."
        )
    drawn = [c for c in facts.columns if any(c.values)]
    if not drawn:
        return Finding("No column enters the model at any strength.")
    remarks = (
        [f"Only the {len(drawn)} largest of {facts.total:,} columns are drawn."]
        if len(drawn) < max(facts.nonzeros)
        else []
    )
    entering = sorted(drawn, key=lambda c: next(i for i, v in enumerate(c.values) if v))
    if facts.nonzeros[0] == facts.nonzeros[-1]:
        largest = (
            listed([c.name for c in drawn[:3]], 3)
            + (" weigh" if len(drawn) > 1 else " weighs")
            + " most at the chosen one"
        )
        return Finding(f"No column leaves the model at any strength; {largest}.", tuple(remarks))
    first = listed([c.name for c in entering[:3]], 3)
    ending = f"at the chosen strength {kept_words(data, data.chosen.kept)} are in."
    enter = "enters" if len(entering) == 1 else "enter"
    return Finding(f"As the penalty weakens, {first} {enter} first; {ending}", tuple(remarks))


def curve(data: ReportData) -> Finding:
    """Say where the held-out error is lowest, and whether that is inside the grid."""
    c = chosen(data).curve
    if c is None:
        return Finding("The strength was not chosen by cross-validation, so there is no curve.")
    if len(c.strengths) == 1:
        return Finding(f"Only strength {number(c.strengths[0])} was tried; its error is {number(c.mean[0])}.")
    edge = _edge(data, c)
    if edge:
        return edge
    sentence = f"The held-out error is lowest, {number(c.mean[c.best])}, at strength {number(c.strengths[c.best], 2)}"
    if c.one_se == c.best:
        return Finding(
            sentence + ", and any stronger penalty is more than one standard error worse.", _flat(c)
        )
    fewer = f" ({count(c.kept[c.one_se], 'column')})" if c.kept else ""
    reach = f"; up to strength {number(c.strengths[c.one_se], 2)}{fewer} it is higher by no more than one standard "
    return Finding(f"{sentence}{reach}error of the difference.", _flat(c))


def _edge(data: ReportData, c: CurveFacts) -> Finding | None:
    if c.best == 0:
        advice = "Try larger strengths, and expect little from these columns."
        if c.kept and c.kept[0] == 0:
            advice = (
                "That one keeps no column at all, so these columns may have nothing to say about the target."
            )
        return Finding(
            "The strongest penalty tried has the lowest held-out error: no weaker one predicts new rows better.",
            (advice,), "warn",
        )  # fmt: skip
    if c.best < len(c.strengths) - 1:
        return None
    ended = chosen(data).certificate.ended
    if ended:
        return Finding(
            "The held-out error still falls where the path ends.", (f"The path ends there because {ended}.",)
        )
    return Finding(
        f"The lowest error lies at the edge of the grid, at its weakest strength {number(c.strengths[-1], 2)}.",
        ("A weaker penalty may do better still: extend the grid with a smaller min_ratio. If the curve is flat there, "
         "hardly any penalty is needed.",), "warn",
    )  # fmt: skip


def _flat(c: CurveFacts) -> tuple[str, ...]:
    near = [s for s, m in zip(c.strengths, c.mean, strict=True) if m <= c.mean[c.best] + c.se[c.best]]
    ratio = max(near) / min(near)
    if ratio < 30:
        return ()
    return (
        f"The valley is wide: strengths a factor {number(ratio, 2)} apart lie within the curve's band of one standard "
        "error; next to that uncertainty the exact strength matters little.",
    )


def gap(data: ReportData) -> Finding:
    """Say how much better the model fits its own rows than new ones, and whether that is more than noise."""
    c = chosen(data)
    if not math.isfinite(c.gap):
        return Finding(
            "Held-out errors were not measured, so there is nothing to compare with the training rows."
        )
    noise = CLEAR * c.se / c.train_error if c.train_error > 0 else math.inf
    shown = f"{number(c.error)} held out against {number(c.train_error)} in training"
    if c.gap <= noise:
        return Finding(
            f"The model does about as well on new rows as on its own: {shown}, no more apart than the "
            "held-out error is uncertain."
        )
    if c.gap <= LARGE_GAP:
        return Finding(f"The model is {percent(c.gap)} worse on new rows than on its own: {shown}.")
    return Finding(
        f"The model fits its own rows much better than new ones: {shown}, {percent(c.gap)} more.",
        ("Trust the held-out error only. A stronger penalty narrows the gap, more rows narrow it for good.",), "warn",
    )  # fmt: skip


def certificate(data: ReportData) -> Finding:
    """Say whether every solution is proved."""
    used = chosen(data).certificate
    model = "chosen model" if tree_winner(data) is None else "best linear model"
    failed = sum(c.certificate.failed for c in data.candidates)
    if not used.converged:
        return Finding(f"The {model} is not solved to the tolerance: {used.reason}.", _failed(failed), "warn")
    proof = _proof(used)
    if failed:
        return Finding(f"The {model} is proved: {proof}. Others are not.", _failed(failed), "warn")
    return Finding(f"The {model} is proved to be the solution: {proof}.", (), "good")


def _proof(used: CertificateFacts) -> str:
    if math.isnan(used.gap):
        return f"it meets the optimality conditions to {number(used.kkt, 2)} of the strength"
    if used.gap < 1e-15:
        return "its objective is the smallest possible one, as far as double precision can tell"
    return f"its objective is at most {number(used.gap, 2)} of its value above the smallest possible one"


def _failed(failed: int) -> tuple[str, ...]:
    text = f"{count(failed, 'solution')} along the paths did not reach the tolerance; do not rely on them."
    return (text,) if failed else ()

"""Facts in, sentences out: what each panel found, and what to beware of.

A finding is one sentence that could stand alone; its remarks qualify it. Nothing is claimed that the errors' own noise
could have made: a difference counts as clear above two paired standard errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from regularfit.report.data import CandidateFacts, CurveFacts, ReportData
from regularfit.report.words import count, listed, number, percent, signed

__all__ = [
    "CLEAR",
    "LARGE_GAP",
    "Finding",
    "candidates",
    "certificate",
    "chosen",
    "coefficients",
    "curve",
    "gap",
    "path",
    "reproduce",
    "table",
    "verdict",
]

#: A difference is called clear above this many standard errors.
CLEAR = 2.0

#: A gap between training and held-out error is called large above this share (and above its noise).
LARGE_GAP = 0.25

Tone = Literal["plain", "good", "warn"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence, further sentences that qualify it, and whether it is a warning."""

    sentence: str
    remarks: tuple[str, ...] = ()
    tone: Tone = "plain"


def chosen(data: ReportData) -> CandidateFacts:
    """Return the candidate that was chosen."""
    return data.candidates[data.chosen.candidate]


def best_error(data: ReportData) -> float:
    """Return the honest error, or the tuned one where no honest one was computed."""
    return data.honest.mean if data.honest else data.chosen.error


def explained(data: ReportData) -> float:
    """Return the share of the error of a constant guess that the model removes; nan where it has none."""
    null = data.target.null_error
    return 1 - best_error(data) / null if null > 0 else math.nan


def verdict(data: ReportData) -> Finding:
    """Say which model predicts, how well on new rows, and whether a shorter one would do."""
    share, name = explained(data), chosen(data).name
    if math.isnan(share):
        return Finding(
            f"{name} was fitted; how well it predicts new rows was not measured.",
            tuple(_alarms(data)),
            "warn",
        )
    if _no_better_than_a_guess(data):
        return Finding(
            f"No model here predicts {data.target.name} clearly better than the same guess for every row.",
            (
                f"The best of them, {name}, changes the {data.target.score_name} by {percent(-share)}.",
                *_simplest(data),
            ),
            "warn",
        )
    size = f"{name}, with {_kept(data, data.chosen.kept)}," if data.chosen.kept < data.path.total else name
    sentence = f"{size} removes {percent(share)} of the error of guessing {data.target.name} without a model."
    return Finding(sentence, (*_honest(data), *_simplest(data), *_alarms(data)), "good")


def _no_better_than_a_guess(data: ReportData) -> bool:
    if data.honest:
        return not data.honest.low < data.target.null_error
    return not data.chosen.error + CLEAR * chosen(data).se < data.target.null_error


def _honest(data: ReportData) -> list[str]:
    if data.honest is None:
        return [
            f"Its {data.target.score_name} of {number(data.chosen.error)} comes from the same folds that chose it, so it is "
            "a little too low; no nested estimate was made."
        ]
    h = data.honest
    text = (
        f"On rows that no choice has seen, the {data.target.score_name} is {number(h.mean)}; with {percent(h.level)} "
        f"confidence it lies between {number(h.low)} and {number(h.high)}."
    )
    if h.optimism > 0:
        text += f" The tuned cross-validation error was too low by {number(h.optimism, 2)}."
    return [text]


def _simplest(data: ReportData) -> list[str]:
    s = data.simplest
    if math.isnan(data.chosen.error):
        return []
    if s is None:
        return ["No model with fewer columns is as good, within one standard error."]
    where = data.candidates[s.candidate].name
    return [
        f"{where} at strength {number(s.strength, 2)} needs only {_kept(data, s.kept)} and is not clearly worse "
        f"({number(s.error)} against {number(data.chosen.error)})."
    ]


def _alarms(data: ReportData) -> list[str]:
    """What elsewhere on the page must not be overlooked."""
    named = (
        ("certificate", certificate(data)),
        ("CV curve", curve(data)),
        ("train against held-out", gap(data)),
    )
    return [f"See {where}: {found.sentence}" for where, found in named if found.tone == "warn"]


def _kept(data: ReportData, kept: int) -> str:
    return f"{kept:,} of {count(data.path.total, 'column')}"


def table(data: ReportData) -> Finding:
    """Say what was given, and what is missing or was left out."""
    t = data.table
    parts = [_missing_words(data), _dropped_words(data)]
    sentence = (
        f"{count(t.rows, 'row').capitalize()} and {count(t.columns, 'column')}: {parts[0]}, {parts[1]}."
    )
    remarks = []
    if t.dropped_rows:
        remarks.append(
            f"{count(t.dropped_rows, 'further row')} had no {data.target.name} and could not be used."
        )
    if t.made_columns != t.columns - len(t.dropped):
        remarks.append(
            f"Categories, dates and missing values turn them into {count(t.made_columns, 'numeric column')}."
        )
    if t.rows < 5 * t.made_columns:
        per = number(t.rows / max(t.made_columns, 1), 2)
        remarks.append(
            f"With {per} rows a column, coefficients are uncertain; the penalty is doing real work."
        )
    return Finding(sentence, (*remarks, *t.notes))


def _missing_words(data: ReportData) -> str:
    missing = data.table.missing or {}
    if not missing:
        return "nothing is missing"
    worst = max(missing, key=lambda name: missing[name])
    share = percent(missing[worst] / max(data.table.rows, 1))
    return f"values are missing in {count(len(missing), 'column')} (most in {worst}, {share})"


def _dropped_words(data: ReportData) -> str:
    dropped = data.table.dropped
    return "nothing was left out" if not dropped else f"{listed([d.name for d in dropped], 2)} left out"


def candidates(data: ReportData) -> Finding:
    """Say whether the candidates really differ."""
    if len(data.candidates) == 1:
        return Finding(f"{data.candidates[0].name} was the only candidate.")
    if any(math.isnan(c.error) for c in data.candidates):
        return Finding(
            f"{chosen(data).name} has the {data.chosen.reason} of {len(data.candidates)} candidates."
        )
    best = min(data.candidates, key=lambda c: c.error)
    others = [c for c in data.candidates if c is not best]
    close = [c for c in others if c.difference <= CLEAR * c.difference_se]
    note = "Differences are measured on the same folds, which is sharper than comparing the two intervals."
    if len(close) == len(others):
        return Finding(
            f"The {len(data.candidates)} candidates cannot be told apart: all differences are noise.", (note,)
        )
    if not close:
        return Finding(f"{best.name} is clearly better than {_the_others(len(others))}.", (note,))
    names = listed([c.name for c in close], 3)
    return Finding(
        f"{best.name} has the lowest error, but {names} {_be(len(close))} within its noise.", (note,)
    )


def _the_others(n: int) -> str:
    return "the other candidate" if n == 1 else f"all {n} others"


def _be(n: int) -> str:
    return "is" if n == 1 else "are"


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
        largest = listed([c.name for c in drawn], 3)
        return Finding(f"No column leaves the model at any strength; {largest} {_be(min(len(drawn), 4))} the largest.",
                       tuple(remarks))  # fmt: skip
    first = listed([c.name for c in entering[:3]], 3)
    ending = f"at the chosen strength {_kept(data, data.chosen.kept)} are in."
    return Finding(f"As the penalty weakens, {first} {'enters' if len(entering) == 1 else 'enter'} first; {ending}",
                   tuple(remarks))  # fmt: skip


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
        return Finding(sentence + ", and any stronger penalty is clearly worse.", _flat(c))
    fewer = f" with {count(c.kept[c.one_se], 'column')}" if c.kept else ""
    reach = f"; up to strength {number(c.strengths[c.one_se], 2)}{fewer}, it is no more than one standard error higher."
    return Finding(sentence + reach, _flat(c))


def _edge(data: ReportData, c: CurveFacts) -> Finding | None:
    if c.best == 0:
        return Finding(
            "The strongest penalty tried has the lowest held-out error: every weaker one fits noise.",
            ("Try larger strengths, and expect little from these columns.",), "warn",
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
    return (f"The valley is wide: strengths a factor {number(ratio, 2)} apart differ by less than one standard error, so the "
            "exact strength matters little.",)  # fmt: skip


def coefficients(data: ReportData) -> Finding:
    """Say which column weighs most, on a scale where columns compare."""
    if not data.coefficients:
        return Finding(
            f"The model is empty: it predicts the same {data.target.name} for every row.", (), "warn"
        )
    top = data.coefficients[0]
    moves = signed(top.standardised, 3)
    if data.target.classes:
        effect = f"changes the log-odds of {data.target.classes[1]} by {moves}"
    else:
        effect = f"changes the predicted {data.target.name} by {moves}"
    remarks = ["A coefficient says how the model predicts, not what would happen if the column were changed."]
    if len(data.coefficients) < data.chosen.kept:
        remarks.append(f"The {len(data.coefficients)} largest of {data.chosen.kept:,} are listed.")
    return Finding(f"{top.name} weighs most: one standard deviation more {effect}.", tuple(remarks))


def gap(data: ReportData) -> Finding:
    """Say how much better the model fits its own rows than new ones, and whether that is more than noise."""
    c = chosen(data)
    if not math.isfinite(c.gap):
        return Finding("The error on the training rows is not known here.")
    noise = CLEAR * c.se / c.train_error if c.train_error > 0 else math.inf
    shown = f"{number(c.error)} held out against {number(c.train_error)} in training"
    if c.gap <= noise:
        return Finding(
            f"The model does about as well on new rows as on its own: {shown}, a difference within noise."
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
    failed = sum(c.certificate.failed for c in data.candidates)
    if not used.converged:
        return Finding(
            f"The chosen model is not solved to the tolerance: {used.reason}.", _failed(failed), "warn"
        )
    proof = f"its objective is at most {number(used.gap, 2)} of its value above the smallest possible one"
    if math.isnan(used.gap):
        proof = f"it meets the optimality conditions to {number(used.kkt, 2)} of the strength"
    if failed:
        return Finding(f"The chosen model is proved: {proof}. Others are not.", _failed(failed), "warn")
    return Finding(f"The chosen model is proved to be the solution: {proof}.", (), "good")


def _failed(failed: int) -> tuple[str, ...]:
    text = f"{count(failed, 'solution')} along the paths did not reach the tolerance; do not rely on them."
    return (text,) if failed else ()


def reproduce(data: ReportData) -> Finding:
    """Say what repeats this page."""
    seed = f" and seed {data.run.seed}" if data.run.seed is not None else ""
    return Finding(
        f"The same file, versions{seed} give the same numbers again; the command below is all it takes."
    )

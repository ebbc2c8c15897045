"""Sentences about the answer: the verdict, the table, the candidates, the coefficients.

A finding is one sentence that could stand alone; its remarks qualify it. Nothing is claimed that the errors' own noise
could have made: a difference counts as clear above two paired standard errors.
"""

from __future__ import annotations

import math

from regularfit.report.by_class import ByClass
from regularfit.report.data import ReportData, TableFacts
from regularfit.report.finding import (
    CLEAR,
    Finding,
    all_candidates,
    best_error,
    chosen,
    explained,
    kept_words,
    tree_winner,
    winner,
)
from regularfit.report.findings_along import certificate, curve, gap
from regularfit.report.findings_trees import rivals
from regularfit.report.words import count, listed, number, percent, signed

_CLEAR_WORDS = "two standard errors"  # CLEAR, as a reader says it

__all__ = ["candidates", "coefficients", "reproduce", "table", "verdict"]


def verdict(data: ReportData) -> Finding:
    """Say which model predicts, how well on new rows, and whether a shorter one would do."""
    share, won = explained(data), winner(data)
    name = won.name
    if math.isnan(share):
        untold = f"{name} was fitted; how well it predicts new rows was not measured."
        return Finding(untold, tuple(_alarms(data)), "warn")
    if share <= 0:
        return _nothing(data)
    size = f"{name}, with {kept_words(data, won.kept)}," if won.kept < data.path.total else name
    gained = f"{percent(share)} of the error of guessing {data.target.name} without a model"
    shorter = _simplest(data) if tree_winner(data) is None else rivals(data)
    remarks = (*_honest(data), *shorter, *_alarms(data))
    if _highest_error(data) < data.target.null_error:
        return Finding(f"{size} removes {gained}.", remarks, "good")
    doubt = f"{size} seems to remove {gained}, but its error is too uncertain to be sure of any gain."
    return Finding(doubt, remarks, "warn")


def _nothing(data: ReportData) -> Finding:
    """No model is better than a guess."""
    error, null = number(best_error(data)), number(data.target.null_error)
    compared = (
        f"The best of them, {winner(data).name} with {kept_words(data, winner(data).kept)}, has a "
        f"{data.target.score_name} of {error}; that guess has {null}."
    )
    sentence = f"No model here predicts {data.target.name} better than the same guess for every row."
    return Finding(sentence, (compared, *_alarms(data)), "warn")


def _highest_error(data: ReportData) -> float:
    """The upper end of what the error may be."""
    return data.honest.high if data.honest else winner(data).error + CLEAR * winner(data).se


def _honest(data: ReportData) -> list[str]:
    if data.honest is None:
        return [
            f"Its {data.target.score_name} of {number(winner(data).error)} comes from the same folds that chose it, so "
            "it is a little too low; no nested estimate was made."
        ]
    h = data.honest
    if data.target.score_name == "mean squared error":
        low, middle, high = (number(math.sqrt(max(v, 0.0))) for v in (h.low, h.mean, h.high))
        text = (
            f"On rows that no choice has seen, predictions are typically off by {middle} (the root of the mean squared "
            f"error); with {percent(h.level)} confidence, by {low} to {high}."
        )
    else:
        text = (
            f"On rows that no choice has seen, the {data.target.score_name} is {number(h.mean)}; with "
            f"{percent(h.level)} confidence it lies between {number(h.low)} and {number(h.high)}."
        )
    if h.optimism > 0 and h.mean > 0:
        text += (
            f" At the tuned strength, the same folds showed an error {percent(h.optimism / h.mean)} lower."
        )
    return [text]


def _simplest(data: ReportData) -> list[str]:
    s = data.simplest
    if math.isnan(data.chosen.error) or data.chosen.kept == 0:
        return []
    if s is None:
        return ["No model with fewer columns is as good, within one standard error."]
    where = data.candidates[s.candidate].name
    return [
        f"{where} at strength {number(s.strength, 2)} needs only {kept_words(data, s.kept)} and is not clearly worse "
        f"({number(s.error)} against {number(data.chosen.error)})."
    ]


def _alarms(data: ReportData) -> list[str]:
    """What elsewhere on the page must not be overlooked; where trees won, the panels of penalties are not theirs."""
    if tree_winner(data) is not None:
        return []
    named = (
        ("certificate", certificate(data)),
        ("CV curve", curve(data)),
        ("train against held-out", gap(data)),
    )
    return [f"See {where}: {found.sentence}" for where, found in named if found.tone == "warn"]


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
        remarks.append(f"{_turned(t)} turn them into {count(t.made_columns, 'numeric column')}.")
    if t.rows < 5 * t.made_columns:
        per = number(t.rows / max(t.made_columns, 1), 2)
        remarks.append(
            f"With {per} rows a column, coefficients are uncertain; the penalty is doing real work."
        )
    return Finding(sentence, (*remarks, *t.notes))


def _turned(t: TableFacts) -> str:
    """What it is that makes more columns, or fewer, of those that were given."""
    kinds = {"category": "categories", "date": "dates"}
    there = [plural for kind, plural in kinds.items() if (t.kinds or {}).get(kind)]
    there += ["missing values"] if t.missing else []
    return listed(there or ["encoding and constant parts"]).capitalize()


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
    every = all_candidates(data)
    if len(every) == 1:
        return Finding(f"{data.candidates[0].name} was the only candidate.")
    if any(math.isnan(c.error) for c in data.candidates):
        return Finding(
            f"{chosen(data).name} has the {data.chosen.reason} of {len(data.candidates)} candidates."
        )
    best = min(every, key=lambda c: c.error)
    others = [c for c in every if c is not best]
    close = [c for c in others if c.difference <= CLEAR * c.difference_se]
    note = "Differences are measured on the same folds, which is sharper than comparing the two intervals."
    if len(close) == len(others):
        return Finding(f"No candidate is clearly the best: none is more than {_CLEAR_WORDS} behind.", (note,))
    if not close:
        least = percent(min(c.difference for c in others) / best.error)
        better = f"{best.name} is clearly better than {_the_others(len(others))}, by {least} at least."
        return Finding(better, (note,))
    names = listed([c.name for c in close], 3)
    return Finding(
        f"{best.name} has the lowest error, but {names} {_be(len(close))} no more than {_CLEAR_WORDS} behind.",
        (note,),
    )


def _the_others(n: int) -> str:
    return "the other candidate" if n == 1 else f"all {n} others"


def _be(n: int) -> str:
    return "is" if n == 1 else "are"


def coefficients(data: ReportData) -> Finding:
    """Say which column weighs most, on a scale where columns compare."""
    if data.by_class is not None:
        return by_class(data, data.by_class)
    if not data.coefficients:
        return _empty(data)
    top = data.coefficients[0]
    moves = signed(top.standardised, 3)
    if data.target.classes:
        effect = f"changes the log-odds of “{data.target.classes[1]}” by {moves}"
    else:
        effect = f"changes the predicted {data.target.name} by {moves}"
    remarks = _reservations(data, len(data.coefficients))
    return Finding(f"{top.name} weighs most: one standard deviation more {effect}.", remarks)


def by_class(data: ReportData, found: ByClass) -> Finding:
    """Say which column tells two classes apart most, and which two."""
    if not found.coefficients:
        return _empty(data)
    top, names = found.coefficients[0], data.target.classes
    up, down = (names[top.standardised.index(pick(top.standardised))] for pick in (max, min))
    return Finding(
        f"{top.name} weighs most: one standard deviation more changes the log-odds of “{up}” against “{down}” by "
        f"{signed(top.spread, 3)}.",
        _reservations(data, len(found.coefficients)),
    )


def _empty(data: ReportData) -> Finding:
    return Finding(f"The model is empty: it predicts the same {data.target.name} for every row.", (), "warn")


def _reservations(data: ReportData, shown: int) -> tuple[str, ...]:
    remarks = ["A coefficient says how the model predicts, not what would happen if the column were changed."]
    if shown < data.chosen.kept:
        remarks.append(f"The {shown} largest of {data.chosen.kept:,} are listed.")
    return tuple(remarks)


def reproduce(data: ReportData) -> Finding:
    """Say what repeats this page."""
    same = "The same file and versions"
    if data.run.seed is not None:
        same = f"The same file, versions and seed {data.run.seed}"
    return Finding(f"{same} give the same numbers again; the command below is all it takes.")

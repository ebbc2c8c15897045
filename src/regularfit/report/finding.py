"""What a finding is, and the few quantities that several findings speak of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from regularfit.report.data import CandidateFacts, ReportData
from regularfit.report.tree_facts import TreeCandidateFacts
from regularfit.report.words import count

__all__ = [
    "CLEAR", "Finding", "all_candidates", "best_error", "chosen", "explained", "kept_words", "tree_winner", "winner",
]  # fmt: skip

#: A difference is called clear above this many standard errors.
CLEAR = 2.0

Tone = Literal["plain", "good", "warn"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence, further sentences that qualify it, and whether it is a warning."""

    sentence: str
    remarks: tuple[str, ...] = ()
    tone: Tone = "plain"


def chosen(data: ReportData) -> CandidateFacts:
    """Return the linear candidate that was chosen: the one that every panel along strengths speaks of."""
    return data.candidates[data.chosen.candidate]


def tree_winner(data: ReportData) -> TreeCandidateFacts | None:
    """Return the model of trees that has the lowest error of all, if one has."""
    trees = data.trees
    return None if trees is None or trees.winner is None else trees.candidates[trees.winner]


def winner(data: ReportData) -> CandidateFacts | TreeCandidateFacts:
    """Return the candidate that was chosen among all."""
    return tree_winner(data) or chosen(data)


def all_candidates(data: ReportData) -> list[CandidateFacts | TreeCandidateFacts]:
    """Return the linear candidates and then the trees."""
    return [*data.candidates, *(data.trees.candidates if data.trees else ())]


def best_error(data: ReportData) -> float:
    """Return the honest error, or the tuned one where no honest one was computed."""
    return data.honest.mean if data.honest else (tree_winner(data) or data.chosen).error


def explained(data: ReportData) -> float:
    """Return the share of the error of a constant guess that the model removes; nan where it has none."""
    null = data.target.null_error
    return 1 - best_error(data) / null if null > 0 else math.nan


def kept_words(data: ReportData, kept: int) -> str:
    """Return "7 of 10 columns"."""
    return f"{kept:,} of {count(data.path.total, 'column')}"

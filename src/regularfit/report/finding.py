"""What a finding is, and the few quantities that several findings speak of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from regularfit.report.data import CandidateFacts, ReportData
from regularfit.report.words import count

__all__ = ["CLEAR", "Finding", "best_error", "chosen", "explained", "kept_words"]

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
    """Return the candidate that was chosen."""
    return data.candidates[data.chosen.candidate]


def best_error(data: ReportData) -> float:
    """Return the honest error, or the tuned one where no honest one was computed."""
    return data.honest.mean if data.honest else data.chosen.error


def explained(data: ReportData) -> float:
    """Return the share of the error of a constant guess that the model removes; nan where it has none."""
    null = data.target.null_error
    return 1 - best_error(data) / null if null > 0 else math.nan


def kept_words(data: ReportData, kept: int) -> str:
    """Return "7 of 10 columns"."""
    return f"{kept:,} of {count(data.path.total, 'column')}"

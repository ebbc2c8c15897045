"""Facts about an error that no choice has flattered."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HonestFacts"]


@dataclass(frozen=True, slots=True)
class HonestFacts:
    """An error estimated on rows that no choice has seen (nested cross-validation), with its interval.

    ``optimism`` is how much lower the tuned cross-validation error is than ``mean``; ``procedure`` says what was
    repeated inside ("choice among 5 candidates and 100 strengths").
    """

    mean: float
    low: float
    high: float
    level: float
    optimism: float = float("nan")
    procedure: str = ""

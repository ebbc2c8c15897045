"""Early stopping of many lanes, each with its own patience: the rules of ``EarlyStopping``, on arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ..evaluation.metrics import Metric
from .values import LaneValues

__all__ = ["LaneStopping"]


@dataclass(eq=False)
class LaneStopping:
    """What early stopping knows of every lane, (K,) each.

    Parameters
    ----------
    best : the best score; its step is ``best_step``, -1 before there is one.
    bar : the score that patience measures from.
    waited : evaluations without an improvement.
    averaged : whether the scores are those of an average that exists (or none is wanted).
    """

    best: np.ndarray
    best_step: np.ndarray
    bar: np.ndarray
    waited: np.ndarray
    averaged: np.ndarray

    @classmethod
    def start(cls, lanes: int, metric: Metric) -> LaneStopping:
        """Return the state before the first evaluation."""
        worst = np.full(lanes, metric.worst)
        zeros = np.zeros(lanes, dtype=np.int64)
        return cls(worst, zeros - 1, worst.copy(), zeros, np.ones(lanes, dtype=bool))

    def look(
        self, scores: np.ndarray, metric: Metric, values: LaneValues, exists: np.ndarray, step: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take the scores of an evaluation; return which lanes are better than ever, and which have to stop.

        Until a lane's average exists patience does not count; when it comes to exist the best begins anew.
        """
        begins = exists & ~self.averaged
        self.averaged = exists
        for held in (self.best, self.bar):
            held[begins] = metric.worst
        self.waited = np.where(begins, 0, self.waited)
        good = metric.sign * scores  # lower is better; NaN compares as False
        better = good < metric.sign * self.best
        self.best = np.where(better, scores, self.best)
        self.best_step = np.where(better, step, self.best_step)
        clears = good < metric.sign * self.bar - values.min_delta
        self.bar = np.where(clears, scores, self.bar)
        self.waited = np.where(clears, 0, self.waited + exists)
        return better, self.waited >= values.patience

    def take(self, index: np.ndarray) -> LaneStopping:
        """Return the state of some lanes."""
        return LaneStopping(*(getattr(self, f.name)[index] for f in fields(self)))

    @classmethod
    def join(cls, parts: list[LaneStopping]) -> LaneStopping:
        """Return lanes of several packs behind each other."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

"""Held-out scores of Cox lanes."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ..._typing import Vector
from ..problem import Lane, Problem
from ..result import Score
from .batch import in_core
from .ground import Ground, likelihood_of

__all__ = ["HeldOut"]


class HeldOut:
    """One lane and one of its groups of held-out rows.

    The score is what the held-out rows add to the deviance, per held-out event: the deviance of training and held-out
    rows together less that of the training rows. Held-out events so meet full risk sets, however small a fold is.
    """

    def __init__(
        self, problem: Problem, lane: Lane, rows: np.ndarray, ground: Ground, score: Score | None
    ) -> None:
        self.problem, self.lane, self.tested, self.ground, self.score = problem, lane, rows, ground, score

    def scores(self, eta: np.ndarray, value: Vector) -> Vector:
        """Of the columns of eta (n, m), whose values on the training rows are known."""
        problem, rows = self.problem, self.tested
        if self.score is not None:
            y, w = problem.y[rows], problem.sample_weight[rows]
            return np.array([self.score(y, column, w) for column in eta[rows].T])
        if self.events == 0:
            return np.full(eta.shape[1], np.nan)
        rows, core = self.both
        both = np.empty(eta.shape[1])
        core.looks(eta[rows], both, None)
        return np.asarray(2 * (both - value * self.trained) / self.events)

    def of(self, eta: np.ndarray) -> Vector:
        """Of the columns of eta (n, m), whose values on the training rows are not known yet."""
        return self.scores(eta, self.ground.likelihood.value(eta[self.ground.rows]))

    @cached_property
    def _test(self) -> Vector:
        return np.bincount(self.tested, minlength=self.problem.n) * self.problem.sample_weight

    @cached_property
    def events(self) -> float:
        """Weight of the held-out events."""
        return float(self.problem.loss.fold_weights(self.problem.y, self._test).sum())  # type: ignore[attr-defined]

    @cached_property
    def _train(self) -> Vector:
        return np.bincount(self.lane.train, minlength=self.problem.n) * self.problem.sample_weight

    @cached_property
    def trained(self) -> float:
        """Weight of the training rows, which the lane's own value does not have."""
        return float(self._train.sum())

    @cached_property
    def both(self) -> tuple[np.ndarray, Any]:
        """The likelihood of training and held-out rows together, in the core, and its order of rows."""
        likelihood = likelihood_of(self.problem, self._train + self._test)
        return likelihood.rows, in_core(likelihood, np.zeros(len(likelihood.rows)))

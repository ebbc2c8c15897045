"""Gram matrices of lanes with fewer rows than columns, each from its own rows.

Where lanes share few rows' Gram matrices (halves of a small table), a sum over atoms reads p x p numbers an atom, and
a product of the lane's rows only as many as it has rows. Such a product is made on the lane's own scale, so that
nothing is left to centre, and means far from the common centre need no second look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .._typing import Vector
from ..designs import Dense
from .atoms import label_rows
from .moments import Moments
from .problem import Lane, Problem
from .standard import inverse_scale

__all__ = ["RowLanes", "row_lanes"]

ROWS_AN_ATOM = 2  # of a lane, up to which its rows are fewer numbers to read than the atoms


@dataclass(frozen=True, eq=False)
class RowLanes:
    """What each lane needs to make its Gram matrix by itself.

    Parameters
    ----------
    weights : (lanes, n), each row summing to one.
    mean, inverse : (lanes, p) of the columns in each lane: their means and one over their scales.
    """

    problem: Problem
    weights: np.ndarray
    mean: np.ndarray
    inverse: np.ndarray

    def moments(self, which: Sequence[int]) -> Moments:
        """Moments of some lanes; means are those of the data, not about a common centre."""
        problem, p = self.problem, self.problem.p
        chosen = list(which)
        y, mean = problem.y - problem.offset, self.mean[chosen]
        levels = self.weights[chosen] @ y if problem.fit_intercept else np.zeros(len(chosen))
        found = Moments(
            np.empty((len(chosen), p, p)),
            np.empty((len(chosen), p)),
            np.empty(len(chosen)),
            mean,
            levels,
            self.inverse[chosen],
            np.ones(len(chosen)),
        )
        for k, lane in enumerate(chosen):
            self._fill(found, k, self.weights[lane], y - levels[k])
        return found

    def _fill(self, found: Moments, k: int, weights: Vector, target: Vector) -> None:
        design = self.problem.design
        assert isinstance(design, Dense)  # as row_lanes made sure
        rows = np.flatnonzero(weights)
        root = np.sqrt(weights[rows])
        Z = design.gather(rows, np.arange(design.p), found.mean[k], found.inverse[k], root)
        t = root * target[rows]
        np.matmul(Z.T, Z, out=found.gram[k])
        found.c[k], found.yy[k] = t @ Z, t @ t


def row_lanes(problem: Problem, lanes: Sequence[Lane]) -> RowLanes | None:
    """The lanes this way; None where a pass over X for all of them is cheaper, or held-out errors are wanted."""
    if len(lanes) < 2 or not isinstance(problem.design, Dense) or problem.y.ndim > 1:
        return None
    if not all(lane.keep and not lane.tests and len(lane.train) <= problem.p for lane in lanes):
        return None
    rows = max(len(lane.train) for lane in lanes)
    if rows > ROWS_AN_ATOM * len(label_rows(problem.n, lanes)[1]):
        return None
    weights = np.array([lane.weights(problem) for lane in lanes])
    mean, deviation = problem.design.moments(weights)
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept, problem.unit)
    return RowLanes(problem, weights, mean if problem.fit_intercept else np.zeros_like(mean), inverse)

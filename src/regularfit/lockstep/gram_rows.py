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

    def moments(self, which: Sequence[int], first_only: bool = False) -> Moments:
        """Moments of some lanes; means are those of the data, not about a common centre.

        ``first_only``: only the first columns that enter are wanted, so the core makes their Gram columns itself.
        """
        problem, chosen = self.problem, list(which)
        y, mean, inverse = problem.y - problem.offset, self.mean[chosen], self.inverse[chosen]
        levels = self.weights[chosen] @ y if problem.fit_intercept else np.zeros(len(chosen))
        gram = np.empty(0 if first_only else (len(chosen), problem.p, problem.p))
        c, yy, rows = np.empty(mean.shape), np.empty(len(chosen)), []
        for k, lane in enumerate(chosen):
            Z, t = self._rows(lane, y - levels[k])
            c[k], yy[k] = t @ Z, t @ t
            if first_only:
                rows.append(np.ascontiguousarray(Z))
            else:
                np.matmul(Z.T, Z, out=gram[k])
        return Moments(gram, c, yy, mean, levels, inverse, np.ones(len(chosen)), tuple(rows))

    def _rows(self, lane: int, target: Vector) -> tuple[np.ndarray, Vector]:
        """A lane's rows of X and of the target on its own scale, times the square roots of their weights."""
        design, weights = self.problem.design, self.weights[lane]
        assert isinstance(design, Dense)  # as row_lanes made sure
        rows = np.flatnonzero(weights)
        root = np.sqrt(weights[rows])
        Z = design.gather(rows, np.arange(design.p), self.mean[lane], self.inverse[lane], root)
        return Z, root * target[rows]


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

"""What a lane stands on: its likelihood, and the columns of its working set in the likelihood's order of rows."""

from __future__ import annotations

import numpy as np

from ..._typing import Vector
from ...designs import Dense, Design
from ...losses import Cox
from ...losses._partial_likelihood import PartialLikelihood
from ..problem import Problem

__all__ = ["Ground", "likelihood_of"]


def likelihood_of(problem: Problem, weights: Vector) -> PartialLikelihood:
    """Return the partial likelihood of the rows that have weight."""
    assert isinstance(problem.loss, Cox)  # the road takes no other loss
    return problem.loss.prepare(problem.y, weights)


class Ground:
    """One training set; lanes of several candidates share it."""

    def __init__(self, problem: Problem, weights: Vector) -> None:
        self.problem = problem
        self.likelihood = likelihood_of(problem, weights)
        self.rows = self.likelihood.rows
        self.offset = problem.offset[self.rows]
        start = self.likelihood.at(self.offset[:, None])
        self.null_value = float(start.value[0])
        self.null_residual = -self.likelihood.gradient(start)[:, 0]

    def columns(self, cols: np.ndarray, mean: Vector, inverse: Vector) -> np.ndarray:
        """Columns on the lane's own scale, (r, len(cols)), F-ordered."""
        return gather(self.problem.design, self.rows, cols, mean[cols], inverse[cols])

    def on_all_rows(self, r: np.ndarray) -> np.ndarray:
        """Scatter values of the lane's rows (r, m), 0 elsewhere: (n, m) C-ordered."""
        out = np.zeros((self.problem.n, r.shape[1]))
        out[self.rows] = r
        return out


def gather(design: Design, rows: np.ndarray, cols: np.ndarray, mean: Vector, scale: Vector) -> np.ndarray:
    """Some rows and columns, centred and scaled; only those of a sparse X become dense."""
    if isinstance(design, Dense):
        return design.gather(rows, cols, mean, scale)
    picked = design.X[:, cols][rows].toarray(order="F").astype(np.float64, copy=False)  # type: ignore[attr-defined]
    picked -= mean
    picked *= scale
    return np.asfortranarray(picked)

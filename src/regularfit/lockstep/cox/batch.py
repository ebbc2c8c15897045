"""The next strengths of one lane on its working set, solved by the core: Newton's method, eight strengths abreast.

The first step takes the last eight's Hessian, the others one that is made where that step led the middle of the eight:
the gradient is exact at every look, so a stale Hessian costs looks, not accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import _core
from ..._typing import Vector
from ...losses._partial_likelihood import PartialLikelihood
from ..front import Front

__all__ = ["CoxBatch", "in_core", "solve"]

TARGET = 0.5  # share of the tolerance that a violation may have: the gap is at most that share of the penalty's part


@dataclass(frozen=True, eq=False)
class CoxBatch:
    """Solutions of m strengths on a working set of w columns."""

    front: Front
    strengths: Vector  # (m,)
    b: np.ndarray  # (m, w) on the lane's scale
    descent: np.ndarray  # (m, w) minus the gradients
    value: Vector  # (m,) half the deviances

    def __len__(self) -> int:
        return len(self.strengths)

    @property
    def terms(self) -> tuple[Vector, Vector, Vector, Vector]:
        """The penalty on the working set."""
        return self.front.terms.take(self.front.columns)

    @property
    def penalty(self) -> Vector:
        """The penalty of every solution, at strength one."""
        l1, l2, _, _ = self.terms
        return np.abs(self.b) @ np.where(np.isinf(l1), 0, l1) + 0.5 * (self.b * self.b) @ l2


def in_core(likelihood: PartialLikelihood, offset: Vector, tol: float = 0.0) -> Any:
    """What the core knows of a training set; it goes on from call to call."""
    at = [np.ascontiguousarray(part, np.int32) for part in (*likelihood.layout, likelihood.rows)]
    rows = [np.ascontiguousarray(offset), likelihood.log_weights, likelihood.event_weight]
    terms = [likelihood.theta, likelihood.mass]
    return _core.Cox(at, rows, terms, likelihood.best, likelihood.nested, TARGET * tol)


def solve(
    core: Any, front: Front, Z: np.ndarray, pull: float, floor: float, into: tuple[np.ndarray, int]
) -> CoxBatch:
    """Return the solutions of the upcoming strengths, up to the first whose value lies below the floor.

    Violations are relative to the strength, or to ``pull``, the null model's largest gradient, where that is less: a
    ridge grid starts at strengths far above any gradient. Minus the slopes go into the columns of a matrix (all rows,
    strengths) from a first one on: ``into``.
    """
    strengths, w = np.ascontiguousarray(front.upcoming), Z.shape[1]
    m = len(strengths)
    b, descent, value, error = np.empty((m, w)), np.empty((m, w)), np.empty(m), np.empty(m)
    units, pen = np.minimum(strengths, pull), list(front.terms.take(front.columns))
    done = core.solve(Z, pen, front.base, strengths, units, floor, b, descent, value, error, *into)
    return CoxBatch(front, strengths[:done], b[:done], descent[:done], value[:done])

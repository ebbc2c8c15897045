"""The Gram matrix of the columns that matter, kept until steps taken with it stop being good."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..._typing import Vector
from ...designs import Design
from .curved import Curve

__all__ = ["Hessian"]

Back = Callable[[Vector, np.ndarray], Vector]  # rows (n,), columns -> the lane's own columns times the rows
GROWN = 0.3  # share of new columns from which on all is made anew, under the curvature of the day


class Hessian:
    """Second derivatives of a lane's mean loss in some of its columns, the intercept's taken out."""

    def __init__(self, design: Design, mean: Vector, inverse: Vector, back: Back, intercept: bool) -> None:
        self._design, self._mean, self._inverse = design, mean, inverse
        self._back, self._intercept = back, intercept
        self._curve: Curve | None = None
        self._cols, self._gram, self._pull = np.empty(0, np.int64), np.empty((0, 0)), np.empty(0)
        self.total = 0.0  # second derivative in the intercept

    @property
    def fresh(self) -> bool:
        """Whether there is none yet."""
        return self._curve is None

    def forget(self) -> None:
        """Ask for a new curvature at the next use."""
        self._curve = None

    def renew(self, curve: Curve) -> None:
        """Go on with another curvature."""
        self._curve, self._cols = curve, np.empty(0, np.int64)
        self.total = float(curve.rows.sum()) if self._intercept else 0.0

    def outgrown(self, cols: np.ndarray) -> bool:
        """Whether so many columns are new that a matrix under the present curvature costs no more."""
        new = np.count_nonzero(~np.isin(cols, self._cols))
        return len(self._cols) > 0 and new > GROWN * len(cols)

    def take(self, cols: np.ndarray) -> tuple[np.ndarray, Vector]:
        """Return the matrix (m, m) on columns of X, and their coupling to the intercept (m,)."""
        fresh = cols[~np.isin(cols, self._cols)]
        if len(fresh):
            self._extend(np.ascontiguousarray(fresh))
        order = np.argsort(self._cols)
        at = order[np.searchsorted(self._cols[order], cols)]
        if np.array_equal(at, np.arange(len(self._cols))):
            return self._gram, self._pull
        return np.asfortranarray(self._gram[np.ix_(at, at)]), self._pull[at]

    def _extend(self, fresh: np.ndarray) -> None:
        assert self._curve is not None  # renewed before it is used
        old, every = len(self._cols), np.concatenate([self._cols, fresh])
        block = self._curve.gram(self._design, every, fresh, self._mean, self._inverse)
        pull = np.concatenate([self._pull[:old], self._back(self._curve.rows, fresh)])
        if self._intercept and self.total > 0:
            block = block - np.outer(pull, pull[old:]) / self.total
        grown = np.empty((len(every), len(every)), order="F")
        grown[:old, :old], grown[:, old:], grown[old:, :old] = self._gram[:old, :old], block, block[:old].T
        self._cols, self._gram, self._pull = every, grown, pull

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
ROOM = 1.25  # more than what is asked for, so that a growing matrix is not copied each time


class Hessian:
    """Second derivatives of a lane's mean loss in some of its columns, the intercept's taken out."""

    def __init__(self, design: Design, mean: Vector, inverse: Vector, back: Back, intercept: bool) -> None:
        self._design, self._mean, self._inverse = design, mean, inverse
        self._back, self._intercept = back, intercept
        self._curve: Curve | None = None
        self._gram = np.empty((0, 0), order="F")
        self.cols = np.empty(0, np.int64)  # of X
        self.pull = np.empty(0)  # (m,) their coupling to the intercept
        self.total = 0.0  # second derivative in the intercept

    @property
    def gram(self) -> np.ndarray:
        """The matrix (m, m) of the columns that are in."""
        return self._gram[: len(self.cols), : len(self.cols)]

    @property
    def fresh(self) -> bool:
        """Whether there is none yet."""
        return self._curve is None

    def forget(self) -> None:
        """Ask for a new curvature at the next use."""
        self._curve = None

    def renew(self, curve: Curve) -> None:
        """Go on with another curvature, and with no columns."""
        self._curve, self.cols, self.pull = curve, np.empty(0, np.int64), np.empty(0)
        self.total = float(curve.rows.sum()) if self._intercept else 0.0

    def outgrown(self, cols: np.ndarray) -> bool:
        """Whether so many columns are new that a matrix under the present curvature costs no more."""
        new = np.count_nonzero(~np.isin(cols, self.cols))
        return bool(len(self.cols) > 0 and new > GROWN * len(cols))

    def take(self, cols: np.ndarray) -> None:
        """Take in columns of X that are not there yet."""
        fresh = np.ascontiguousarray(cols[~np.isin(cols, self.cols)])
        if not len(fresh):
            return
        assert self._curve is not None  # renewed before it is used
        old, every = len(self.cols), np.concatenate([self.cols, fresh])
        block = self._curve.gram(self._design, every, fresh, self._mean, self._inverse)
        touched = self._back(self._curve.rows, fresh) if self._intercept else np.zeros(len(fresh))
        self.cols, self.pull = every, np.concatenate([self.pull, touched])
        if self.total > 0:
            block = block - np.outer(self.pull, touched) / self.total
        self._reserve(old, len(every))
        self._gram[: len(every), old : len(every)] = block
        self._gram[old : len(every), :old] = block[:old].T

    def _reserve(self, old: int, size: int) -> None:
        if size <= len(self._gram):
            return
        grown = np.empty((int(ROOM * size) + 16,) * 2, order="F")
        grown[:old, :old] = self._gram[:old, :old]
        self._gram = grown

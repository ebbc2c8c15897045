r"""The problem of one strength, with everything that has a kink written as one kind of row.

.. math:: \min_x\; \sum_i \max_{\alpha_i \le \theta_i \le \beta_i} \theta_i (t_i - a_i^\top x)
          + \tfrac12 x^\top D x - h^\top x

A data row has [w (q - 1), w q]. The l1 part of a column is a row that reads its coefficient, with target 0 and
[-s l1, s l1]; a bound is one with an infinite side. So theta is the whole dual, and a box is all it must obey.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..._typing import Vector

__all__ = ["Boxes", "kinks"]


@dataclass(frozen=True, eq=False)
class Boxes:
    """One strength on some rows and columns.

    Parameters
    ----------
    A : (m, k) data rows; an intercept is a column of ones.
    column : (c,) which coefficient every further row reads.
    t, low, high : (m + c,) targets and sides of the boxes.
    D, h : (k,) or (k, k), and (k,): quadratic and linear part.
    """

    A: np.ndarray
    column: np.ndarray
    t: Vector
    low: Vector
    high: Vector
    D: np.ndarray
    h: Vector

    @property
    def m(self) -> int:
        """Data rows."""
        return len(self.A)

    def forward(self, x: Vector) -> Vector:
        """What every row reads of the coefficients, (m + c,)."""
        return np.concatenate([self.A @ x, x[self.column]])

    def backward(self, theta: Vector) -> Vector:
        """The transpose, (k,)."""
        out = self.A.T @ theta[: self.m]
        np.add.at(out, self.column, theta[self.m :])
        return out

    def curve(self, x: Vector) -> Vector:
        """``D x``."""
        return self.D * x if self.D.ndim == 1 else self.D @ x

    def diagonal(self, Q: Vector) -> Vector:
        """What the rows of columns, and a diagonal D, add to the diagonal of ``A' diag(Q) A``, (k,)."""
        own = np.bincount(self.column, Q[self.m :], minlength=len(self.D)).astype(float)
        return own + self.D if self.D.ndim == 1 else own

    def size(self, r: Vector) -> float:
        """The typical size of residuals (m + c,): of data rows, unless these are all constraints."""
        rows = np.isfinite(self.high - self.low)[: self.m].any()
        return float(np.mean(np.abs(r[: self.m] if rows else r)))


def kinks(l1: Vector, lower: Vector, upper: Vector, shift: int) -> tuple[np.ndarray, Vector, Vector, Vector]:
    """Rows for l1 parts and bounds -> (column, target, low, high); ``shift`` places come before the columns."""
    places = np.arange(len(l1))
    # At zero a bound joins the l1 part: one kink, one row.
    low = np.where(upper == 0, -np.inf, -l1)
    high = np.where(lower == 0, np.inf, l1)
    zero = (low < 0) | (high > 0)
    above, below = np.isfinite(upper) & (upper > 0), np.isfinite(lower) & (lower < 0)
    column = np.concatenate([places[zero], places[above], places[below]]) + shift
    target = np.concatenate([np.zeros(zero.sum()), upper[above], lower[below]])
    ends = np.concatenate([low[zero], np.full(above.sum(), -np.inf), np.zeros(below.sum())])
    tops = np.concatenate([high[zero], np.zeros(above.sum()), np.full(below.sum(), np.inf)])
    return column, target, ends, tops

"""Columns themselves as terms beside the rules: winsorised, and on the scale of a typical rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..._typing import Vector

__all__ = ["LinearTerms", "weighted_quantile"]

TYPICAL = 0.4  # the standard deviation of a rule whose support is uniform on (0, 1): the mean of sqrt(s (1 - s)), about


@dataclass(frozen=True, eq=False)
class LinearTerms:
    r"""Columns as linear terms of a rule model.

    .. math:: l_j(x) = 0.4 \cdot \bigl(\min(\max(x_j, a_j), b_j) - m_j\bigr) / s_j

    with a and b the quantiles at which the column is cut off, m and s mean and standard deviation after that. The
    factor makes a linear term as likely to be kept as a typical rule. Missing values count as the mean. Columns with
    two values are not cut off, and constant columns are left out.

    Parameters
    ----------
    columns : encoded columns that have a term.
    low, high, mean, scale : of each of them; ``scale`` is 0.4 / s.
    """

    columns: np.ndarray
    low: Vector
    high: Vector
    mean: Vector
    scale: Vector

    @classmethod
    def learn(cls, matrix: np.ndarray, weights: Vector | None, share: float) -> LinearTerms:
        """Return the terms of columns, cut off at the quantiles ``share`` and 1 - ``share``."""
        w = np.ones(len(matrix)) if weights is None else weights
        found: list[tuple[float, ...]] = []
        for j in range(matrix.shape[1]):
            x = matrix[:, j]
            known = ~np.isnan(x) & (w > 0)
            values, mass = x[known], w[known]
            if not values.size or values.min() == values.max():
                continue
            two = ((values == values.min()) | (values == values.max())).all()
            low, high = weighted_quantile(values, mass, (0.0, 1.0) if two else (share, 1 - share))
            cut = np.clip(values, low, high)
            mean = float(np.average(cut, weights=mass))
            spread = float(np.sqrt(np.average((cut - mean) ** 2, weights=mass)))
            if spread > 0:
                found.append((j, low, high, mean, TYPICAL / spread))
        parts = np.array(found).reshape(-1, 5).T
        return cls(parts[0].astype(np.intp), *parts[1:])

    def __len__(self) -> int:
        """Number of terms."""
        return len(self.columns)

    def of(self, matrix: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return the terms of rows that ``which`` names by number, (n, len(which))."""
        cut = np.clip(matrix[:, self.columns[which]], self.low[which], self.high[which])
        return np.where(np.isnan(cut), 0.0, (cut - self.mean[which]) * self.scale[which])


def weighted_quantile(values: Vector, weights: Vector, shares: Sequence[float]) -> list[float]:
    """Return quantiles by the inverse of the distribution: whole weights equal repeated values.

    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), (0.25, 0.5, 1.0))
    [1.0, 2.0, 3.0]
    """
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    places = np.searchsorted(below, np.asarray(shares) * below[-1] * (1 - 1e-12))
    return [float(value) for value in values[order][np.minimum(places, len(values) - 1)]]

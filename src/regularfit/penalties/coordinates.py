r"""The normal form that the built-in penalties share, and the one implementation behind all of them.

    P(w) = sum_j  l1_j |w_j| + l2_j w_j^2 / 2      subject to   lower_j <= w_j <= upper_j

``l1_j = l2_j = 0`` leaves column j unpenalised, ``l1_j = inf`` excludes it (its coefficient is 0).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .._typing import Mask, Vector

__all__ = ["Coordinates"]


@dataclass(frozen=True, slots=True, eq=False)
class Coordinates:
    """A penalty written out column by column; what solvers read.

    Parameters
    ----------
    l1 : (p,) weights of ``|w_j|``, >= 0; inf excludes the column.
    l2 : (p,) weights of ``w_j^2 / 2``, >= 0 and finite.
    lower, upper : (p,) bounds with ``lower <= 0 <= upper``; -inf and inf where there is none.

    Examples
    --------
    >>> Coordinates.uniform(3, l1=1.0).prox(np.array([-3.0, 0.5, 2.0]), step=1.0)
    array([-2.,  0.,  1.])
    """

    l1: Vector  # (p,)
    l2: Vector  # (p,)
    lower: Vector  # (p,)
    upper: Vector  # (p,)

    @classmethod
    def uniform(cls, p: int, *, l1: float = 0.0, l2: float = 0.0) -> Coordinates:
        """Return the same two weights in all ``p`` columns, without bounds."""
        return cls(np.full(p, l1), np.full(p, l2), np.full(p, -np.inf), np.full(p, np.inf))

    @property
    def p(self) -> int:
        """The number of columns."""
        return self.l1.shape[0]

    @property
    def penalised(self) -> Mask:
        """The columns with a positive weight, (p,); excluded ones belong to them."""
        return (self.l1 > 0) | (self.l2 > 0)

    def among(self, chosen: npt.NDArray[np.intp], p: int) -> Coordinates:
        """Return the same penalty on the ``chosen`` of ``p`` columns, the others being unpenalised."""
        outer = Coordinates.uniform(p)
        places = {name: getattr(outer, name) for name in ("l1", "l2", "lower", "upper")}
        for name, values in places.items():
            values[chosen] = getattr(self, name)
        return replace(self, **places)

    def scaled(self, s: float) -> Coordinates:
        """Return ``s * P`` for ``s >= 0``; bounds and excluded columns stay as they are."""
        # 0 * inf would be NaN, and an excluded column is excluded at every strength.
        l1 = np.where(np.isinf(self.l1), np.inf, s * np.where(np.isinf(self.l1), 0.0, self.l1))
        return replace(self, l1=l1, l2=s * self.l2)

    def value(self, w: Vector) -> float:
        """Return P(w), which is inf outside the bounds and where an excluded column is used."""
        lower, upper = self._bounds(w.dtype)
        if ((w < lower) | (w > upper) | (np.isinf(self.l1) & (w != 0))).any():
            return float("inf")
        size = np.abs(w.astype(np.float64, copy=False))
        l1 = np.where(np.isinf(self.l1), 0.0, self.l1)
        return float(size @ (l1 + 0.5 * self.l2 * size))

    def prox(self, v: Vector, step: float | Vector) -> Vector:
        """Return argmin_w ||w - v||^2 / 2 + step P(w), in the float type of ``v``; ``step`` may be (p,)."""
        threshold = step * self.l1
        shrunk = (v - np.clip(v, -threshold, threshold)) / (1.0 + step * self.l2)
        # Rounding a bound to float32 may move it outwards, so the clip is repeated in the type of the answer.
        return np.clip(shrunk.astype(v.dtype, copy=False), *self._bounds(v.dtype))

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the subdifferential of P at ``w``, (p,); inf outside bounds."""
        lower, upper = self._bounds(w.dtype)
        ridge = grad + self.l2 * w
        least = np.where(w > 0, self.l1, -self.l1)
        most = np.where(w < 0, -self.l1, self.l1)
        # The subdifferential is an interval, open-ended at a bound: the bound may push back with any force.
        least = np.where(w <= lower, -np.inf, least)
        most = np.where(w >= upper, np.inf, most)
        distance = np.maximum(np.maximum(ridge + least, -ridge - most), 0.0)
        outside = (w < lower) | (w > upper) | (np.isinf(self.l1) & (w != 0))
        return np.where(outside, np.inf, distance).astype(np.result_type(w, grad), copy=False)

    def strength_max(self, grad0: Vector) -> float:
        """Return the smallest s at which ``w = 0`` solves ``grad0 . w + s P(w)`` in every penalised column.

        inf where a column with only an l2 weight is pulled: ridge never gives an exact zero.
        """
        pull = self._pull(np.asarray(grad0, dtype=np.float64))
        with np.errstate(divide="ignore", over="ignore"):
            needed = np.divide(pull, self.l1, out=np.zeros_like(pull), where=(pull > 0) & self.penalised)
        s = float(needed.max(initial=0.0))
        # pull / l1 * l1 may round to just below pull, and then the zero would not be exact.
        while np.isfinite(s) and (s * self._finite_l1() < pull)[self.penalised].any():
            s = float(np.nextafter(s, np.inf))
        return s

    def conjugate(self, g: Vector) -> Vector:
        """Return sup_{lower <= b <= upper} g b - l1 |b| - l2 b^2 / 2 for every column, (p,).

        It is inf where the supremum is unbounded, as in an unpenalised column without bounds unless its ``g``
        is exactly 0; a certificate treats the stationarity of such columns apart.
        """
        rest = g - np.clip(g, -self.l1, self.l1)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            best = np.clip(np.where(rest == 0, 0.0, rest / self.l2), self.lower, self.upper)
            reached = best * (rest - 0.5 * self.l2 * best)
        return np.where(np.isinf(best), np.inf, reached)

    def dual_scale(self, g: Vector) -> float:
        """Return the largest c in [0, 1] for which the conjugate of ``c * g`` is finite.

        Unpenalised columns (l1 = l2 = 0) are left out: only c = 0 could satisfy them, and at a solution their
        ``g`` is 0.
        """
        size = np.abs(g)
        unbounded = np.isinf(np.where(g > 0, self.upper, self.lower))
        limited = (self.l1 > 0) & (self.l2 == 0) & unbounded & (size > self.l1)
        if not limited.any():
            return 1.0
        size, l1 = size[limited].astype(np.float64), self.l1[limited]
        c = float((l1 / size).min())
        while (c * size > l1).any():  # the quotient may have been rounded up
            c = float(np.nextafter(c, 0.0))
        return c

    def _pull(self, grad0: Vector) -> Vector:
        """How hard each column wants to leave zero, (p,); 0 where a bound holds it or it is excluded."""
        up = np.where(self.upper > 0, -grad0, 0.0)
        down = np.where(self.lower < 0, grad0, 0.0)
        return np.where(np.isinf(self.l1), 0.0, np.maximum(np.maximum(up, down), 0.0))

    def _finite_l1(self) -> Vector:
        return np.where(np.isinf(self.l1), 0.0, self.l1)

    def _bounds(self, dtype: npt.DTypeLike) -> tuple[Vector, Vector]:
        """The bounds rounded to ``dtype``, so that a coefficient of that type can lie exactly on them."""
        if np.dtype(dtype) == self.lower.dtype:
            return self.lower, self.upper
        with np.errstate(over="ignore"):
            lower: np.ndarray[Any, Any] = self.lower.astype(dtype)
            upper: np.ndarray[Any, Any] = self.upper.astype(dtype)
        return lower, upper

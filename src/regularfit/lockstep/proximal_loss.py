"""The proximal road for any loss: its smooth part through products with X, intercept and lane included."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ..losses import Loss
from ..penalties import Penalty
from .proximal import ProximalPath, proximal_path
from .ridge import Floats

__all__ = ["RowLoss", "proximal_loss"]

_EPS = np.finfo(np.float64).eps
_TRUSTED = 1e-8  # a difference of two values is exact to eight digits above this fraction of them
Product = Callable[[Floats], Floats]


class RowLoss:
    r"""The mean loss of a lane as a function of its scaled coefficients and, last, its intercept.

    .. math:: f(b, a) = \sum_i \pi_i\, \mathrm{loss}(y_i,\ o_i + a + \tfrac{x_i - m}{\mathrm{scale}} b),
              \qquad \pi = w/\sum w.

    X is never copied: centring and scaling are applied to the products. The first step is 1 over the
    loss's curvature bound times the largest eigenvalue (by power iteration); backtracking adapts it. Rows of
    weight 0 never reach the loss.

    Parameters are those of :func:`proximal_loss`.
    """

    def __init__(
        self,
        matmat: Product,
        rmatmat: Product,
        loss: Loss,
        y: ArrayLike,
        weights: ArrayLike,
        means: ArrayLike,
        scales: ArrayLike,
        *,
        offset: ArrayLike | None = None,
        fit_intercept: bool = True,
    ) -> None:
        self._matmat, self._rmatmat, self._loss = matmat, rmatmat, loss
        weights = np.asarray(weights, dtype=np.float64)
        self._n, self._rows = weights.size, np.flatnonzero(weights > 0)
        self._pi = weights[self._rows] / weights.sum()
        self._y = np.asarray(y, dtype=np.float64)[self._rows]
        self._means, self._scales = np.asarray(means, dtype=np.float64), np.asarray(scales, dtype=np.float64)
        known = np.zeros(self._n) if offset is None else np.asarray(offset, dtype=np.float64)
        self._offset = known[self._rows]
        self._p, self._intercept = self._means.size, fit_intercept
        self.size = self._p + fit_intercept
        self._at, self._eta = np.full(self.size, np.nan), np.zeros(0)
        top = self._largest_eigenvalue()
        here, there = loss.curvature(self._y, self._offset), loss.curvature(self._y, self._offset + 1.0)
        self.grows = bool(np.any(here != there))  # where the curvature varies, its bound may be far above it
        bound = 1.0 if loss.curvature_bound is None else loss.curvature_bound
        self.step = 1.0 / (1.05 * bound * top) if top > 0 else 1.0  # the iteration comes from below

    def eta(self, b: Floats) -> Floats:
        """Return the linear predictor on the rows of positive weight, remembered for the last ``b``."""
        if not np.array_equal(self._at, b):
            self._at, self._eta = b.copy(), self._offset + self._forward(b)
        return self._eta

    def value(self, b: Floats) -> float:
        """Return the weighted mean loss."""
        return float(self._pi @ self._loss.value(self._y, self.eta(b)))

    def gradient(self, b: Floats) -> Floats:
        """Return its gradient (p,) or, with an intercept, (p + 1,)."""
        return self._backward(self._pi * self._loss.gradient(self._y, self.eta(b)))

    def bregman(self, b: Floats, v: Floats) -> float:
        """Return the value at ``b`` above the tangent at ``v``, by the trapezoid rule where it is tiny."""
        before, base = self.eta(v), self.value(v)
        slopes = self._loss.gradient(self._y, before)
        after, value = self.eta(b), self.value(b)
        above = value - base - float(self._pi @ (slopes * (after - before)))
        if above > _TRUSTED * (abs(value) + abs(base)):
            return above
        return 0.5 * float(self._pi @ ((self._loss.gradient(self._y, after) - slopes) * (after - before)))

    def rounding(self, b: Floats) -> float:
        """Return a bound on the rounding error of the gradient."""
        slopes = np.abs(self._loss.gradient(self._y, self.eta(b)))
        return 16 * _EPS * float(self._pi @ slopes + self._pi @ np.abs(self.eta(b)))

    def _forward(self, b: Floats) -> Floats:
        scaled = b[: self._p] / self._scales
        return self._matmat(scaled[:, None])[self._rows, 0] - self._means @ scaled + b[self._p :].sum()

    def _backward(self, u: Floats) -> Floats:
        total, every = u.sum(), np.zeros((self._n, 1))
        every[self._rows, 0] = u
        slope = (self._rmatmat(every)[:, 0] - total * self._means) / self._scales
        return np.append(slope, total) if self._intercept else slope

    def _largest_eigenvalue(self) -> float:
        """Largest eigenvalue of the weighted second moments by power iteration, a few per cent from below."""
        v, value = np.random.default_rng(0).standard_normal(self.size), 0.0
        for _ in range(20):
            norm = np.linalg.norm(v)
            if norm == 0:
                return 0.0
            v = self._backward(self._pi * self._forward(v / norm))
            value = float(np.linalg.norm(v))
        return value


def proximal_loss(
    matmat: Product,
    rmatmat: Product,
    loss: Loss,
    y: ArrayLike,
    weights: ArrayLike,
    means: ArrayLike,
    scales: ArrayLike,
    penalty: Penalty,
    strengths: ArrayLike,
    *,
    offset: ArrayLike | None = None,
    fit_intercept: bool = True,
    tol: float = 1e-7,
    max_iter: int = 20_000,
    start: ArrayLike | None = None,
) -> ProximalPath:
    r"""Minimise a lane's mean loss plus any penalty of the scaled coefficients along decreasing strengths.

    .. math:: \sum_i \pi_i\,\mathrm{loss}(y_i, \eta_i) + s\,P(b), \qquad
              \eta_i = o_i + a + \tfrac{x_i - m}{\mathrm{scale}}\,b

    Prefer it for losses and penalties of your own. For squared loss, :func:`proximal_quadratic
    <regularfit.lockstep.proximal.proximal_quadratic>` on a Gram matrix needs no pass over X.

    Parameters
    ----------
    matmat, rmatmat : callables
        ``X @ V`` for V (p, 1) and ``X.T @ U`` for U (n, 1).
    loss : Loss
    y, weights : (n,) arrays
        Target and row weights of the lane; weight 0 holds a row out.
    means, scales : (p,) arrays
        Centres (any; the column means condition the intercept best) and positive scales.
    penalty : Penalty
    strengths : (L,) array
        Positive, decreasing.
    offset : (n,) array, optional
    fit_intercept : bool
        Add an unpenalised last coordinate, the intercept of the centred columns.
    tol, max_iter, start :
        As in :func:`proximal_quadratic <regularfit.lockstep.proximal.proximal_quadratic>`.

    Returns
    -------
    ProximalPath
        ``coefs`` is (L, p + 1) with an intercept, else (L, p).

    Examples
    --------
    >>> import numpy as np
    >>> from regularfit.losses import Squared
    >>> from regularfit.penalties import L1
    >>> X, y = np.array([[-1.0], [1.0]]), np.array([1.0, 5.0])
    >>> path = proximal_loss(lambda V: X @ V, lambda U: X.T @ U, Squared(), y, [1, 1], [0], [1], L1(), [0.5])
    >>> path.coefs.round(6)
    array([[1.5, 3. ]])

    References
    ----------
    Beck and Teboulle (2009), A fast iterative shrinkage-thresholding algorithm for linear inverse problems.
    """
    part = RowLoss(
        matmat, rmatmat, loss, y, weights, means, scales, offset=offset, fit_intercept=fit_intercept
    )
    return proximal_path(
        part, penalty, strengths, free=int(fit_intercept), tol=tol, max_iter=max_iter, start=start
    )

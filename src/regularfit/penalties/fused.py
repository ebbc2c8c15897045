"""The fused lasso and trend filtering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, final

import numpy as np

from .._checks import check_fraction, check_positive
from .._typing import Indices, Vector
from ..errors import InputError, UnsupportedError
from ._base import Penalty, Traits, as_coefficients
from ._box_differences import box_differences, differences_transposed
from ._groups import Groups, as_groups, resolve_groups
from ._runs import interval_polar, polynomials, runs_of, tied
from ._total_variation import smooth_steps

__all__ = ["Fused"]

ORTHOGONAL = 1e-8  # share of a gradient along free directions that is still rounding


@final
@dataclass(frozen=True, slots=True)
class Fused(Penalty):
    r"""Give neighbouring columns equal coefficients, or coefficients on few straight or smooth pieces.

    .. math:: P(w) = k \Bigl( a \sum_j |w_j| + (1 - a) \sum_r \lVert D^{(m)} w_r \rVert_1 \Bigr)

    with :math:`D^{(m)}` the differences of order m along every run r of ordered columns. Order 1 is the fused lasso
    (total variation: steps), order 2 trend filtering (piecewise linear), order 3 piecewise quadratic. Polynomials of a
    lower order cost nothing where a = 0.

    Prefer it where columns are ordered: time lags, positions along a genome, wave lengths, ages, dummies of an ordered
    category. Prefer :class:`Group` for a set without an order, and a ridge of differences where changes are gradual.
    The differences are those of the penalised coefficients: where columns are in one unit use ``standardize=False``,
    as equal coefficients of standardised columns are not equal on the scale of X. With the squared loss and a = 0 a
    path is that of a lasso, and fast; otherwise it is found by proximal steps.

    Parameters
    ----------
    order : 1, 2, 3, ...: which differences. 1 and 2 are usual; beyond 3 long runs lose digits.
    l1_ratio : a in [0, 1], above 0 only with order 1: also keeps few columns.
    runs : None for all columns in their order; or one label per column, or a list of columns per run, by position or
        name, as ``[["jan", "feb", "mar"], ["mon", "tue"]]``. Columns in no run are unpenalised. ``.on(columns)``
        is one run.
    strength : k > 0, finite; multiplies the strength of the fit.

    Raises
    ------
    InputError
        If a column is in two runs or not there, ``order`` is not a whole number above 0, ``l1_ratio`` lies outside
        [0, 1] or ``strength`` is not positive.
    UnsupportedError
        If ``order`` and ``l1_ratio`` are both large: that proximal step is not known.

    Examples
    --------
    >>> import numpy as np
    >>> Fused().prox(np.array([1.0, 1.2, 3.0, 3.2]), step=0.5).round(3)
    array([1.35, 1.35, 2.85, 2.85])
    >>> Fused(order=2).value(np.array([0.0, 1.0, 2.0, 4.0]))
    1.0

    References
    ----------
    Tibshirani, R., Saunders, M., Rosset, S., Zhu, J. and Knight, K. (2005). Sparsity and smoothness via the fused
    lasso. JRSS B 67.
    Kim, S.-J., Koh, K., Boyd, S. and Gorinevsky, D. (2009). l1 trend filtering. SIAM Review 51.
    """

    order: int = 1
    l1_ratio: float = 0.0
    runs: Groups | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check all four, and keep runs as tuples."""
        order: Any = self.order
        if isinstance(order, bool) or not isinstance(order, (int, np.integer)) or order < 1:
            raise InputError(
                f"Fused(order={self.order!r}) must be a whole number above 0: 1 for steps, 2 for straight pieces."
            )
        object.__setattr__(self, "order", int(cast("int", order)))
        advice = "0 fuses only, 1 is L1; a weight goes into strength."
        object.__setattr__(self, "l1_ratio", check_fraction(self.l1_ratio, "Fused(l1_ratio)", advice))
        if self.order > 1 and self.l1_ratio > 0:
            raise UnsupportedError(
                f"Fused(order={self.order}, l1_ratio={self.l1_ratio:g}): no proximal step is known for an l1 part "
                f"beside differences of that order. Use Fused(l1_ratio={self.l1_ratio:g}) or Fused(order={self.order})."
            )
        if self.runs is not None:
            object.__setattr__(self, "runs", as_groups(self.runs, "Fused"))
        object.__setattr__(self, "strength", check_positive(self.strength, "Fused(strength)"))

    @property
    def traits(self) -> Traits:
        """Convex; sparse where every column has an l1 part."""
        every = self.runs is None or not isinstance(self.runs[0], tuple)
        return Traits(convex=True, sparse=self.l1_ratio > 0 and every, separable=self.l1_ratio == 1 and every)

    @property
    def prices(self) -> tuple[float, float]:
        """The weights of ``|w_j|`` and of a difference."""
        return self.strength * self.l1_ratio, self.strength * (1.0 - self.l1_ratio)

    def chains(self, p: int) -> tuple[Indices, ...]:
        """Return the columns of every run among ``p``, in order."""
        return runs_of(self.runs, p)

    def loose(self, p: int) -> Indices:
        """Return the columns that are in no run."""
        return np.setdiff1d(np.arange(p), np.concatenate(self.chains(p)))

    def value(self, w: Vector) -> float:
        """Return P(w)."""
        w = as_coefficients(w, "w").astype(np.float64)
        alone, jump = self.prices
        rough = sum(float(np.abs(np.diff(w[run], self.order)).sum()) for run in self.chains(len(w)))
        size = sum(float(np.abs(w[run]).sum()) for run in self.chains(len(w))) if alone else 0.0
        return alone * size + jump * rough

    def prox(self, v: Vector, step: float) -> Vector:
        """Return the nearest steps (or smoother pieces), soft-thresholded, (p,)."""
        v, step = as_coefficients(v, "v"), check_positive(step, "step")
        alone, jump = self.prices
        out = v.astype(np.float64)
        for run in self.chains(len(v)):
            found = self._smooth(out[run], step * jump)
            out[run] = found - np.clip(found, -step * alone, step * alone)
        return out.astype(v.dtype)

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the subdifferential of P at ``w``, (p,).

        What is left of ``-grad`` is the proximal step of P's slope in all directions from ``w``: where ``w`` jumps its
        slope is known, and the pieces in between are smoothed on their own.
        """
        w, grad = as_coefficients(w, "w"), as_coefficients(grad, "grad")
        alone, jump = self.prices
        out = -grad.astype(np.float64)
        for run in self.chains(len(w)):
            own, rest = w[run].astype(np.float64), out[run] - alone * np.sign(w[run])
            if len(run) > self.order:
                still = tied(w[run], self.order)
                signs = np.where(still, 0.0, np.sign(np.diff(own, self.order)))
                rest = self._pieces(rest - jump * differences_transposed(signs, self.order), still, jump)
            out[run] = np.where(own == 0, rest - np.clip(rest, -alone, alone), rest)
        return np.abs(out).astype(np.result_type(w, grad), copy=False)

    def _smooth(self, v: Vector, t: float) -> Vector:
        if self.order == 1:
            return smooth_steps(v, t)
        return box_differences(v, self.order, t, np.arange(max(len(v) - self.order, 0)))

    def _pieces(self, v: Vector, still: np.ndarray, t: float) -> Vector:
        """Smooth a run where its differences are tied."""
        if self.order > 1:
            return box_differences(v, self.order, t, np.flatnonzero(still))
        out, start = v.copy(), 0
        for end in [*(np.flatnonzero(~still) + 1).tolist(), len(v)]:
            if end - start > 1:
                out[start:end] = smooth_steps(v[start:end], t)
            start = end
        return out

    def free_directions(self, p: int) -> np.ndarray | None:
        """Return directions that cost nothing, orthonormal, (p, r): polynomials along runs, and columns in none."""
        loose = self.loose(p)
        pieces = [np.zeros((p, len(loose)))]
        pieces[0][loose, np.arange(len(loose))] = 1.0
        if self.l1_ratio == 0:
            for run in self.chains(p):
                block = np.zeros((p, min(self.order, len(run))))
                block[run] = polynomials(len(run), self.order)
                pieces.append(block)
        found = np.concatenate(pieces, axis=1)
        return found if found.shape[1] else None

    def strength_max(self, grad0: Vector) -> float:
        """Return the smallest strength at which 0 is a solution; inf where ``grad0`` pulls along what costs nothing."""
        grad0 = as_coefficients(grad0, "grad0").astype(np.float64)
        p, (alone, jump) = len(grad0), self.prices
        top = float(np.abs(grad0[self.loose(p)]).max(initial=0.0))
        if top > ORTHOGONAL * np.abs(grad0).max(initial=0.0):
            return float("inf")
        if alone > 0:
            return max(interval_polar(grad0[run], alone, jump) for run in self.chains(p))
        return max(self._dual(grad0[run]) for run in self.chains(p)) / jump

    def _dual(self, g: Vector) -> float:
        """The largest |u| for which D'u = g; inf where there is none."""
        free = polynomials(len(g), self.order)
        along = free @ (free.T @ g)
        if np.abs(along).max(initial=0.0) > ORTHOGONAL * np.abs(g).max(initial=0.0):
            return float("inf")
        u = g - along
        for _ in range(self.order):
            u = -np.cumsum(u)[:-1]
        return float(np.abs(u).max(initial=0.0))

    def polar(self, grad: Vector) -> float | None:
        """Return the same where P is a norm: with an l1 part in every column; None elsewhere."""
        return self.strength_max(grad) if self.l1_ratio > 0 and not len(self.loose(len(grad))) else None

    def resolve(self, feature_names: Sequence[str] | None) -> Fused:
        """Return the same penalty with column names replaced by positions."""
        if self.runs is None:
            return self
        return replace(self, runs=resolve_groups(self.runs, feature_names, "Fused(runs)"))

    def on(self, *columns: Any) -> Penalty:
        """Return the penalty on one run of columns, in the order given; others are unpenalised."""
        if self.runs is not None:
            raise UnsupportedError(
                f"{self!r}.on(...): it has its runs already. Use Fused(runs=[[...], [...]])."
            )
        chosen: Any = columns[0] if len(columns) == 1 else columns
        items: list[Any] = [chosen] if isinstance(chosen, (str, int, np.integer)) else list(chosen)
        if items and all(isinstance(item, (bool, np.bool_)) for item in items):
            items = np.flatnonzero(items).tolist()
        return replace(self, runs=cast("Any", [items]))

    def scaled(self, factor: float) -> Fused:
        """Return ``factor * self``."""
        factor = check_positive(factor, "factor * Fused: the factor")
        return replace(self, strength=factor * self.strength)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return steps, sparse steps, straight and quadratic pieces, two runs, plain L1, and one run of three."""
        return [
            cls(),
            cls(l1_ratio=0.3, strength=0.5),
            cls(2),
            cls(3, strength=2.0),
            cls(l1_ratio=0.5, runs=(0, 0, 1, 1, 1)),
            cast("Fused", cls(l1_ratio=1.0)),
            cls().on("d", "a", "b").resolve(["a", "b", "c", "d", "e"]),
        ]

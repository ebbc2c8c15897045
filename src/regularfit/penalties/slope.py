"""The sorted L1 penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast, final

import numpy as np

from .._checks import check_positive, check_vector
from .._typing import Vector
from ..errors import InputError
from ._base import Penalty, Traits, as_coefficients

__all__ = ["SLOPE", "sorted_kkt", "sorted_prox"]


@final
@dataclass(frozen=True, slots=True)
class SLOPE(Penalty):
    r"""Keep few columns under control of false discoveries, and give alike columns one coefficient: sorted L1.

    .. math:: P(w) = k \sum_{i=1}^p \lambda_i |w|_{(i)}, \qquad |w|_{(1)} \ge |w|_{(2)} \ge \dots

    The largest coefficient meets the largest weight. By default the weights are those of Benjamini and Hochberg,
    :math:`\lambda_i = \Phi^{-1}(1 - i q / 2p)`, as published and as in R's SLOPE: for orthonormal columns, unit noise
    variance and strength ``sd(noise) / sqrt(n)``, the expected share of false discoveries is at most q.

    Prefer it to L1 when false discoveries are to be few, or when correlated columns should be kept together with
    equal coefficients. Prefer L1 for the largest problems (its path is far faster here), ElasticNet when clusters
    need not be equal.

    Parameters
    ----------
    q : in (0, 1): the share of false discoveries aimed at; 0.1 is usual. Not used where ``weights`` are given.
    weights : (p,) decreasing (ties allowed), >= 0, the first one positive. All equal is L1.
    strength : k > 0, finite; multiplies the strength of the fit.

    Raises
    ------
    InputError
        If ``q`` lies outside (0, 1), weights increase or are negative, or ``strength`` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> SLOPE(weights=[2.0, 1.0, 0.5]).prox(np.array([4.0, -3.8, 0.2]), step=1.0)
    array([ 2.4, -2.4,  0. ])

    References
    ----------
    Bogdan, M., van den Berg, E., Sabatti, C., Su, W. and Candès, E. (2015). SLOPE: adaptive variable selection via
    convex optimization. Annals of Applied Statistics 9.
    """

    q: float = 0.1
    weights: tuple[float, ...] | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check the weights and both numbers; keep the weights as a tuple."""
        q = check_positive(self.q, "SLOPE(q)", "0.1 is usual.")
        if not q < 1:
            raise InputError(f"SLOPE(q) must lie strictly between 0 and 1; {q:g} was given. 0.1 is usual.")
        object.__setattr__(self, "q", q)
        if self.weights is not None:
            object.__setattr__(self, "weights", _decreasing(self.weights))
        object.__setattr__(self, "strength", check_positive(self.strength, "SLOPE(strength)"))

    @property
    def traits(self) -> Traits:
        """Convex and sparse, not separable."""
        return Traits(convex=True, sparse=True)

    def sequence(self, p: int) -> Vector:
        """Return the weights of ``p`` columns, times k, decreasing."""
        if self.weights is None:
            return self.strength * _benjamini_hochberg(self.q, p)
        if len(self.weights) != p:
            raise InputError(
                f"SLOPE(weights) has {len(self.weights)} entries, but the penalty is used on {p} columns; "
                "give one for each, or q alone."
            )
        return self.strength * np.array(self.weights)

    def value(self, w: Vector) -> float:
        """Return P(w)."""
        w = as_coefficients(w, "w")
        return float(self.sequence(len(w)) @ np.sort(np.abs(w.astype(np.float64)))[::-1])

    def prox(self, v: Vector, step: float) -> Vector:
        """Return the sorted soft threshold: weights subtracted in order, violators of the order pooled."""
        v, step = as_coefficients(v, "v"), check_positive(step, "step")
        return sorted_prox(v.astype(np.float64), step * self.sequence(len(v))).astype(v.dtype)

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the subdifferential of P at ``w``, (p,).

        The subdifferential is a product over sets of equal ``|w|``; in each it is the hull of all orders of the
        set's weights (and, at zero, all that is smaller), and the distance to it an isotonic regression.
        """
        w, grad = as_coefficients(w, "w"), as_coefficients(grad, "grad")
        found = sorted_kkt(w.astype(np.float64), grad.astype(np.float64), self.sequence(len(w)))
        return found.astype(np.result_type(w, grad), copy=False)

    def strength_max(self, grad0: Vector) -> float:
        """Return the largest ratio of the sums of the i largest gradients and of the i largest weights."""
        size = np.sort(np.abs(as_coefficients(grad0, "grad0").astype(np.float64)))[::-1]
        return float((np.cumsum(size) / np.cumsum(self.sequence(len(size)))).max(initial=0.0))

    def polar(self, grad: Vector) -> float:
        """Return the same: P is a norm."""
        return self.strength_max(grad)

    def scaled(self, factor: float) -> SLOPE:
        """Return ``factor * self``."""
        return replace(self, strength=check_positive(factor, "factor * SLOPE: the factor") * self.strength)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return the usual one, plain L1, and weights that end in zeros."""
        return [
            cls(),
            cls(weights=(1.0,) * 5),
            cls(0.2, strength=0.3),
            cls(weights=(2.0, 1.0, 1.0, 0.0, 0.0)),
        ]


def _decreasing(weights: Any) -> tuple[float, ...]:
    values = check_vector(weights, name="SLOPE(weights)")
    rising = np.flatnonzero(np.diff(values) > 0)
    if len(rising):
        k = int(rising[0])
        raise InputError(
            f"SLOPE(weights) must not increase; entry {k} is {values[k]:g} and the next {values[k + 1]:g}. "
            "Sort them: sorted(weights, reverse=True)."
        )
    if not (values[0] > 0 and values[-1] >= 0):
        raise InputError(
            f"SLOPE(weights) must be >= 0 and the first one positive; they go from {values[0]:g} to "
            f"{values[-1]:g}."
        )
    return tuple(values.tolist())


@lru_cache(maxsize=32)
def _benjamini_hochberg(q: float, p: int) -> Vector:
    from scipy.special import ndtri  # pyright: ignore[reportMissingTypeStubs] # loaded with the first use

    weights = cast("Vector", ndtri(1.0 - q * np.arange(1, p + 1) / (2.0 * p)))
    weights.flags.writeable = False
    return weights


def sorted_prox(v: Vector, weights: Vector) -> Vector:
    """Return argmin_w ``||w - v||^2 / 2 + sum_i weights_i |w|_(i)`` for decreasing weights, (p,) in float64."""
    size = np.abs(v)
    order = np.argsort(-size, kind="stable")
    out = np.zeros(len(v))
    out[order] = np.maximum(_pooled(size[order] - weights), 0.0)
    return np.copysign(out, v)


def sorted_kkt(w: Vector, grad: Vector, weights: Vector) -> Vector:
    """Return the distance of ``-grad`` to the subdifferential of ``sum_i weights_i |w|_(i)`` at ``w``, (p,)."""
    size = np.abs(w)
    pull = np.where(w == 0, np.abs(grad), -grad * np.sign(w))
    order = np.lexsort((-pull, -size))  # by size, and by pull among equals
    rest, sizes = pull[order] - weights, size[order]
    # One pass for all sets: each is moved so far below the one before that they cannot be pooled together.
    numbers = np.cumsum(np.diff(sizes, prepend=sizes[:1]) != 0)
    far = numbers * (2.0 * float(np.abs(rest).max(initial=0.0)))
    rest = _pooled(rest - far) + far
    out = np.empty(len(w))
    out[order] = np.where(sizes == 0, np.maximum(rest, 0.0), np.abs(rest))
    return out


def _pooled(values: Vector) -> Vector:
    """Return the nearest decreasing vector: neighbours out of order are pooled to their mean."""
    if not (values[1:] > values[:-1]).any():
        return values
    from scipy.optimize import isotonic_regression  # pyright: ignore[reportMissingTypeStubs]

    found: Any = isotonic_regression(values, increasing=False)
    return cast("Vector", found.x)

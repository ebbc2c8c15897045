"""The sparse group lasso penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from .._checks import check_fraction, check_positive
from .._typing import ArrayLike, Vector
from ._base import Penalty, Traits, as_coefficients
from ._groups import Groups, Layout, as_groups, layout, resolve_groups
from .group import distance, shorten

__all__ = ["SparseGroup"]


@final
@dataclass(frozen=True, slots=True)
class SparseGroup(Penalty):
    r"""Keep few groups, and few columns within them: a mixture of :class:`L1` and :class:`Group`.

    .. math:: P(w) = k \Bigl( a \sum_j |w_j| + (1 - a) \sum_g \sqrt{p_g} \, \lVert w_g \rVert_2 \Bigr)

    As for :class:`Group`, the columns of a group are not orthonormalised. Prefer it to Group when only some columns
    of a relevant group matter (genes in pathways, levels of a category). Prefer Group when a group is one thing
    (a spline), and L1 when the groups are a guess.

    Parameters
    ----------
    groups : one label per column, or a list of columns per group, as for :class:`Group`.
    l1_ratio : a in [0, 1]: 1 is L1, 0 is Group; 0.05 to 0.5 are usual.
    strength : k > 0, finite; multiplies the strength of the fit.

    Raises
    ------
    InputError
        If a column is in two groups or in none, ``l1_ratio`` lies outside [0, 1] or ``strength`` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> SparseGroup([0, 0, 1], 0.5).prox(np.array([3.5, 0.5, 0.4]), step=1.0).round(3)
    array([2.293, 0.   , 0.   ])

    References
    ----------
    Simon, N., Friedman, J., Hastie, T. and Tibshirani, R. (2013). A sparse-group lasso. JCGS 22.
    """

    groups: Groups
    l1_ratio: float = 0.5
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check the groups and both numbers."""
        object.__setattr__(self, "groups", as_groups(self.groups, "SparseGroup"))
        advice = "1 is L1, 0 is Group; a weight goes into strength."
        object.__setattr__(self, "l1_ratio", check_fraction(self.l1_ratio, "SparseGroup(l1_ratio)", advice))
        object.__setattr__(self, "strength", check_positive(self.strength, "SparseGroup(strength)"))

    @property
    def traits(self) -> Traits:
        """Convex and sparse; separable at l1_ratio 1, where it is L1."""
        return Traits(convex=True, sparse=True, separable=self.l1_ratio == 1)

    def layout(self, p: int) -> Layout:
        """Return which of ``p`` columns is in which group."""
        return layout(self.groups, p, "SparseGroup(groups)")

    def thresholds(self, p: int) -> tuple[float, Vector]:
        """Return the weight of every ``|w_j|``, and that of every group's norm, (groups,)."""
        return self.strength * self.l1_ratio, self.strength * (1.0 - self.l1_ratio) * self.layout(p).roots

    def value(self, w: Vector) -> float:
        """Return P(w)."""
        w = as_coefficients(w, "w")
        alone, weights = self.thresholds(len(w))
        return float(alone * np.abs(w.astype(np.float64)).sum() + weights @ self.layout(len(w)).norms(w))

    def prox(self, v: Vector, step: float) -> Vector:
        """Return the soft-thresholded ``v`` with every group shortened, (p,)."""
        v, step = as_coefficients(v, "v"), check_positive(step, "step")
        alone, weights = self.thresholds(len(v))
        soft = v.astype(np.float64)
        soft -= np.clip(soft, -step * alone, step * alone)
        return shorten(soft, self.layout(len(v)), step * weights).astype(v.dtype)

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the subdifferential of P at ``w``, (p,)."""
        w, grad = as_coefficients(w, "w"), as_coefficients(grad, "grad")
        found = distance(w, grad, self.layout(len(w)), *self.thresholds(len(w)))
        return found.astype(np.result_type(w, grad), copy=False)

    def strength_max(self, grad0: Vector) -> float:
        """Return the smallest strength at which every group's soft-thresholded gradient is within its weight."""
        grad0 = as_coefficients(grad0, "grad0").astype(np.float64)
        groups, (alone, weights) = self.layout(len(grad0)), self.thresholds(len(grad0))
        largest = float(np.abs(grad0).max(initial=0.0))
        if largest == 0:
            return 0.0
        size, s = np.abs(grad0) / largest, np.zeros(len(weights))
        # The excess is convex and falls in s: Newton's steps from 0 rise towards its zero and never pass it.
        for _ in range(200):
            soft = np.maximum(size - alone * s[groups.owner], 0.0)
            norms = groups.norms(soft)
            steep = alone * np.bincount(groups.owner, weights=soft, minlength=len(s))
            steep = steep / np.where(norms > 0, norms, 1.0) + weights
            new = s + np.maximum(norms - weights * s, 0.0) / np.where(steep > 0, steep, 1.0)
            if not (new > s * (1.0 + 1e-15)).any():
                break
            s = new
        return largest * float(s.max())

    def polar(self, grad: Vector) -> float:
        """Return the same: P is a norm."""
        return self.strength_max(grad)

    def bounded(self, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf) -> Penalty:
        """Return the penalty with signs: bounds at 0, as ``.nonnegative()`` has them; others are refused."""
        from .signed_groups import signed

        return signed(self, lower, upper)

    def resolve(self, feature_names: Sequence[str] | None) -> SparseGroup:
        """Return the same penalty with column names replaced by positions."""
        return replace(self, groups=resolve_groups(self.groups, feature_names, "SparseGroup(groups)"))

    def scaled(self, factor: float) -> SparseGroup:
        """Return ``factor * self``."""
        factor = check_positive(factor, "factor * SparseGroup: the factor")
        return replace(self, strength=factor * self.strength)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return an ordinary mixture, one in other groups, and both ends."""
        return [
            cls((0, 0, 1, 1, 2), 0.3),
            cls(((4, 0, 2), (1, 3)), 0.8, 2.0),
            cls((0, 0, 1, 1, 2), 0.0),
            cls((0, 0, 1, 1, 2), 1.0, 0.5),
        ]

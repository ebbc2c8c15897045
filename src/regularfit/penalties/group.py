"""The group lasso penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, final

import numpy as np

from .._checks import check_positive
from .._typing import ArrayLike, Vector
from ._base import Penalty, Traits, as_coefficients
from ._groups import Groups, Layout, as_groups, layout, resolve_groups

__all__ = ["Group"]


@final
@dataclass(frozen=True, slots=True)
class Group(Penalty):
    r"""Keep few groups of columns: each group is in with all its columns or out with all of them.

    .. math:: P(w) = k \sum_g \sqrt{p_g} \, \lVert w_g \rVert_2

    with :math:`p_g` the number of columns of group g. The columns of a group are **not** orthonormalised: the norm
    is that of the coefficients (with ``standardize=True`` those of columns scaled one by one), as in adelie, skglm
    and celer. R's grpreg makes the columns of each group orthonormal first; transform X so for its numbers.

    Prefer it where columns belong together: the dummies of a category, the basis of a spline, lags of a series.
    Prefer :class:`SparseGroup` when only some columns of a group may matter, and L1 when columns stand alone.

    ``.nonnegative()``, and bounds at 0 by column, hold the signs of coefficients (:class:`SignedGroups`).

    Parameters
    ----------
    groups : one label per column, (p,), as ``[0, 0, 1, 1, 1]`` (whole numbers or text), or a list of columns per
        group, as ``[[0, 1], [2, 3, 4]]``, by position or by name. Every column belongs to exactly one group.
    strength : k > 0, finite; multiplies the strength of the fit.

    Raises
    ------
    InputError
        If a column is in two groups or in none, or is not there; if ``strength`` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> Group([0, 0, 1]).prox(np.array([3.0, 4.0, 0.5]), step=1.0).round(3)
    array([2.151, 2.869, 0.   ])

    References
    ----------
    Yuan, M. and Lin, Y. (2006). Model selection and estimation in regression with grouped variables. JRSS B 68.
    """

    groups: Groups
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check the groups and keep them as tuples."""
        object.__setattr__(self, "groups", as_groups(self.groups, "Group"))
        object.__setattr__(self, "strength", check_positive(self.strength, "Group(strength)"))

    @property
    def traits(self) -> Traits:
        """Convex and sparse, not separable."""
        return Traits(convex=True, sparse=True)

    def layout(self, p: int) -> Layout:
        """Return which of ``p`` columns is in which group."""
        return layout(self.groups, p, "Group(groups)")

    def thresholds(self, p: int) -> tuple[float, Vector]:
        """Return the weight of every ``|w_j|`` (none here) and of every group's norm, (groups,)."""
        return 0.0, self.strength * self.layout(p).roots

    def value(self, w: Vector) -> float:
        """Return P(w)."""
        w = as_coefficients(w, "w")
        return float(self.thresholds(len(w))[1] @ self.layout(len(w)).norms(w))

    def prox(self, v: Vector, step: float) -> Vector:
        """Return every group shortened by its threshold, (p,)."""
        v = as_coefficients(v, "v")
        groups = self.layout(len(v))
        return shorten(v, groups, check_positive(step, "step") * self.thresholds(len(v))[1]).astype(v.dtype)

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the subdifferential of P at ``w``, (p,)."""
        w, grad = as_coefficients(w, "w"), as_coefficients(grad, "grad")
        groups, weights = self.layout(len(w)), self.thresholds(len(w))[1]
        return distance(w, grad, groups, 0.0, weights).astype(np.result_type(w, grad), copy=False)

    def strength_max(self, grad0: Vector) -> float:
        """Return the largest norm of a group of ``grad0``, divided by the group's weight."""
        grad0 = as_coefficients(grad0, "grad0")
        groups = self.layout(len(grad0))
        return float((groups.norms(grad0) / self.thresholds(len(grad0))[1]).max(initial=0.0))

    def polar(self, grad: Vector) -> float:
        """Return the same: P is a norm."""
        return self.strength_max(grad)

    def bounded(self, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf) -> Penalty:
        """Return the penalty with signs: bounds at 0, as ``.nonnegative()`` has them; others are refused."""
        from .signed_groups import signed

        return signed(self, lower, upper)

    def resolve(self, feature_names: Sequence[str] | None) -> Group:
        """Return the same penalty with column names replaced by positions."""
        return replace(self, groups=resolve_groups(self.groups, feature_names, "Group(groups)"))

    def scaled(self, factor: float) -> Group:
        """Return ``factor * self``."""
        factor = check_positive(factor, "factor * Group: the factor")
        return replace(self, strength=factor * self.strength)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return labels, lists of columns and names that are resolved."""
        named = cls(cast("Any", [["a", "e"], ["b"], ["c", "d"]]), 0.5)
        return [
            cls((0, 0, 1, 1, 2)),
            cls(((4, 0, 2), (1, 3)), 2.0),
            named.resolve(["a", "b", "c", "d", "e"]),
        ]


def shorten(v: Vector, groups: Layout, weights: Vector) -> Vector:
    """Every group of ``v`` (..., p) shortened by its weight, in float64; those not longer than it become zero."""
    norms = groups.norms(v)
    share = np.maximum(1.0 - weights / np.where(norms > 0, norms, np.inf), 0.0)
    share[norms <= weights] = 0.0
    return v.astype(np.float64) * share[..., groups.owner]


def distance(w: Vector, grad: Vector, groups: Layout, alone: float | Vector, weights: Vector) -> Vector:
    """Distance of ``-grad`` to the subdifferential of ``alone ||w||_1 + sum_g weights_g ||w_g||``, (..., p).

    Of several w at once, ``alone`` and ``weights`` have a row for each.
    """
    w, grad = w.astype(np.float64, copy=False), grad.astype(np.float64, copy=False)
    norms = groups.norms(w)[..., groups.owner]
    out = np.abs(shorten(grad - np.clip(grad, -alone, alone), groups, weights))
    inside = norms > 0
    flat = np.broadcast_to(alone, w.shape)[inside]
    pull = grad[inside] + weights[..., groups.owner][inside] * (w[inside] / norms[inside])
    kept = np.where(
        w[inside] == 0, np.maximum(np.abs(pull) - flat, 0.0), np.abs(pull + flat * np.sign(w[inside]))
    )
    out[inside] = kept
    return out

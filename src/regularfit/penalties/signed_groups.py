"""A group penalty whose coefficients have known signs."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast, final

import numpy as np

from .._typing import ArrayLike, Vector
from ..errors import UnsupportedError
from ._base import Penalty, Traits, as_coefficients
from ._columns import Bounded, check_length
from .group import Group
from .l1 import L1
from .sparse_group import SparseGroup

__all__ = ["SignedGroups", "signed"]


@final
@dataclass(frozen=True, slots=True, repr=False)
class SignedGroups(Penalty):
    r"""A group penalty with bounds at zero: what ``Group(groups).nonnegative()`` returns.

    .. math:: P(w) = Q(w) \text{ where } l_j \le w_j \le u_j, \text{ else } \infty, \qquad l_j \in \{0, -\infty\},\;
              u_j \in \{0, \infty\}

    where Q is a :class:`Group` or :class:`SparseGroup`. Such bounds are a cone, so the proximal step has a closed form:
    bring every column within its bounds, then shorten the groups. Bounds elsewhere have none and are refused.

    Prefer it where effects can only have one sign (concentrations, prices); not to hide a sign that surprises.

    Parameters
    ----------
    penalty : Group or SparseGroup.
    lower, upper : a number or (p,): 0, or without a bound -inf and inf.

    Raises
    ------
    UnsupportedError
        For bounds other than 0 and infinity.

    Examples
    --------
    >>> Group([0, 0, 1]).nonnegative().prox(np.array([5.0, -3.0, 0.4]), step=1.0).round(3)
    array([3.586, 0.   , 0.   ])

    References
    ----------
    Yu, Y.-L. (2013). On decomposing the proximal map. NeurIPS 26.
    """

    penalty: Group | SparseGroup
    lower: float | tuple[float, ...] = -np.inf
    upper: float | tuple[float, ...] = np.inf

    def __post_init__(self) -> None:
        """Check the bounds as :class:`Bounded` does, and refuse those that are no cone."""
        checked = Bounded(L1(), self.lower, self.upper)
        object.__setattr__(self, "lower", checked.lower)
        object.__setattr__(self, "upper", checked.upper)
        every = np.concatenate([np.ravel(self.lower), np.ravel(self.upper)])
        if not ((every == 0) | np.isinf(every)).all():
            raise UnsupportedError(
                f"{self.penalty!r}.bounded(...): groups take bounds at 0 only, as .nonnegative() has them; no proximal "
                "step is known for others. L1, L2, ElasticNet, MCP and SCAD take any bounds."
            )

    @property
    def traits(self) -> Traits:
        """Those of the penalty."""
        return self.penalty.traits

    def value(self, w: Vector) -> float:
        """Return Q(w); inf outside the bounds."""
        w = as_coefficients(w, "w")
        return self.penalty.value(w) if np.array_equal(self._inside(w), w) else float("inf")

    def prox(self, v: Vector, step: float) -> Vector:
        """Return the proximal step of Q from the nearest point within the bounds, (p,)."""
        return self.penalty.prox(self._inside(as_coefficients(v, "v")), step)

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the subdifferential of P at ``w``: bounds hold what pulls outward."""
        w, grad = as_coefficients(w, "w"), as_coefficients(grad, "grad")
        held = np.where(w == 0, -self._inside(-grad), grad)
        out = self.penalty.kkt(w, held)
        return np.where(self._inside(w) == w, out, np.inf).astype(out.dtype, copy=False)

    def strength_max(self, grad0: Vector) -> float:
        """Return the smallest strength at which no group is pulled inward enough to leave 0."""
        return self.penalty.strength_max(self._inside(-as_coefficients(grad0, "grad0")))

    def bounded(self, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf) -> Penalty:
        """Return the penalty within both pairs of bounds."""
        return signed(self.penalty, np.maximum(self.lower, lower), np.minimum(self.upper, upper))

    def resolve(self, feature_names: Sequence[str] | None) -> SignedGroups:
        """Resolve the names of the penalty."""
        return replace(self, penalty=self.penalty.resolve(feature_names))

    def scaled(self, factor: float) -> SignedGroups:
        """Scale the penalty; the bounds stay."""
        return replace(self, penalty=self.penalty.scaled(factor))

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return nonnegative groups, signs by column, and a sparse mixture."""
        signs = (-np.inf, 0.0, 0.0, -np.inf, -np.inf), (np.inf, np.inf, 0.0, 0.0, np.inf)
        return [
            cls(Group((0, 0, 1, 1, 2)), 0.0),
            cls(Group((0, 0, 1, 1, 1), 0.5), *signs),
            cls(SparseGroup((0, 0, 1, 1, 2), 0.3), -np.inf, 0.0),
        ]

    def _inside(self, v: Vector) -> Vector:
        for bound in (self.lower, self.upper):
            if isinstance(bound, tuple):
                check_length(bound, len(v), "bounded(...)")
        return np.clip(v, self.lower, self.upper).astype(v.dtype, copy=False)

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        shown = reprlib.repr(self.lower), reprlib.repr(self.upper)
        return f"{self.penalty!r}.bounded({shown[0]}, {shown[1]})"


def signed(penalty: Group | SparseGroup, lower: ArrayLike, upper: ArrayLike) -> SignedGroups:
    """Return the penalty with bounds, whatever form these are given in."""
    checked = Bounded(L1(), cast("float", lower), cast("float", upper))  # which also takes arrays and tables
    return SignedGroups(penalty, checked.lower, checked.upper)

"""What arithmetic makes of penalties: multiples and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast, final

import numpy as np

from .._checks import check_positive
from .._typing import Vector
from ._base import NormalFormPenalty, Penalty, Traits
from .coordinates import Coordinates
from .l1 import L1
from .l2 import L2

__all__ = ["Scaled", "Sum"]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Scaled(Penalty):
    r"""A positive multiple of a penalty without a normal form: what ``k * penalty`` returns.

    .. math:: P(w) = k Q(w)

    Penalties with a normal form scale themselves (``2 * L1()`` is ``L1(2.0)``); this class serves your own.

    Parameters
    ----------
    penalty : the penalty Q.
    factor : k > 0, finite.
    """

    penalty: Penalty
    factor: float

    def __post_init__(self) -> None:
        """Check the factor."""
        object.__setattr__(self, "factor", check_factor(self.factor))

    @property
    def traits(self) -> Traits:
        """The same as those of the penalty."""
        return self.penalty.traits

    @property
    def bends(self) -> bool:
        """As the penalty does."""
        return self.penalty.bends

    @property
    def jumps(self) -> bool:
        """As the penalty does."""
        return self.penalty.jumps

    def free_directions(self, p: int) -> np.ndarray | None:
        """Return those of the penalty."""
        return self.penalty.free_directions(p)

    def value(self, w: Vector) -> float:
        """Return k Q(w)."""
        return self.factor * self.penalty.value(w)

    def prox(self, v: Vector, step: float) -> Vector:
        """Return the proximal step of Q at ``k * step``."""
        return self.penalty.prox(v, self.factor * step)

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return k times the distance of ``-grad / k`` to the subdifferential of Q."""
        return self.factor * self.penalty.kkt(w, grad / self.factor)

    def strength_max(self, grad0: Vector) -> float:
        """Return that of Q, divided by k."""
        return self.penalty.strength_max(grad0) / self.factor

    def at(self, strength: float) -> Penalty:
        """Return the same multiple of Q at that strength."""
        return Scaled(self.penalty.at(strength), self.factor)

    def polar(self, grad: Vector) -> float | None:
        """Return that of Q, divided by k."""
        inner = self.penalty.polar(grad)
        return None if inner is None else inner / self.factor

    def scaled(self, factor: float) -> Penalty:
        """Return one multiple instead of two."""
        return Scaled(self.penalty, check_factor(factor) * self.factor)

    def resolve(self, feature_names: Sequence[str] | None) -> Penalty:
        """Resolve the names of the penalty."""
        return replace(self, penalty=self.penalty.resolve(feature_names))

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return a multiple of a penalty that has a normal form, so that the two roads can be compared."""
        return [cls(L1(0.5), 3.0)]

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        return f"Scaled({self.penalty!r}, {self.factor!r})"


@final
@dataclass(frozen=True, slots=True, repr=False)
class Sum(NormalFormPenalty):
    r"""A sum of penalties with normal forms: what ``L1() + L2()`` returns. Weights add, bounds intersect.

    Parameters
    ----------
    terms : two or more penalties.

    Examples
    --------
    >>> (L1(0.3) + L2(0.7)).prox(np.array([2.0]), step=1.0)
    array([1.])
    """

    terms: tuple[NormalFormPenalty, ...]

    def __post_init__(self) -> None:
        """Flatten sums of sums, so that ``a + b + c`` is one sum however it is written."""
        flat: list[NormalFormPenalty] = []
        for term in self.terms:
            flat.extend(term.terms if isinstance(term, Sum) else (term,))
        object.__setattr__(self, "terms", tuple(flat))

    @property
    def traits(self) -> Traits:
        """Smooth if all terms are; sparse where no column can be left with its square alone."""
        smooth = all(term.smooth for term in self.terms)
        sparse = all(term.sparse for term in self.terms) or any(t.sparse and t.covers_all for t in self.terms)
        return Traits(convex=True, separable=True, smooth=smooth, sparse=sparse)

    @property
    def covers_all(self) -> bool:
        """Whether some term penalises every column."""
        return any(term.covers_all for term in self.terms)

    def coordinates(self, p: int) -> Coordinates:
        """Add the weights and intersect the bounds."""
        parts = [term.coordinates(p) for term in self.terms]
        return Coordinates(
            l1=np.sum([part.l1 for part in parts], axis=0),
            l2=np.sum([part.l2 for part in parts], axis=0),
            lower=np.max([part.lower for part in parts], axis=0),
            upper=np.min([part.upper for part in parts], axis=0),
        )

    def scaled(self, factor: float) -> NormalFormPenalty:
        """Scale every term."""
        return Sum(tuple(cast("NormalFormPenalty", term.scaled(factor)) for term in self.terms))

    def resolve(self, feature_names: Sequence[str] | None) -> NormalFormPenalty:
        """Resolve the names of every term."""
        return Sum(tuple(term.resolve(feature_names) for term in self.terms))

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return sums that overlap, that do not, and that carry bounds."""
        apart = L1().on([0, 1]) + L1(2.0).on([3]) + L2(0.5)
        return [L1(0.3) + L2(0.7), apart, L1() + L2().bounded(-0.5, 1.0)]

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        return " + ".join(map(repr, self.terms))


def check_factor(factor: float) -> float:
    """Return the multiplier of a penalty as a positive, finite float."""
    advice = "To leave columns unpenalised use .weighted or .on."
    return check_positive(factor, "factor * penalty: the factor", advice)

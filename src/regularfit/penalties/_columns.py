"""A penalty with a number for every column: factors and bounds."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from ..errors import InputError
from ._algebra import Scaled, Sum
from ._base import NormalFormPenalty, Penalty, Traits
from .coordinates import Coordinates
from .l1 import L1
from .l2 import L2

__all__ = ["Around", "Bounded", "Weighted", "check_length"]


@dataclass(frozen=True, slots=True, repr=False)
class Around(NormalFormPenalty):
    """A penalty around another one, which takes the multiples and the names."""

    penalty: NormalFormPenalty

    @property
    def covers_all(self) -> bool:
        """As the penalty inside."""
        return self.penalty.covers_all

    def scaled(self, factor: float) -> Penalty:
        """Scale the penalty inside; factors, bounds and columns stay."""
        inside = self.penalty.scaled(factor)
        return (
            replace(self, penalty=inside) if isinstance(inside, NormalFormPenalty) else Scaled(self, factor)
        )

    def at(self, strength: float) -> Penalty:
        """Take the penalty inside at that strength."""
        inside = self.penalty.at(strength)
        if isinstance(inside, NormalFormPenalty):
            return replace(self, penalty=inside)
        return Scaled(self, strength)  # pragma: no cover - every normal form keeps its form along strengths

    def resolve(self, feature_names: Sequence[str] | None) -> NormalFormPenalty:
        """Resolve the names of the penalty inside."""
        return replace(self, penalty=self.penalty.resolve(feature_names))

    def _expression(self, rest: str) -> str:
        inside = f"({self.penalty!r})" if isinstance(self.penalty, Sum) else repr(self.penalty)
        return f"{inside}.{rest}"


@final
@dataclass(frozen=True, slots=True, repr=False)
class Weighted(Around):
    r"""A penalty with one factor per column: what ``L1().weighted(factors)`` returns.

    .. math:: P(w) = \sum_j f_j Q_j(w_j)

    For MCP and SCAD, which bend with the strength, a factor multiplies the column's strength, as in ncvreg.

    Parameters
    ----------
    penalty : the penalty Q.
    factors : (p,), >= 0; 0 leaves a column unpenalised, inf excludes it. They are not rescaled.

    Examples
    --------
    >>> L1().weighted([0, 1, np.inf]).prox(np.array([2.0, 2.0, 2.0]), step=0.5)
    array([2. , 1.5, 0. ])
    """

    factors: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the factors and keep them as a tuple, so that penalties can be compared and hashed."""
        factors = _per_column(self.factors, "weighted(factors)")
        if isinstance(factors, float):
            raise InputError(
                f"weighted({factors:g}): one number was given, but a factor per column is needed. "
                f"Write {factors:g} * penalty to weigh all columns alike."
            )
        if np.min(factors) < 0:
            raise InputError(
                f"weighted(factors): factors must be >= 0; {np.min(factors):g} was given. "
                "0 leaves a column unpenalised, inf excludes it."
            )
        object.__setattr__(self, "factors", factors)

    @property
    def traits(self) -> Traits:
        """Those of the penalty, less smoothness where a column is excluded."""
        smooth = self.penalty.smooth and np.inf not in self.factors
        return replace(self.penalty.traits, smooth=smooth)

    @property
    def covers_all(self) -> bool:
        """No factor is zero."""
        return self.penalty.covers_all and 0.0 not in self.factors

    def coordinates(self, p: int) -> Coordinates:
        """Multiply the weights; an excluded column has l1 = inf and no l2."""
        check_length(self.factors, p, "weighted(factors)")
        inner, factors = self.penalty.coordinates(p), np.array(self.factors)
        excluded = np.isinf(factors) | np.isinf(inner.l1)
        kept = np.where(excluded, 0.0, factors)
        l1 = np.where(excluded, np.inf, kept * np.where(excluded, 0.0, inner.l1))
        return replace(inner, l1=l1, l2=kept * inner.l2)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return factors that are ordinary, zero and infinite."""
        return [L1().weighted([1.0, 0.5, 2.0, 0.0, np.inf]), L2().weighted([1.0, 3.0, 0.0, 0.25, 1.0])]

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        return self._expression(f"weighted({self.factors!r})")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Bounded(Around):
    r"""A penalty with bounds: what ``L1().bounded(lower, upper)`` and ``.nonnegative()`` return.

    .. math:: P(w) = Q(w) \text{ where } l_j \le w_j \le u_j, \text{ else } \infty

    Bounds refer to the coefficients on the scale of the given X, also where the fit standardises inside.

    Parameters
    ----------
    penalty : the penalty Q.
    lower : a number or (p,), <= 0, may be -inf.
    upper : a number or (p,), >= 0, may be inf.

    Examples
    --------
    >>> L1().nonnegative().prox(np.array([-2.0, 2.0]), step=0.5)
    array([0. , 1.5])
    """

    lower: float | tuple[float, ...] = -np.inf
    upper: float | tuple[float, ...] = np.inf

    def __post_init__(self) -> None:
        """Check the bounds and keep them as numbers or tuples."""
        lower, upper = _per_column(self.lower, "bounded(lower)"), _per_column(self.upper, "bounded(upper)")
        if np.max(lower) > 0 or np.min(upper) < 0:
            raise InputError(
                f"bounded(lower={reprlib.repr(lower)}, upper={reprlib.repr(upper)}): lower must be <= 0 and "
                "upper >= 0, so that a coefficient can be zero. "
                "To keep it away from zero, move the known part into an offset."
            )
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)

    @property
    def traits(self) -> Traits:
        """Those of the penalty, less smoothness where a bound is finite."""
        free = bool(np.isinf(self.lower).all() and np.isinf(self.upper).all())
        return replace(self.penalty.traits, smooth=self.penalty.smooth and free)

    def coordinates(self, p: int) -> Coordinates:
        """Intersect the bounds with those inside."""
        inner = self.penalty.coordinates(p)
        for bound, name in ((self.lower, "lower"), (self.upper, "upper")):
            if isinstance(bound, tuple):
                check_length(bound, p, f"bounded({name})")
        lower, upper = np.maximum(inner.lower, self.lower), np.minimum(inner.upper, self.upper)
        return replace(inner, lower=lower, upper=upper)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return bounds on both sides, on one side, per column, and a column held at zero."""
        return [
            L1(0.5).nonnegative(),
            L2().bounded(-0.3, 0.8),
            L1(0.2).bounded([-1.0, 0.0, -np.inf, 0.0, -0.1], [1.0, 0.5, np.inf, 0.0, 0.0]),
        ]

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        return self._expression(f"bounded({self.lower!r}, {self.upper!r})")


def _per_column(values: Any, what: str) -> float | tuple[float, ...]:
    """A number, or a tuple with one number per column."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.full(1, np.nan)
    if array.ndim > 1 or array.size == 0 or np.isnan(array).any():
        raise InputError(
            f"{what} must be numbers, one per column, without NaN; {reprlib.repr(values)} was given."
        )
    return float(array) if array.ndim == 0 else tuple(array.tolist())


def check_length(values: Sequence[object], p: int, what: str) -> None:
    """Refuse values that are not one per column."""
    if len(values) != p:
        raise InputError(
            f"{what} has {len(values)} entries, but the penalty is used on {p} columns; give one for each."
        )

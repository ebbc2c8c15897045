"""What operators make of penalties: multiples, sums, factors per column, bounds, and a choice of columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from .._checks import check_positive, did_you_mean
from .._typing import Indices, Vector
from ..errors import InputError
from ._base import NormalFormPenalty, Penalty, Traits
from .coordinates import Coordinates
from .l1 import L1
from .l2 import L2

__all__ = ["Bounded", "OnColumns", "Scaled", "Sum", "Weighted"]


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
        object.__setattr__(self, "factor", _factor(self.factor))

    @property
    def traits(self) -> Traits:
        """The same as those of the penalty."""
        return self.penalty.traits

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

    def scaled(self, factor: float) -> Penalty:
        """Return one multiple instead of two."""
        return Scaled(self.penalty, _factor(factor) * self.factor)

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
        """Smooth if all terms are; sparse if one is and no column has a square alone, so that is not promised here."""
        smooth = all(term.smooth for term in self.terms)
        return Traits(convex=True, separable=True, smooth=smooth, sparse=_kills_every_column(self.terms))

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
        return Sum(tuple(term.scaled(factor) for term in self.terms))

    def resolve(self, feature_names: Sequence[str] | None) -> NormalFormPenalty:
        """Resolve the names of every term."""
        return Sum(tuple(term.resolve(feature_names) for term in self.terms))

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return sums that overlap, that do not, and that carry bounds."""
        return [L1(0.3) + L2(0.7), L1().on([0, 1]) + L1(2.0).on([3]) + L2(0.5), L1() + L2().bounded(-0.5, 1.0)]

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        return " + ".join(map(repr, self.terms))


@final
@dataclass(frozen=True, slots=True, repr=False)
class Weighted(NormalFormPenalty):
    r"""A penalty with one factor per column: what ``L1().weighted(factors)`` returns.

    .. math:: P(w) = \sum_j f_j Q_j(w_j)

    Parameters
    ----------
    penalty : the penalty Q.
    factors : (p,), >= 0; 0 leaves a column unpenalised, inf excludes it. They are not rescaled.

    Examples
    --------
    >>> L1().weighted([0, 1, np.inf]).prox(np.array([2.0, 2.0, 2.0]), step=0.5)
    array([2. , 1.5, 0. ])
    """

    penalty: NormalFormPenalty
    factors: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the factors and keep them as a tuple, so that penalties can be compared and hashed."""
        factors = _per_column(self.factors, "weighted(factors)")
        if isinstance(factors, float):
            raise InputError(f"weighted({factors:g}): give one factor per column, or write {factors:g} * penalty.")
        if not all(factor >= 0 for factor in factors):
            raise InputError(
                f"weighted(factors): factors must be >= 0; {min(factors):g} was given. "
                "0 leaves a column unpenalised, inf excludes it."
            )
        object.__setattr__(self, "factors", factors)

    @property
    def traits(self) -> Traits:
        """Those of the penalty, less smoothness where a column is excluded."""
        excluded = np.inf in self.factors
        return replace(self.penalty.traits, smooth=self.penalty.smooth and not excluded)

    def coordinates(self, p: int) -> Coordinates:
        """Multiply the weights; an excluded column has l1 = inf and no l2."""
        _check_length(self.factors, p, "weighted(factors)", "factors")
        inner, factors = self.penalty.coordinates(p), np.array(self.factors)
        excluded = np.isinf(factors) | np.isinf(inner.l1)
        kept = np.where(excluded, 0.0, factors)
        l1 = np.where(excluded, np.inf, kept * np.where(excluded, 0.0, inner.l1))
        return replace(inner, l1=l1, l2=kept * inner.l2)

    def scaled(self, factor: float) -> NormalFormPenalty:
        """Scale the penalty inside."""
        return replace(self, penalty=self.penalty.scaled(factor))

    def resolve(self, feature_names: Sequence[str] | None) -> NormalFormPenalty:
        """Resolve the names of the penalty inside."""
        return replace(self, penalty=self.penalty.resolve(feature_names))

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return factors that are ordinary, zero and infinite."""
        return [L1().weighted([1.0, 0.5, 2.0, 0.0, np.inf]), L2().weighted([1.0, 3.0, 0.0, 0.25, 1.0])]

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        return f"{_inside(self.penalty)}.weighted({self.factors!r})"


@final
@dataclass(frozen=True, slots=True, repr=False)
class Bounded(NormalFormPenalty):
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

    penalty: NormalFormPenalty
    lower: float | tuple[float, ...] = -np.inf
    upper: float | tuple[float, ...] = np.inf

    def __post_init__(self) -> None:
        """Check the bounds and keep them as numbers or tuples."""
        object.__setattr__(self, "lower", _per_column(self.lower, "bounded(lower)"))
        object.__setattr__(self, "upper", _per_column(self.upper, "bounded(upper)"))
        if np.max(self.lower) > 0 or np.min(self.upper) < 0:
            raise InputError(
                f"bounded(lower={self.lower}, upper={self.upper}): lower must be <= 0 and upper >= 0, so that a "
                "coefficient can be zero. To keep it away from zero, move the known part into an offset."
            )

    @property
    def traits(self) -> Traits:
        """Those of the penalty, less smoothness where a bound is finite."""
        free = np.all(np.isinf(self.lower)) and np.all(np.isinf(self.upper))
        return replace(self.penalty.traits, smooth=self.penalty.smooth and bool(free))

    def coordinates(self, p: int) -> Coordinates:
        """Intersect the bounds with those inside."""
        inner = self.penalty.coordinates(p)
        for bound, name in ((self.lower, "lower"), (self.upper, "upper")):
            if isinstance(bound, tuple):
                _check_length(bound, p, f"bounded({name})", "bounds")
        return replace(inner, lower=np.maximum(inner.lower, self.lower), upper=np.minimum(inner.upper, self.upper))

    def scaled(self, factor: float) -> NormalFormPenalty:
        """Scale the penalty inside; bounds do not scale."""
        return replace(self, penalty=self.penalty.scaled(factor))

    def resolve(self, feature_names: Sequence[str] | None) -> NormalFormPenalty:
        """Resolve the names of the penalty inside."""
        return replace(self, penalty=self.penalty.resolve(feature_names))

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
        return f"{_inside(self.penalty)}.bounded({self.lower!r}, {self.upper!r})"


@final
@dataclass(frozen=True, slots=True, repr=False)
class OnColumns(NormalFormPenalty):
    r"""A penalty on some columns, the others being unpenalised: what ``L1().on(columns)`` returns.

    Parameters
    ----------
    penalty : the penalty; it sees only the chosen columns, in their order.
    columns : positions from 0, one boolean mask of length p, or names (replaced by :meth:`resolve` at fit time).

    Examples
    --------
    >>> L1().on([0]).prox(np.array([2.0, 2.0]), step=0.5)
    array([1.5, 2. ])
    >>> L1().on("age").resolve(["bmi", "age"])
    L1(strength=1.0).on((1,))
    """

    penalty: NormalFormPenalty
    columns: tuple[int, ...] | tuple[bool, ...] | tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the columns and keep them as a tuple of one kind."""
        object.__setattr__(self, "columns", _columns(self.columns))

    @property
    def traits(self) -> Traits:
        """Those of the penalty."""
        return self.penalty.traits

    def coordinates(self, p: int) -> Coordinates:
        """Place the normal form of the chosen columns among ``p``."""
        chosen = self._positions(p)
        inner, outer = self.penalty.coordinates(len(chosen)), Coordinates.uniform(p)
        for field in ("l1", "l2", "lower", "upper"):
            getattr(outer, field)[chosen] = getattr(inner, field)
        return outer

    def scaled(self, factor: float) -> NormalFormPenalty:
        """Scale the penalty inside."""
        return replace(self, penalty=self.penalty.scaled(factor))

    def resolve(self, feature_names: Sequence[str] | None) -> NormalFormPenalty:
        """Replace names by positions, here and inside."""
        if feature_names is None:
            if isinstance(self.columns[0], str):
                raise InputError(
                    f"on{self.columns}: columns are chosen by name, but X has no column names. "
                    "Fit on a table (pandas, polars, arrow), or choose columns by position."
                )
            return self
        names = list(feature_names)
        chosen = [_position(name, names) for name in self.columns] if isinstance(self.columns[0], str) else (
            self._positions(len(names)).tolist()
        )
        inner = self.penalty.resolve([names[j] for j in chosen])
        return OnColumns(inner, tuple(chosen))

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return positions, a mask and names that are resolved."""
        return [
            L1().on([0, 3]),
            L2(0.5).on([True, False, True, True, False]),
            L1().weighted([2.0, np.inf]).on("c", "a").resolve(["a", "b", "c", "d", "e"]),
        ]

    def _positions(self, p: int) -> Indices:
        first = self.columns[0]
        if isinstance(first, str):
            raise InputError(f"on{self.columns}: column names are not resolved yet; call .resolve(feature_names) first.")
        if isinstance(first, bool):
            _check_length(self.columns, p, "on(mask)", "entries")
            return np.flatnonzero(self.columns)
        positions = np.array(self.columns, dtype=np.intp)
        if positions.max() >= p:
            raise InputError(f"on{self.columns}: X has {p} columns, so positions go from 0 to {p - 1}.")
        return positions

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        return f"{_inside(self.penalty)}.on({self.columns!r})"


# ---------------------------------------------------------------- the parts


def _factor(factor: Any) -> float:
    return check_positive(factor, "factor * penalty: the factor", "To leave columns unpenalised use .weighted or .on.")


def _inside(penalty: Penalty) -> str:
    return f"({penalty!r})" if isinstance(penalty, Sum) else repr(penalty)


def _kills_every_column(terms: Sequence[NormalFormPenalty]) -> bool:
    """Whether every column that a term penalises is also penalised by l1, as far as the terms alone can tell."""
    everywhere = any(term.sparse and not _partial(term) for term in terms)
    return everywhere or all(term.sparse for term in terms)


def _partial(penalty: Penalty) -> bool:
    """Whether some columns may go unpenalised."""
    if isinstance(penalty, OnColumns):
        return True
    if isinstance(penalty, Weighted):
        return 0.0 in penalty.factors or _partial(penalty.penalty)
    return isinstance(penalty, Bounded) and _partial(penalty.penalty)


def _per_column(values: Any, what: str) -> float | tuple[float, ...]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} must be numbers, one per column; {values!r} was given.") from None
    if array.ndim > 1 or array.size == 0 or np.isnan(array).any():
        raise InputError(f"{what} must be a 1D sequence of numbers without NaN, one per column; {values!r} was given.")
    return float(array) if array.ndim == 0 else tuple(array.tolist())


def _check_length(values: Sequence[object], p: int, what: str, noun: str) -> None:
    if len(values) != p:
        raise InputError(f"{what} has {len(values)} {noun}, but the penalty is used on {p} columns; give one for each.")


def _columns(columns: Any) -> tuple[int, ...] | tuple[bool, ...] | tuple[str, ...]:
    array = np.atleast_1d(np.asarray(columns))
    given = f"on({columns!r})"
    if array.ndim != 1 or array.size == 0:
        raise InputError(f"{given}: give at least one column, as positions, one boolean mask, or names.")
    if array.dtype.kind == "b":
        if not array.any():
            raise InputError(f"{given}: the mask chooses no column.")
        return tuple(array.tolist())
    if array.dtype.kind in "iu" and array.min() < 0:
        raise InputError(f"{given}: positions count from 0; negative ones are not allowed.")
    if array.dtype.kind == "O" and all(isinstance(name, str) for name in array):
        array = array.astype(str)
    if array.dtype.kind not in "iuU":
        raise InputError(f"{given}: columns must all be positions, all booleans, or all names.")
    if len(set(array.tolist())) < array.size:
        raise InputError(f"{given}: a column is named twice.")
    return tuple(array.tolist())


def _position(name: object, names: list[str]) -> int:
    if name not in names:
        raise InputError(f"on({name!r}): there is no such column. {did_you_mean(str(name), names)}")
    return names.index(str(name))

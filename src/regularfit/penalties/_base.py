"""What a penalty is: a frozen value that knows its size, its proximal step and its optimality."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from .._checks import check_positive
from .._typing import ArrayLike, Vector
from ..errors import InputError, UnsupportedError
from ._bisection import smallest
from .coordinates import Coordinates

__all__ = ["NormalFormPenalty", "Penalty", "SeparablePenalty", "Traits"]


SHORT = 1e-4  # how far a step that takes the place of ``kkt`` goes, as a share of the coefficients


@dataclass(frozen=True, slots=True)
class Traits:
    """What a penalty promises. The engine reads it and the laws test it; what is not promised is False.

    Parameters
    ----------
    convex : the penalty is convex, so a duality gap proves a global solution.
    smooth : it is differentiable everywhere and has no bounds.
    separable : it is a sum over columns.
    sparse : from some strength on, every penalised coefficient is exactly zero.
    """

    convex: bool = False
    smooth: bool = False
    separable: bool = False
    sparse: bool = False


class Penalty(ABC):
    """The base of every penalty: write ``value`` and ``prox``, and the rest follows; ``kkt`` sharpens certificates.

    The engine minimises ``loss + strength * penalty``, so a number inside a penalty is a relative weight:
    ``L1(2.0)`` at strength 0.1 is ``L1()`` at strength 0.2.
    """

    __slots__ = ()
    __array_ufunc__: ClassVar[None] = None  # numpy scalars then leave ``k * penalty`` to us

    @property
    def traits(self) -> Traits:
        """What this penalty promises; nothing unless it is declared."""
        return Traits()

    @property
    def convex(self) -> bool:
        """Whether the penalty is convex."""
        return self.traits.convex

    @property
    def smooth(self) -> bool:
        """Whether the penalty is differentiable everywhere."""
        return self.traits.smooth

    @property
    def separable(self) -> bool:
        """Whether the penalty is a sum over columns."""
        return self.traits.separable

    @property
    def sparse(self) -> bool:
        """Whether a large enough strength makes every penalised coefficient exactly zero."""
        return self.traits.sparse

    @property
    def bends(self) -> bool:
        """Whether it changes its shape with the strength where no normal form says so: :meth:`at` is no multiple."""
        return False

    @property
    def jumps(self) -> bool:
        """Whether it is not continuous at zero, as L0: zero then is a local minimum at every strength."""
        return False

    @abstractmethod
    def value(self, w: Vector) -> float:
        """Return P(w) for coefficients ``w``, (p,)."""

    def __call__(self, w: Vector) -> float:
        """Return P(w), as it is written on paper."""
        return self.value(w)

    @abstractmethod
    def prox(self, v: Vector, step: float) -> Vector:
        """Return argmin_w ||w - v||^2 / 2 + step P(w), (p,), for any ``step`` > 0."""

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the subdifferential of P at ``w``, (p,); 0 at a solution.

        Where it is not written it is how far a short proximal gradient step moves ``w``, over the step's length: 0
        exactly at the same points where P is convex, and nearly the distance elsewhere.
        """
        w, grad = as_coefficients(w, "w"), as_coefficients(grad, "grad")
        size, pull = float(np.abs(w).max(initial=0.0)), float(np.abs(grad).max(initial=0.0))
        short = SHORT if w.dtype == np.float64 else SHORT**0.5
        step = short * size / pull if size > 0 and pull > 0 else 1.0
        moved = np.abs(w - self.prox(w - step * grad, step)) / step
        noise = 4.0 * float(np.finfo(w.dtype).eps) * size / step  # what rounding alone would move
        return np.where(moved <= noise, 0.0, moved).astype(np.result_type(w, grad), copy=False)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return instances on which every law in ``tests/laws`` runs, for five columns where that matters."""
        return [cls()]

    def coordinates(self, p: int) -> Coordinates | None:
        """Return the normal form for ``p`` columns, or None where there is none and solvers use ``prox``."""
        return None

    def at(self, strength: float) -> Penalty:
        """Return the penalty as it is at a strength: its multiple, unless it bends with the strength (MCP)."""
        return self.scaled(strength)

    def polar(self, grad: Vector) -> float | None:
        """Return the smallest s with ``grad @ w <= s P(w)`` for all w, where P is a norm; None elsewhere.

        With it a fit has a duality gap; without it, where there is no normal form either, only ``kkt``.
        """
        return None

    def free_directions(self, p: int) -> np.ndarray | None:
        """Return directions (p, r) in which nothing is penalised, where no normal form says so; None for none."""
        return None

    def resolve(self, feature_names: Sequence[str] | None) -> Penalty:
        """Return the same penalty with column names (see :meth:`on`) replaced by positions."""
        return self

    def strength_max(self, grad0: Vector) -> float:
        """Return the smallest strength at which all penalised coefficients are 0, for the gradient there.

        Found by bisection on :meth:`kkt`; inf where no strength below 2^100 times the largest gradient
        suffices.
        """
        grad0 = as_coefficients(grad0, "grad0")
        zeros, top = np.zeros_like(grad0), float(np.abs(grad0).max(initial=0.0))

        def suffices(s: float) -> bool:
            return not self.kkt(zeros, grad0 / s).any()

        return smallest(suffices, top) if top > 0 else 0.0

    # ------------------------------------------------------------ algebra

    def scaled(self, factor: float) -> Penalty:
        """Return ``factor * self`` for a positive factor."""
        from ._algebra import Scaled  # the algebra imports this module

        return Scaled(self, factor)

    def __mul__(self, factor: float) -> Penalty:
        """Return ``factor * self``."""
        return NotImplemented if isinstance(factor, Penalty) else self.scaled(factor)

    __rmul__ = __mul__

    def __add__(self, other: Penalty) -> Penalty:
        """Return the sum, where its proximal step is known; otherwise refuse by name."""
        from ._algebra import Sum

        if not isinstance(other, Penalty):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        shown = f"{self!r} + {other!r}"
        terms = (require_normal_form(self, shown), require_normal_form(other, shown))
        for term in terms:
            if not term.convex:
                raise UnsupportedError(
                    f"{shown}: {term!r} bends with the strength, so it has no sum with other penalties. "
                    "Use it alone, or ElasticNet for a mixture of L1 and L2."
                )
        return Sum(terms)

    def weighted(self, factors: ArrayLike) -> Penalty:
        """Return the penalty with one factor per column, (p,) >= 0: 0 leaves it unpenalised, inf excludes it.

        The factors are used as they are. glmnet's ``penalty.factor`` is rescaled there to sum to p; divide by
        the mean to get its numbers.
        """
        from ._columns import Weighted

        return Weighted(require_normal_form(self, ".weighted"), cast("tuple[float, ...]", factors))

    def bounded(self, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf) -> Penalty:
        """Return the penalty with ``lower <= w <= upper`` (numbers or (p,), around 0) on the scale of X."""
        from ._columns import Bounded

        inner = require_normal_form(self, ".bounded")
        return Bounded(inner, cast("float", lower), cast("float", upper))

    def nonnegative(self) -> Penalty:
        """Return the penalty with every coefficient held at or above zero."""
        return self.bounded(lower=0.0)

    def on(self, *columns: Any) -> Penalty:
        """Return the penalty on some columns: positions, one boolean mask, or names; others are unpenalised.

        What the penalty itself holds per column (factors, bounds) refers to the chosen columns, in their
        order.
        """
        from ._on_columns import OnColumns

        chosen = columns[0] if len(columns) == 1 else columns
        return OnColumns(require_normal_form(self, ".on"), chosen)

    def across_outputs(self) -> Penalty:
        """Return the penalty on whole rows of coefficients: a column is in for all classes (or targets) or for none."""
        from ._across import AcrossOutputs

        return AcrossOutputs(require_normal_form(self, ".across_outputs"))


class SeparablePenalty(Penalty):
    """A penalty that is a sum over columns; the usual base for a penalty of your own."""

    __slots__ = ()

    @property
    def traits(self) -> Traits:
        """Separable, and nothing more unless it is declared."""
        return Traits(separable=True)


class NormalFormPenalty(SeparablePenalty):
    """A penalty that is l1, l2 (or a bent l1) and bounds per column; its one method is :meth:`coordinates`."""

    __slots__ = ()

    @property
    def covers_all(self) -> bool:
        """Whether no column is left unpenalised."""
        return True

    @abstractmethod
    def coordinates(self, p: int) -> Coordinates:
        """Return the normal form for ``p`` columns."""

    @abstractmethod
    def scaled(self, factor: float) -> Penalty:
        """Return ``factor * self`` for a positive factor."""

    def resolve(self, feature_names: Sequence[str] | None) -> NormalFormPenalty:
        """Return the same penalty with column names replaced by positions."""
        return self

    def value(self, w: Vector) -> float:
        """Return P(w); inf outside the bounds."""
        w = as_coefficients(w, "w")
        return self.coordinates(w.shape[0]).value(w)

    def prox(self, v: Vector, step: float) -> Vector:
        """Return argmin_w ||w - v||^2 / 2 + step P(w), (p,)."""
        v = as_coefficients(v, "v")
        return self.coordinates(v.shape[0]).prox(v, check_positive(step, "step"))

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the subdifferential of P at ``w``, (p,)."""
        w, grad = as_coefficients(w, "w"), as_coefficients(grad, "grad")
        if w.shape != grad.shape:
            raise InputError(
                f"w has {w.shape[0]} entries and grad {grad.shape[0]}; they must be equally long."
            )
        return self.coordinates(w.shape[0]).kkt(w, grad)

    def strength_max(self, grad0: Vector) -> float:
        """Return the smallest strength at which all penalised coefficients are 0; inf for ridge."""
        grad0 = as_coefficients(grad0, "grad0")
        return self.coordinates(grad0.shape[0]).strength_max(grad0)


def require_normal_form(part: Penalty, expression: str) -> NormalFormPenalty:
    """Return ``part`` if it has the normal form; otherwise refuse the expression by name."""
    if isinstance(part, NormalFormPenalty):
        return part
    shown = f"{part!r}{expression}(...)" if expression.startswith(".") else expression
    raise UnsupportedError(
        f"{shown}: no proximal step is known for this, as {type(part).__name__} is not made of l1, l2 and "
        "bounds per column. L1, L2, ElasticNet, MCP and SCAD take factors, bounds and chosen columns, and the first "
        "three have sums; anything else can be written as a penalty of its own "
        "(CONTRIBUTING.md, 'Add a penalty in ten minutes')."
    )


def as_coefficients(w: Vector, name: str) -> Vector:
    """A float vector over columns, (p,), as it is; integers become float64."""
    array = np.asarray(w)
    if array.ndim != 1:
        raise InputError(f"{name} must be a 1D array with one entry per column; its shape is {array.shape}.")
    return array if array.dtype.kind == "f" else array.astype(np.float64)

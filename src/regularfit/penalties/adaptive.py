"""Adaptive weights: what a pilot fit finds small is penalised more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from .._checks import check_positive
from .._typing import Vector
from ..errors import InputError, UnsupportedError
from ._base import NormalFormPenalty, Penalty, Traits
from .coordinates import Coordinates
from .elastic_net import ElasticNet
from .l1 import L1
from .l2 import L2

__all__ = ["Adaptive"]


@final
@dataclass(frozen=True, slots=True)
class Adaptive(Penalty):
    r"""Keep few columns with little bias: a pilot fit tells which to penalise less (adaptive lasso, in one call).

    .. math:: P(w) = \sum_j \hat f_j\, Q_j(w_j), \qquad
              \hat f_j = \left(\frac{|\hat b_j|}{\max_k |\hat b_k|}\right)^{-\text{power}}

    where Q is ``penalty`` and b the coefficients of a fit with ``pilot`` at strength one, on the penalised (by default
    standardised) scale. The pilot is fitted anew on the training rows of every lane: in each fold, and in each fold of
    a nested score, the weights come from those rows alone, so nothing leaks into a held-out score.

    Prefer it to ``L1`` where a few strong columns stand out: the lasso shrinks them as much as the weak ones, and lets
    noise in to make up for it. Prefer ``L1`` or ``ElasticNet`` where most effects are weak, or n is small against the
    number of effects: the pilot is then mostly noise. To choose ``power`` or the pilot's strength give candidates,
    ``[Adaptive(pilot=L2(s)) for s in (0.01, 0.1, 1)]``.

    The scale of the weights is fixed so that the largest pilot coefficient has weight one. A column with a pilot
    coefficient of zero is excluded. On its own, without data, its methods are those of ``penalty``.

    Parameters
    ----------
    penalty : Q, made of l1 (and l2) parts: L1(), ElasticNet(0.5), with factors, bounds or ``.on`` inside if wanted.
    power : > 0, finite; 1 is usual, 0.5 is milder, 2 sharper.
    pilot : the first fit's penalty; its multiplier is its strength. ``L2(0.1)`` on standardised columns is mild ridge;
        ``L2(1e-8)`` is least squares where n > p; ``L1(s)`` excludes what that lasso leaves out.

    Raises
    ------
    InputError
        If ``power`` is not positive and finite, or one of the others is no penalty.
    UnsupportedError
        If ``penalty`` is not made of l1 and l2 parts and bounds, or selects nothing (L2).

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(100, 8))
    >>> y = 3 * X[:, 0] - 2 * X[:, 1] + np.random.default_rng(1).normal(size=100)
    >>> model = rf.PenalizedRegressor(rf.Adaptive(rf.L1()), select="1se").fit(X, y)
    >>> np.flatnonzero(model.coef_)
    array([0, 1])

    References
    ----------
    Zou, H. (2006). The adaptive lasso and its oracle properties. JASA 101, 1418-1429.
    """

    penalty: Penalty = field(default_factory=L1)
    power: float = 1.0
    pilot: Penalty = field(default_factory=lambda: L2(0.1))

    def __post_init__(self) -> None:
        """Check the parts."""
        for name, part in (("penalty", self.penalty), ("pilot", self.pilot)):
            if not isinstance(part, Penalty):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise InputError(
                    f"Adaptive({name}={part!r}) is not a penalty; give one such as L1() or L2(0.1)."
                )
        plain = isinstance(self.penalty, NormalFormPenalty) and self.penalty.convex
        if not plain or not self.penalty.sparse:
            raise UnsupportedError(
                f"Adaptive({self.penalty!r}): adaptive weights need a convex penalty of l1 and l2 parts that sets "
                "coefficients to zero. Use L1() or ElasticNet(0.5)."
            )
        if isinstance(self.pilot, Adaptive):
            raise UnsupportedError(
                "Adaptive(pilot=Adaptive(...)): there are two stages. Use L2(0.1) or L1(s)."
            )
        object.__setattr__(self, "power", check_positive(self.power, "Adaptive(power)"))

    @property
    def traits(self) -> Traits:
        """Those of the penalty: once the weights are known it is one like it."""
        return self.penalty.traits

    def factors(self, pilot: Vector) -> Vector:
        """Return the weights from the pilot's coefficients on the penalised scale, (p,).

        >>> Adaptive(power=2).factors(np.array([2.0, -1.0, 0.0]))
        array([ 1.,  4., inf])
        """
        size = np.abs(pilot)
        top = size.max(initial=0.0)
        if not top > 0:  # the pilot found nothing, so there is nothing to prefer
            return np.ones_like(size)
        with np.errstate(divide="ignore", over="ignore"):
            return (size / top) ** -self.power

    def for_pilot(self, pilot: Vector, p: int) -> Coordinates:
        """Return the normal form with the weights that the pilot's coefficients (p,) give."""
        assert isinstance(self.penalty, NormalFormPenalty)  # as checked when it was made
        inner, factors = self.penalty.coordinates(p), self.factors(pilot)
        excluded = np.isinf(inner.l1) | (np.isinf(factors) & inner.penalised)
        kept = np.where(excluded | ~inner.penalised, 0.0, np.where(np.isinf(factors), 0.0, factors))
        l1 = np.where(excluded, np.inf, kept * np.where(excluded, 0.0, inner.l1))
        return replace(inner, l1=l1, l2=kept * inner.l2)

    def value(self, w: Vector) -> float:
        """Return Q(w)."""
        return self.penalty.value(w)

    def prox(self, v: Vector, step: float) -> Vector:
        """Return the proximal step of Q."""
        return self.penalty.prox(v, step)

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return how far ``-grad`` is from the subdifferential of Q."""
        return self.penalty.kkt(w, grad)

    def coordinates(self, p: int) -> Coordinates | None:
        """Return the normal form of Q: the form that the weighted penalty will have."""
        return self.penalty.coordinates(p)

    def strength_max(self, grad0: Vector) -> float:
        """Return that of Q."""
        return self.penalty.strength_max(grad0)

    def scaled(self, factor: float) -> Adaptive:
        """Scale Q; the weights stay."""
        return replace(self, penalty=self.penalty.scaled(factor))

    def resolve(self, feature_names: Sequence[str] | None) -> Adaptive:
        """Resolve the names of both penalties."""
        return replace(
            self, penalty=self.penalty.resolve(feature_names), pilot=self.pilot.resolve(feature_names)
        )

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return a plain one and one of a weighted net with bounds."""
        net = ElasticNet(0.7).weighted([1.0, 0.5, 2.0, 0.0, np.inf]).bounded(-1.0, 2.0)
        return [cls(), cls(L1(0.5), power=0.5, pilot=L1(0.01)), cls(net, power=2.0)]

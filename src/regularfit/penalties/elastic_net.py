"""The elastic net penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from .._checks import check_fraction, check_positive
from ._base import NormalFormPenalty, Penalty, Traits
from .coordinates import Coordinates

__all__ = ["ElasticNet"]


@final
@dataclass(frozen=True, slots=True)
class ElasticNet(NormalFormPenalty):
    r"""Keep few columns, but keep correlated ones together: a mixture of :class:`L1` and :class:`L2`.

    .. math:: P(w) = k \Bigl( a \sum_j |w_j| + \frac{1 - a}{2} \sum_j w_j^2 \Bigr)

    Prefer it to L1 when columns are correlated or outnumber the rows; let several ratios compete when in
    doubt. Prefer L1 when the shortest model is wanted, and L2 when no column should be left out.

    Parameters
    ----------
    l1_ratio : a in [0, 1]: 1 is L1, 0 is L2. glmnet calls it ``alpha``.
    strength : k > 0, finite; multiplies the strength of the fit.

    Raises
    ------
    InputError
        If ``l1_ratio`` lies outside [0, 1] or ``strength`` is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> ElasticNet(0.5).prox(np.array([-3.0, 0.25, 2.0]), step=2.0)
    array([-1. ,  0. ,  0.5])

    References
    ----------
    Zou, H. and Hastie, T. (2005). Regularization and variable selection via the elastic net. JRSS B 67.
    """

    l1_ratio: float = 0.5
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check both numbers."""
        advice = "1 is the lasso, 0 is ridge; a weight goes into strength, as in ElasticNet(0.5, strength=3)."
        object.__setattr__(self, "l1_ratio", check_fraction(self.l1_ratio, "ElasticNet(l1_ratio)", advice))
        object.__setattr__(self, "strength", check_positive(self.strength, "ElasticNet(strength)"))

    @property
    def traits(self) -> Traits:
        """Convex and separable; sparse unless the ratio is 0, when it is ridge."""
        return Traits(convex=True, separable=True, sparse=self.l1_ratio > 0, smooth=self.l1_ratio == 0)

    def coordinates(self, p: int) -> Coordinates:
        """Return l1 = k a and l2 = k (1 - a) in every column."""
        return Coordinates.uniform(
            p, l1=self.strength * self.l1_ratio, l2=self.strength * (1.0 - self.l1_ratio)
        )

    def scaled(self, factor: float) -> ElasticNet:
        """Return ``factor * self``."""
        return ElasticNet(
            self.l1_ratio, check_positive(factor, "factor * ElasticNet: the factor") * self.strength
        )

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return a mixture, a scaled one and both ends."""
        return [cls(), cls(0.1, strength=2.0), cls(0.0), cls(1.0)]

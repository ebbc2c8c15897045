"""The ridge penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from .._checks import check_positive
from ._base import NormalFormPenalty, Penalty, Traits
from .coordinates import Coordinates

__all__ = ["L2"]


@final
@dataclass(frozen=True, slots=True)
class L2(NormalFormPenalty):
    r"""Shrink all coefficients towards zero, correlated ones together: the ridge penalty.

    .. math:: P(w) = \frac{k}{2} \sum_j w_j^2

    Prefer it when most columns matter a little or many are correlated, and prediction is the aim. It never
    sets a coefficient to zero; prefer :class:`L1` or :class:`ElasticNet` when columns should be left out.

    Parameters
    ----------
    strength : k > 0, finite; multiplies the strength of the fit.

    Raises
    ------
    InputError
        If ``strength`` is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> L2().prox(np.array([-3.0, 0.5]), step=1.0)
    array([-1.5 ,  0.25])

    References
    ----------
    Hoerl, A. E. and Kennard, R. W. (1970). Ridge regression: biased estimation for nonorthogonal problems.
    Technometrics 12.
    """

    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check the strength."""
        object.__setattr__(self, "strength", check_positive(self.strength, "L2(strength)"))

    @property
    def traits(self) -> Traits:
        """Convex, separable and smooth."""
        return Traits(convex=True, separable=True, smooth=True)

    def coordinates(self, p: int) -> Coordinates:
        """Return l2 = k in every column."""
        return Coordinates.uniform(p, l2=self.strength)

    def scaled(self, factor: float) -> L2:
        """Return ``factor * self``."""
        return L2(check_positive(factor, "factor * L2: the factor") * self.strength)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return a plain and a scaled one."""
        return [cls(), cls(2.5)]

"""The lasso penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from .._checks import check_positive
from ._base import NormalFormPenalty, Penalty, Traits
from .coordinates import Coordinates

__all__ = ["L1"]


@final
@dataclass(frozen=True, slots=True)
class L1(NormalFormPenalty):
    r"""Keep few columns: the lasso penalty sets weak coefficients to exactly zero.

    .. math:: P(w) = k \sum_j |w_j|

    Prefer it when a few columns are believed to matter, or a short model is wanted. Prefer
    :class:`ElasticNet` when columns are strongly correlated (L1 picks one of them almost at random) and
    :class:`L2` when most columns matter a little.

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
    >>> L1().prox(np.array([-3.0, 0.5, 2.0]), step=1.0)
    array([-2.,  0.,  1.])

    References
    ----------
    Tibshirani, R. (1996). Regression shrinkage and selection via the lasso. JRSS B 58.
    """

    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check the strength."""
        object.__setattr__(self, "strength", check_positive(self.strength, "L1(strength)"))

    @property
    def traits(self) -> Traits:
        """Convex, separable and sparse."""
        return Traits(convex=True, separable=True, sparse=True)

    def coordinates(self, p: int) -> Coordinates:
        """Return l1 = k in every column."""
        return Coordinates.uniform(p, l1=self.strength)

    def scaled(self, factor: float) -> L1:
        """Return ``factor * self``."""
        return L1(check_positive(factor, "factor * L1: the factor") * self.strength)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return a plain and a scaled one."""
        return [cls(), cls(0.3)]

"""The gamma loss for positive amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._typing import ArrayLike, Vector
from ._base import Loss
from ._power import PowerLoss, log_or_zero
from ._targets import check_not_negative

__all__ = ["Gamma"]


@final
@dataclass(frozen=True, slots=True)
class Gamma(PowerLoss):
    r"""Predict a positive amount whose spread is a fixed share of its mean; effects multiply.

    .. math:: \ell(y, \eta) = \frac{y}{\mu} - 1 - \log\frac{y}{\mu}, \qquad \mu = e^{\eta}

    This is half the unit deviance. Strengths mean the same as glmnet's lambda for ``family = Gamma(link = "log")``
    and, with ``L2``, as ``alpha`` of scikit-learn's GammaRegressor. The unit of the target changes the intercept
    only.

    Prefer it for costs, durations and concentrations, which are never 0 and whose errors are of a size relative to
    the mean. With zeros among them use :class:`Tweedie`; with errors of one size use :class:`Squared`.

    Examples
    --------
    >>> Gamma().value(np.array([1.0, 2.0]), np.array([0.0, 0.0])).round(4)
    array([0.    , 0.3069])

    References
    ----------
    Nelder, J. A. and Wedderburn, R. W. M. (1972). Generalized linear models. JRSS A 135.
    """

    name: ClassVar[str] = "gamma"
    score_name: ClassVar[str] = "mean gamma deviance"

    @property
    def exponent(self) -> float:
        """The variance is the square of the mean."""
        return 2.0

    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Return q log q + u (1 + log y) at q = 1 - u, inf where q is negative."""
        q = 1 - u
        inside = np.where(q >= 0, q, 1)
        return np.where(q >= 0, inside * log_or_zero(inside) + u * (1 + log_or_zero(y)), np.inf)

    def check_target(self, y: ArrayLike) -> Vector:
        """Return ``y`` as float64 above 0, or raise InputError."""
        return check_not_negative(y, "Gamma", zero="use Tweedie(1.5), which allows zeros, or drop these rows")

    @classmethod
    def examples(cls) -> Sequence[Loss]:
        """Return the one there is."""
        return [cls()]

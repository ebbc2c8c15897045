"""The Poisson loss for counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._typing import ArrayLike, Vector
from ._base import Loss
from ._power import PowerLoss, log_or_zero
from ._targets import check_not_negative

__all__ = ["Poisson"]


@final
@dataclass(frozen=True, slots=True)
class Poisson(PowerLoss):
    r"""Predict a count, or a rate, whose variance equals its mean; effects multiply.

    .. math:: \ell(y, \eta) = y \log\frac{y}{\mu} - y + \mu, \qquad \mu = e^{\eta}

    This is half the unit deviance: minus the log-likelihood, less that of a perfect prediction. Strengths mean the
    same as glmnet's lambda for ``family = poisson()`` and, with ``L2``, as ``alpha`` of scikit-learn's
    PoissonRegressor.

    Prefer it for counts of independent events. Where counts vary more than their mean says, standard errors would
    be wrong but predictions are not; :class:`NegativeBinomial` then weighs large counts less. The target is 0 or
    above and need not be whole: for events over unequal exposures give counts and ``offset=log(exposure)``, or
    rates and ``sample_weight=exposure``, which is the same fit.

    Examples
    --------
    >>> Poisson().value(np.array([0.0, 2.0]), np.array([0.0, np.log(2.0)]))
    array([1., 0.])

    References
    ----------
    Nelder, J. A. and Wedderburn, R. W. M. (1972). Generalized linear models. JRSS A 135.
    """

    name: ClassVar[str] = "poisson"
    score_name: ClassVar[str] = "mean Poisson deviance"

    @property
    def exponent(self) -> float:
        """The variance is the mean itself."""
        return 1.0

    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Return m log(m / y) + u (log y - 1) at m = y + u, inf where m is negative."""
        m = y + u
        inside = np.where(m >= 0, m, 1)
        log_y = log_or_zero(y)
        found = inside * (log_or_zero(inside) - log_y) + u * (log_y - 1)
        return np.where(m >= 0, found, np.inf)

    def check_target(self, y: ArrayLike) -> Vector:
        """Return ``y`` as float64, 0 or above, or raise InputError."""
        return check_not_negative(y, "Poisson", "whole or not")

    @classmethod
    def examples(cls) -> Sequence[Loss]:
        """Return the one there is."""
        return [cls()]

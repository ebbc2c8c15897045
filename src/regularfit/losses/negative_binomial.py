"""The negative binomial loss for counts that vary more than their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from .._checks import check_positive
from .._typing import ArrayLike, Vector
from ._base import Loss
from ._power import LOWEST, LogLink, capped_exp, log_or_zero
from ._targets import check_counts

__all__ = ["NegativeBinomial"]


@final
@dataclass(frozen=True, slots=True)
class NegativeBinomial(LogLink):
    r"""Predict a count that varies more than a Poisson count; effects multiply.

    .. math:: \ell(y, \eta) = y \log\frac{y}{\mu} - (y + \theta) \log\frac{y + \theta}{\mu + \theta},
              \qquad \mu = e^{\eta}

    This is half the unit deviance of the variance mu + mu^2 / theta. Strengths mean the same as glmnet's lambda for
    ``family = MASS::negative.binomial(theta)``.

    Prefer it to :class:`Poisson` where a few very large counts would decide the fit. ``theta`` is given, not
    estimated: try a few as candidates of a search; as it grows the loss becomes Poisson's. The target is whole and
    0 or above; rates are not counts: for unequal exposures give counts and ``offset=log(exposure)``.

    Parameters
    ----------
    theta : float > 0, default 1
        The smaller, the more counts vary.

    Raises
    ------
    InputError
        For another theta.

    Examples
    --------
    >>> NegativeBinomial(1.0).value(np.array([0.0, 2.0]), np.array([0.0, np.log(2.0)])).round(4)
    array([0.6931, 0.    ])

    References
    ----------
    Lawless, J. F. (1987). Negative binomial and mixed Poisson regression. Canadian Journal of Statistics 15.
    """

    name: ClassVar[str] = "negative_binomial"
    score_name: ClassVar[str] = "mean negative binomial deviance"
    theta: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a theta that is not positive."""
        advice = "Small numbers mean counts that vary much; for none beyond Poisson's use Poisson()."
        object.__setattr__(self, "theta", check_positive(self.theta, "NegativeBinomial(theta)", advice))

    def value(self, y: Vector, eta: Vector) -> Vector:
        """Return half the unit deviance, without cancellation near its minimum."""
        share = y / (y + self.theta)
        d = eta - log_or_zero(y)
        near = np.clip(d, -1, 1)
        inner = np.log1p(share * np.expm1(near)) - share * near
        rest = np.log1p(-share)
        outer = np.logaddexp(rest, np.log(np.where(y > 0, share, 1)) + d) - share * d
        nothing = self.theta * np.logaddexp(0, eta - _log(self.theta, eta))
        above = np.where(np.abs(d) <= 1, inner, outer)
        return np.where(y > 0, np.maximum((y + self.theta) * above, 0), nothing)

    def gradient(self, y: Vector, eta: Vector) -> Vector:
        """Return theta (mu - y) / (mu + theta)."""
        mu = capped_exp(eta)
        return (mu - y) / (1 + mu / self.theta)

    def curvature(self, y: Vector, eta: Vector) -> Vector:
        """Return (y + theta) p (1 - p) at p = mu / (mu + theta)."""
        small = np.exp(-np.abs(eta - _log(self.theta, eta)))
        return (y + self.theta) * small / np.square(1 + small)

    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Return u eta - loss at the eta whose gradient is u; inf outside [-y, theta]."""
        m, left = y + u, self.theta - u  # mu = theta m / left
        inside = (m >= 0) & (left >= 0)
        m, left = np.where(inside, m, 1), np.where(inside, left, 1)
        log_y = log_or_zero(y)
        found = m * (log_or_zero(m) - log_y) + u * log_y + left * (log_or_zero(left) - _log(self.theta, u))
        return np.where(inside, found, np.inf)

    def null_eta(self, y: Vector, weights: Vector, offset: Vector | None = None) -> float:
        """Return the log of the weighted mean, or Newton's answer where there is an offset.

        Where every y is 0, a mean of e^-120 stands for it.
        """
        total = float(weights @ y)
        known = 0.0 if offset is None else float(offset[weights > 0].max())
        if total == 0:
            return LOWEST - known
        if offset is not None and np.any(offset):
            return Loss.null_eta(self, y, weights, offset)
        return float(np.log(total) - np.log(weights.sum()))

    def check_target(self, y: ArrayLike) -> Vector:
        """Return ``y`` as float64, whole and 0 or above, or raise InputError."""
        return check_counts(y, "NegativeBinomial")

    @classmethod
    def examples(cls) -> Sequence[Loss]:
        """Return one that is far from Poisson, and one that is near."""
        return [cls(0.3), cls(50.0)]


def _log(theta: float, like: Vector) -> Vector:
    return np.log(np.asarray(theta, dtype=like.dtype))

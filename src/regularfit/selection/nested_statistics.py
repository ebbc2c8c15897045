"""The statistics of nested cross-validation: from errors of folds to an estimate with a standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from statistics import NormalDist

import numpy as np

from .._checks import check_positive
from .._typing import Vector
from ..errors import InputError

__all__ = ["FoldErrors", "Nested", "interval_around", "nested_estimate", "variance_of_mean"]


@dataclass(frozen=True, eq=False)
class FoldErrors:
    """Errors of one procedure over one partition of the rows into K folds; smaller is better.

    Parameters
    ----------
    outer : (K,) mean error on fold k of the procedure run without k.
    inner : (K, K) entry (k, j): mean error on fold j of the procedure run without k and j; the diagonal is
        unused.
    outer_variance : (K,) estimated variance of ``outer[k]`` around the true error of the model it was
        measured on.
    naive_variance : estimated variance of the mean of ``outer``, as if all held-out errors were
        independent.
    weights : (K,) sum of the row weights of every fold.
    """

    outer: Vector
    inner: Vector
    outer_variance: Vector
    naive_variance: float
    weights: Vector


@dataclass(frozen=True)
class Nested:
    """An honest mean and its standard error, beside what plain cross-validation of the same procedure says.

    Parameters
    ----------
    mean, se : the estimate, corrected for the smaller training sets, and its standard error.
    naive_mean, naive_se : plain K-fold cross-validation of the procedure.
    bias : what the correction took off the raw nested mean.
    inflation : ``se / naive_se``, between 1 and sqrt(K).
    """

    mean: float
    se: float
    naive_mean: float
    naive_se: float
    bias: float
    inflation: float


def nested_estimate(repeats: Sequence[FoldErrors]) -> Nested:
    r"""Return the estimate of Bates, Hastie & Tibshirani from one or more random partitions.

    For every fold k let :math:`\bar e_k^{in}` be the mean cross-validated error within the other folds and
    :math:`\bar e_k^{out}` the mean error on k. Both estimate the error of a model fitted on the other
    folds, but only the second is unbiased for it, so their squared distance, less the noise of the second,
    is the mean squared error of cross-validation:

    .. math:: \widehat{\mathrm{MSE}} = \mathrm{mean}_k\,
              [(\bar e_k^{in} - \bar e_k^{out})^2 - \widehat{\mathrm{var}}(\bar e_k^{out})]

    The standard error is :math:`\sqrt{(K-1)/K \cdot \widehat{\mathrm{MSE}}}`, kept between the naive one
    and sqrt(K) times that. The mean of the inner errors comes from training sets that lack two folds; the
    estimate subtracts :math:`(1 + (K-2)/K)` times its distance to plain cross-validation.

    Parameters
    ----------
    repeats : one :class:`FoldErrors` for every partition, all with the same K >= 3.

    Examples
    --------
    >>> inner = np.array([[0, 1, 3], [2, 0, 1], [2, 2, 0.0]])
    >>> once = FoldErrors(np.array([1.0, 2.0, 3.0]), inner, np.full(3, 0.1), 0.04, np.ones(3))
    >>> found = nested_estimate([once])
    >>> round(found.mean, 3), round(found.se, 3), round(found.naive_se, 3)
    (2.056, 0.346, 0.2)

    References
    ----------
    Bates, S., Hastie, T. & Tibshirani, R. (2023). Cross-validation: what does it estimate and how well does
    it do it? Journal of the American Statistical Association 119, 1434-1445.
    """
    K = len(repeats[0].outer) if repeats else 0
    if K < 3 or any(len(errors.outer) != K for errors in repeats):
        raise InputError("A nested estimate needs the same number of folds, at least 3, in every repeat.")
    parts = np.array([_summary(errors) for errors in repeats])
    mse, nested_mean, naive_mean, naive_variance = (float(value) for value in parts.mean(axis=0))
    bias = (1.0 + (K - 2.0) / K) * (nested_mean - naive_mean)
    naive_se = float(np.sqrt(naive_variance))
    se = float(np.clip(np.sqrt((K - 1.0) / K * max(mse, 0.0)), naive_se, np.sqrt(K) * naive_se))
    return Nested(nested_mean - bias, se, naive_mean, naive_se, bias, se / naive_se if naive_se > 0 else 1.0)


def interval_around(mean: float, se: float, level: float, skewed: bool = False) -> tuple[float, float]:
    r"""Return (low, high) that holds the truth with probability ``level`` where the estimate is normal.

    .. math:: m \pm z\,\mathrm{se} \quad\text{or, where skewed,}\quad m\, e^{\pm z\,\mathrm{se} / m}

    A mean of errors that are never negative varies in proportion to its size, and too small a mean comes with too
    small a standard error; on the log scale both are about even. Prefer that for log-losses. Where the reach exceeds
    the mean itself the log scale says nothing, and the plain interval is given.

    Examples
    --------
    >>> low, high = interval_around(1.0, 0.1, 0.9, skewed=True)
    >>> round(low, 3), round(high, 3)
    (0.848, 1.179)
    """
    level = check_positive(level, "level")
    if level >= 1:
        raise InputError(f"level={level:g} must lie strictly between 0 and 1; 0.9 is usual.")
    reach = NormalDist().inv_cdf(0.5 + level / 2) * se
    if skewed and reach < mean:
        return mean * exp(-reach / mean), mean * exp(reach / mean)
    return mean - reach, mean + reach


def variance_of_mean(errors: Vector, weights: Vector, groups: Vector | None = None) -> float:
    r"""Return the estimated variance of a weighted mean of errors; rows of one group count as one draw.

    .. math:: \frac{G}{G - 1} \sum_g \Big(\sum_{i \in g} \frac{w_i}{\sum_j w_j} (e_i - \bar e)\Big)^2

    over the G groups (rows, by default) of positive weight; zero when there is only one.

    >>> variance_of_mean(np.array([1.0, 3.0]), np.ones(2))
    1.0
    """
    used = weights > 0
    errors, share = errors[used], weights[used] / weights.sum()
    parts = share * (errors - share @ errors)
    if groups is not None:
        _, label = np.unique(groups[used], return_inverse=True)
        parts = np.bincount(label, weights=parts)
    G = len(parts)
    return float(G / (G - 1) * (parts @ parts)) if G > 1 else 0.0


def fold_level_variance(outer: Vector, weights: Vector) -> tuple[Vector, float]:
    """Return ``outer_variance`` and ``naive_variance`` of a score that is no mean over rows (such as AUC).

    The spread of the fold scores themselves stands in for the spread of rows.

    >>> fold_level_variance(np.array([1.0, 3.0]), np.ones(2))
    (array([2., 2.]), 1.0)
    """
    share = weights / weights.sum()
    naive = variance_of_mean(outer, weights)
    return naive / share, naive


def _summary(errors: FoldErrors) -> tuple[float, float, float, float]:
    """The parts of one partition that are averaged over partitions."""
    w = errors.weights
    others = np.where(np.eye(len(w), dtype=bool), 0.0, w)
    inner = (others * np.where(others > 0, errors.inner, 0.0)).sum(axis=1) / others.sum(axis=1)
    mse = float(((inner - errors.outer) ** 2 - errors.outer_variance).mean())
    # Every (k, j) counts by the rows of both its folds, as if all inner errors were pooled.
    nested_mean = float(others.sum(axis=1) @ inner / others.sum())
    return mse, nested_mean, float(w @ errors.outer / w.sum()), errors.naive_variance

"""The one-standard-error rule: the strongest penalty that is not clearly worse than the best one."""

from __future__ import annotations

import numpy as np

from .._checks import check_choice
from .._typing import Indices, Mask, Vector
from ..errors import InputError

__all__ = ["fold_mean", "fold_se", "index_min", "index_one_se"]

RULES = ("paired", "unpaired")


def fold_mean(folds: Vector, weights: Vector | None = None) -> Vector:
    """Return the mean over the last axis (folds), weighted by how much each fold holds.

    >>> fold_mean(np.array([[1.0, 4.0]]), np.array([2.0, 1.0]))
    array([2.])
    """
    if weights is None:
        return folds.mean(axis=-1)
    return (folds * weights).sum(axis=-1) / weights.sum(axis=-1)


def fold_se(folds: Vector, weights: Vector | None = None) -> Vector:
    r"""Return the standard error of :func:`fold_mean`.

    .. math:: \mathrm{se}^2 = \frac{1}{K - 1} \sum_k \frac{w_k}{\sum_j w_j} (f_k - \bar f)^2

    This is glmnet's ``cvsd``; with equal weights, the standard deviation over folds divided by sqrt(K).
    One fold alone has no standard error: the answer is then zero.

    >>> float(fold_se(np.array([1.0, 3.0])))
    1.0
    """
    K = folds.shape[-1]
    if K < 2:
        return np.zeros(folds.shape[:-1])
    centred = folds - fold_mean(folds, weights)[..., None]
    return np.sqrt(fold_mean(centred**2, weights) / (K - 1))


def index_min(folds: Vector, weights: Vector | None = None) -> Indices:
    """Return where the mean loss is smallest along axis -2 (strengths); of ties, the strongest penalty.

    >>> int(index_min(np.array([[3.0, 3.0], [1.0, 1.0], [1.0, 1.0]])))
    1
    """
    return np.argmin(fold_mean(folds, _spread(weights)), axis=-1)


def index_one_se(folds: Vector, weights: Vector | None = None, rule: str = "paired") -> Indices:
    r"""Return the strongest penalty whose loss is within one standard error of the smallest.

    Let m be the strength of the smallest mean loss and i a stronger one (a smaller index).

    - ``"paired"``: i is allowed when :math:`\bar d \le \mathrm{se}(d)` with :math:`d_k = f_{k,i} -
      f_{k,m}`, the differences *within* folds. Some folds are harder than others for every model; that
      part cancels, so the yardstick is the uncertainty of the comparison that is being made.
    - ``"unpaired"``: i is allowed when :math:`\bar f_i \le \bar f_m + \mathrm{se}(f_m)`, as in glmnet and
      in Breiman et al. (1984). It mixes in the differences between folds and so usually penalises more.

    Prefer it to the minimum when a smaller model is worth a loss that the data cannot tell from chance;
    not when only prediction counts. Neither rule ever returns a weaker penalty than the minimum.

    Parameters
    ----------
    folds : (..., L, K) losses (smaller is better), strengths decreasing along L.
    weights : (..., K) weight of every fold, > 0; None means equal.
    rule : ``"paired"`` or ``"unpaired"``.

    Returns
    -------
    (...) indices along L.

    Raises
    ------
    InputError
        For another rule, or losses that hold NaN.

    Examples
    --------
    >>> curve = np.array([[5.0, 9.0], [1.1, 5.0], [1.0, 4.9], [2.0, 6.0]])
    >>> int(index_min(curve)), int(index_one_se(curve)), int(index_one_se(curve, rule="unpaired"))
    (2, 2, 1)

    References
    ----------
    Breiman, L., Friedman, J., Olshen, R. & Stone, C. (1984). Classification and Regression Trees, section
    3.4.3.
    """
    check_choice(rule, RULES, "rule")
    if np.isnan(folds).any():
        raise InputError("The fold losses hold NaN; give one finite loss for every strength and fold.")
    spread = _spread(weights)
    mean = fold_mean(folds, spread)
    best = np.argmin(mean, axis=-1)
    smallest = np.take_along_axis(folds, best[..., None, None], axis=-2)
    if rule == "paired":
        difference = folds - smallest
        allowed: Mask = fold_mean(difference, spread) <= fold_se(difference, spread)
    else:
        least = np.take_along_axis(mean, best[..., None], axis=-1)
        allowed = mean <= least + fold_se(smallest, spread)
    positions: Indices = np.arange(folds.shape[-2], dtype=np.intp)
    allowed &= positions <= best[..., None]
    # The minimum allows itself, whatever rounding did to its own difference.
    allowed |= positions == best[..., None]
    return np.argmax(allowed, axis=-1)


def _spread(weights: Vector | None) -> Vector | None:
    """Fold weights (..., K) as (..., 1, K), so that they meet (..., L, K)."""
    return None if weights is None else np.asarray(weights, dtype=np.float64)[..., None, :]

"""What cross-validation found, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._typing import Vector
from ..errors import InputError
from .one_se import fold_mean, fold_se, index_min, index_one_se

__all__ = ["CVResult"]


@dataclass(frozen=True, eq=False)
class CVResult:
    """Held-out scores of every strength and fold, and the two strengths they suggest.

    Parameters
    ----------
    strengths : (L,) decreasing.
    folds : (L, K) mean held-out score of every fold; finite.
    weights : (K,) sum of the weights of each fold's held-out rows, > 0.
    score_name : what the scores are, for tables and pictures.
    greater_is_better : False for losses, True for scores such as AUC or R squared.

    Raises
    ------
    InputError
        For shapes that do not fit, scores that are not finite, strengths that do not decrease.

    Examples
    --------
    >>> cv = CVResult([1.0, 0.1], [[2.0, 4.0], [1.0, 2.0]], [1.0, 1.0])
    >>> cv.mean, cv.strength_min
    (array([3. , 1.5]), 0.1)
    """

    strengths: Vector
    folds: Vector
    weights: Vector
    score_name: str = "loss"
    greater_is_better: bool = False

    def __post_init__(self) -> None:
        """Take any arrays and refuse what cannot be compared."""
        for name in ("strengths", "folds", "weights"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        _check(self.strengths, self.folds, self.weights)

    @property
    def losses(self) -> Vector:
        """The scores turned so that smaller is better, (L, K)."""
        return -self.folds if self.greater_is_better else self.folds

    @cached_property
    def mean(self) -> Vector:
        """Mean score over the folds, (L,), each fold counted by its weight."""
        return fold_mean(self.folds, self.weights)

    @cached_property
    def se(self) -> Vector:
        """Standard error of :attr:`mean`, (L,), from the spread between folds.

        It serves pictures and comparisons within these folds; as the error of a prediction error it is too
        small (use :func:`~regularfit.selection.honest_score`).
        """
        return fold_se(self.folds, self.weights)

    @cached_property
    def index_min(self) -> int:
        """Index of the best mean score; of ties, the strongest penalty."""
        return int(index_min(self.losses, self.weights))

    @cached_property
    def index_1se(self) -> int:
        """Index of the strongest penalty within one *paired* standard error of the best."""
        return int(index_one_se(self.losses, self.weights, "paired"))

    @cached_property
    def index_1se_unpaired(self) -> int:
        """Index by the classical rule of glmnet, whose ``lambda.1se`` it reproduces."""
        return int(index_one_se(self.losses, self.weights, "unpaired"))

    @property
    def strength_min(self) -> float:
        """The strength of the best mean score."""
        return float(self.strengths[self.index_min])

    @property
    def strength_1se(self) -> float:
        """The strongest penalty that is not clearly worse than the best; never below :attr:`strength_min`."""
        return float(self.strengths[self.index_1se])

    def paired_se(self, other: Vector) -> Vector:
        """Return the standard error of the difference to another candidate's fold scores.

        Parameters
        ----------
        other : (K,) or (L, K) scores on the same folds.
        """
        return fold_se(self.folds - other, self.weights)


def _check(strengths: Vector, folds: Vector, weights: Vector) -> None:
    if strengths.ndim != 1 or weights.ndim != 1 or folds.shape != (len(strengths), len(weights)):
        raise InputError(
            f"folds has shape {folds.shape}, but there are {strengths.shape} strengths and "
            f"{weights.shape} fold "
            "weights; folds must be (strengths, folds)."
        )
    if not folds.size:
        raise InputError("A CVResult needs at least one strength and one fold.")
    if not (np.isfinite(strengths).all() and (np.diff(strengths) < 0).all()):
        raise InputError(
            "strengths must be finite and strictly decreasing; sort them as numpy.unique(s)[::-1]."
        )
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise InputError("Every fold needs a positive weight; leave out folds without held-out rows.")
    if not np.isfinite(folds).all():
        at, fold = np.argwhere(~np.isfinite(folds))[0]
        raise InputError(
            f"The held-out score of strength {strengths[at]:.3g} in fold {fold} is {folds[at, fold]}; "
            "only finite "
            "scores can be compared. Raise the smallest strength (min_ratio) or look for extreme values in X."
        )

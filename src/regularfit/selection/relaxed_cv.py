"""Cross-validation over strength and gamma: which blend of a penalised fit and its refit predicts best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._checks import check_choice
from .._typing import Vector
from ..errors import InputError
from .choose import Choice
from .cv_result import CVResult
from .one_se import fold_mean, index_min, index_one_se

__all__ = ["RelaxedCV", "choose_relaxed"]


@dataclass(frozen=True, eq=False)
class RelaxedCV:
    """Held-out scores of every gamma, strength and fold, and the two pairs they suggest.

    A stronger penalty counts as simpler, and at one strength a larger gamma; of ties the simplest wins, as in glmnet.

    Parameters
    ----------
    strengths : (L,) decreasing.
    gammas : (G,) increasing, in [0, 1]; 1 is the penalised fit, 0 the refit of its columns.
    folds : (G, L, K) mean held-out score of every fold; finite.
    weights, score_name, greater_is_better : as in :class:`CVResult`.

    Raises
    ------
    InputError
        For shapes that do not fit, and what :class:`CVResult` refuses.

    Examples
    --------
    >>> cv = RelaxedCV([1.0, 0.1], [0.0, 1.0], [[[1.0], [1.5]], [[3.0], [1.0]]], [1.0])
    >>> cv.strength_min, cv.gamma_min
    (1.0, 0.0)
    """

    strengths: Vector
    gammas: Vector
    folds: np.ndarray
    weights: Vector
    score_name: str = "loss"
    greater_is_better: bool = False

    def __post_init__(self) -> None:
        """Take any arrays and refuse what cannot be compared."""
        for name in ("strengths", "gammas", "folds", "weights"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        shape = len(self.gammas), len(self.strengths), len(self.weights)
        if self.folds.shape != shape:
            raise InputError(f"folds has shape {self.folds.shape}; (gammas, strengths, folds) is {shape}.")
        for k in range(len(self.gammas)):
            self.curve(k)

    def curve(self, k: int) -> CVResult:
        """Return the scores of the k-th gamma alone."""
        return CVResult(self.strengths, self.folds[k], self.weights, self.score_name, self.greater_is_better)

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean score over the folds, (G, L)."""
        return fold_mean(self.folds, self.weights)

    @property
    def _simplest_first(self) -> np.ndarray:
        """Losses (L * G, K): strengths as they are, at each the gammas from the largest."""
        losses = -self.folds if self.greater_is_better else self.folds
        return losses[::-1].swapaxes(0, 1).reshape(-1, len(self.weights))

    def _place(self, position: int) -> tuple[int, int]:
        at, back = divmod(position, len(self.gammas))
        return len(self.gammas) - 1 - back, at

    @cached_property
    def index_min(self) -> tuple[int, int]:
        """Indices (gamma, strength) of the best mean score."""
        return self._place(int(index_min(self._simplest_first, self.weights)))

    @cached_property
    def index_1se(self) -> tuple[int, int]:
        """Indices of the simplest pair within one *paired* standard error of the best."""
        return self._place(int(index_one_se(self._simplest_first, self.weights, "paired")))

    @cached_property
    def index_1se_unpaired(self) -> tuple[int, int]:
        """Indices by the classical rule: glmnet's ``lambda.1se`` and ``gamma.1se``."""
        return self._place(int(index_one_se(self._simplest_first, self.weights, "unpaired")))

    @property
    def strength_min(self) -> float:
        """The strength of the best mean score."""
        return float(self.strengths[self.index_min[1]])

    @property
    def gamma_min(self) -> float:
        """The gamma of the best mean score."""
        return float(self.gammas[self.index_min[0]])

    @property
    def strength_1se(self) -> float:
        """The strength of the simplest pair that is not clearly worse than the best."""
        return float(self.strengths[self.index_1se[1]])

    @property
    def gamma_1se(self) -> float:
        """The gamma of the simplest pair that is not clearly worse than the best."""
        return float(self.gammas[self.index_1se[0]])


def choose_relaxed(select: str, curves: Sequence[RelaxedCV]) -> tuple[Choice, list[int]]:
    """Return the choice among all candidates, and for each candidate the index of the gamma it would take.

    The candidate with the best mean score at its own best pair wins; with ``"1se"`` the pair is then the simplest one
    of the winner that is not clearly worse.
    """
    check_choice(select, ("min", "1se"), "select")
    pairs = [cv.index_1se if select == "1se" else cv.index_min for cv in curves]
    best = [cv.mean[cv.index_min] * (-1 if cv.greater_is_better else 1) for cv in curves]
    winner = int(np.argmin(best))
    gamma, at = pairs[winner]
    cv = curves[winner]
    choice = Choice(winner, at, float(cv.strengths[at]), float(cv.mean[gamma, at]))
    return choice, [pair[0] for pair in pairs]

"""The model after every number of rounds: one fit holds them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from ...errors import InputError, UnsupportedError
from ..columns import TreeColumns
from ..engines import Task, TreeModel, chances_of, mean_of

__all__ = ["BoostingPath", "chosen_labels"]


@dataclass(frozen=True, eq=False)
class BoostingPath:
    """Predictions of a boosted model after any of its rounds.

    Parameters
    ----------
    model : the grown trees.
    columns : how tables become matrices.
    task : what was fitted.
    classes : labels of a classifier, or None.
    training_loss : (R,) score of the loss on the training rows after 1, 2, ... rounds.
    who : what errors call the estimator.
    """

    model: TreeModel
    columns: TreeColumns
    task: Task
    classes: np.ndarray | None
    training_loss: np.ndarray
    who: str = "the model"

    @property
    def rounds(self) -> np.ndarray:
        """The numbers of rounds: 1, 2, ..., R."""
        return np.arange(1, self.model.rounds + 1)

    def margins(self, X: Any, rounds: int | Iterable[int] | None = None) -> np.ndarray:
        """Return sums of trees, (n,) or (n, K); for several numbers of rounds stacked in front.

        Raises
        ------
        InputError
            For a number of rounds that the model does not have.
        UnsupportedError
            For fewer rounds than all with tree dropout: later rounds change the weight of earlier trees.
        """
        matrix = self.columns.encode(X, self.who)
        if isinstance(rounds, Iterable):
            return np.stack([self.model.margins(matrix, self._checked(r)) for r in rounds])
        return self.model.margins(matrix, self._checked(rounds))

    def predict(self, X: Any, rounds: int | Iterable[int] | None = None) -> np.ndarray:
        """Return the predicted numbers or labels after so many rounds (None: all), (n,) or (L, n)."""
        margins = self.margins(X, rounds)
        if self.classes is not None:
            return chosen_labels(margins, self.task, self.classes)
        return mean_of(margins, self.task)

    def predict_proba(self, X: Any, rounds: int | Iterable[int] | None = None) -> np.ndarray:
        """Return the probability of every class after so many rounds, (n, K) or (L, n, K)."""
        if self.classes is None:
            raise UnsupportedError("Only a classifier gives probabilities; use predict.")
        margins = self.margins(X, rounds)
        if isinstance(rounds, Iterable):
            return np.stack([chances_of(mean_of(part, self.task), self.task) for part in margins])
        return chances_of(mean_of(margins, self.task), self.task)

    def _checked(self, rounds: Any) -> int:
        most = self.model.rounds
        if rounds is None:
            return most
        if isinstance(rounds, bool) or not isinstance(rounds, Integral) or not 1 <= int(rounds) <= most:
            raise InputError(f"rounds={rounds!r} is none of this model's; it has 1 to {most}.")
        if int(rounds) < most and not self.model.staged:
            raise UnsupportedError(
                "With tree_dropout every round changes the weight of earlier trees, so the model after fewer rounds is "
                f"no part of this one. Predict with all {most} rounds, or fit with Regularisation(rounds={rounds})."
            )
        return int(rounds)


def chosen_labels(margins: np.ndarray, task: Task, classes: np.ndarray) -> np.ndarray:
    """Return the most probable labels."""
    if task.loss == "two_classes":
        return classes[(margins > 0).astype(np.intp)]
    return classes[margins.argmax(axis=-1)]

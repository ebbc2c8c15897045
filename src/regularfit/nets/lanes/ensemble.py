"""An ensemble of nets that are trained anyway: greedy selection on held-out predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..evaluation.metrics import Metric
from .scores import lane_scores

if TYPE_CHECKING:
    from .result import LockstepResult

__all__ = ["LaneEnsemble", "greedy"]


@dataclass(frozen=True, eq=False)
class LaneEnsemble:
    """A weighted mean of the settings' predictions; each setting's is the mean over its folds' nets.

    Parameters
    ----------
    counts : how often each setting was picked, (S,).
    score : of the held-out predictions of the ensemble. It is optimistic by what picking gained; judge the ensemble
        on other rows.
    history : the score after each pick.
    """

    counts: np.ndarray
    score: float
    history: np.ndarray
    result: LockstepResult

    @property
    def weights(self) -> np.ndarray:
        """Share of each setting, (S,)."""
        return self.counts / self.counts.sum()

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities, (n, C), for new rows."""
        return self._mean(X).cpu().numpy()

    def predict(self, X: Any) -> np.ndarray:
        """Return classes, or values of a regression, for new rows."""
        mean = self._mean(X).cpu().numpy()
        if self.result.classes is None:
            return mean[:, 0] if mean.shape[1] == 1 else mean
        return self.result.classes[mean.argmax(1)]

    def _mean(self, X: Any) -> Tensor:
        chosen = np.flatnonzero(self.counts)
        each = self.result.averages(chosen.tolist(), X)
        return sum(w * one for w, one in zip(self.weights[chosen].tolist(), each, strict=True))  # pyright: ignore


def greedy(
    held: Tensor, y: Tensor, weight: Tensor | None, metric: Metric, picks: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pick predictions one by one, with replacement, each the one that makes the mean of those picked best.

    Parameters
    ----------
    held : (S, n, C) held-out probabilities or values; a setting with NaN is never picked.
    y, weight : of the rows.
    metric : what is to become best.
    picks : how many.

    Returns
    -------
    How often each was picked, (S,), and the score after each pick.

    References
    ----------
    Caruana, R., Niculescu-Mizil, A., Crew, G. and Ksikes, A. (2004). Ensemble selection from libraries of models. ICML.
    """
    counts, history = np.zeros(len(held), dtype=int), []
    total = torch.zeros_like(held[0])
    for k in range(picks):
        scores = metric.sign * _scores((total + held) / (k + 1), y, weight, metric)
        best = int(np.argmin(np.where(np.isfinite(scores), scores, np.inf)))
        counts[best] += 1
        total = total + held[best]
        history.append(metric.sign * scores[best])
    return counts, np.array(history)


def _scores(mean: Tensor, y: Tensor, weight: Tensor | None, metric: Metric) -> np.ndarray:
    """Return the scores of mean predictions; the logarithm of probabilities is a logit of theirs."""
    return lane_scores(metric, mean if y.is_floating_point() else mean.clamp_min(1e-30).log(), y, weight)

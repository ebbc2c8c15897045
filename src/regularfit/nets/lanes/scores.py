"""Scores of many lanes on the same rows: the usual metrics for all lanes at once, the others lane by lane."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..evaluation.metrics import Metric
from .data import LaneData
from .norms import LaneNorms
from .predict import outputs
from .weights import LaneWeights

__all__ = ["fold_outputs", "fold_scores", "lane_scores"]


def lane_scores(metric: Metric, predicted: Tensor, y: Tensor, weight: Tensor | None = None) -> np.ndarray:
    """Return the score of every lane, (K,); NaN where outputs are not finite.

    Parameters
    ----------
    metric : "loss" stands for cross entropy, or the mean squared error.
    predicted : (K, n, C) raw outputs.
    y : (n,) classes or (n, q) values.
    weight : (n,) or None.
    """
    weight = torch.ones(len(y), device=predicted.device) if weight is None else weight
    share = weight / weight.sum()
    batched = _BATCHED.get(
        metric.name if metric.name != "loss" else ("mse" if y.is_floating_point() else "log_loss")
    )
    if batched is not None:
        scores = batched(predicted, y, share).double()
        return torch.where(predicted.isfinite().flatten(1).all(1), scores, torch.nan).cpu().numpy()
    return np.array([metric(lane, y, weight) for lane in predicted.cpu()])


def fold_outputs(
    data: LaneData, weights: LaneWeights, norms: LaneNorms | None, lanes: slice, fold: int, rows: Tensor
) -> Tensor:
    """Return the outputs, (lanes, n, C), of neighbouring lanes of one fold for rows of the table."""
    return data.judged(outputs(weights, norms, lanes, data.rows(rows, fold)), fold)


def fold_scores(
    data: LaneData,
    metric: Metric,
    weights: LaneWeights,
    norms: LaneNorms | None,
    lanes: slice,
    fold: int,
    rows: Tensor,
) -> np.ndarray:
    """Return the scores of neighbouring lanes of one fold on rows of the table."""
    weight = None if data.score_weight is None else data.score_weight[rows]
    return lane_scores(metric, fold_outputs(data, weights, norms, lanes, fold, rows), data.y[rows], weight)


def _log_loss(predicted: Tensor, y: Tensor, share: Tensor) -> Tensor:
    logs = predicted.log_softmax(-1).gather(-1, y.view(1, -1, 1).expand(len(predicted), -1, 1))
    return -(logs.squeeze(-1) @ share)


def _accuracy(predicted: Tensor, y: Tensor, share: Tensor) -> Tensor:
    return (predicted.argmax(-1) == y).to(predicted.dtype) @ share


def _balanced_accuracy(predicted: Tensor, y: Tensor, share: Tensor) -> Tensor:
    total = torch.zeros(predicted.shape[-1], device=share.device).index_add_(0, y, share)
    seen = (total > 0).sum()
    return (predicted.argmax(-1) == y).to(predicted.dtype) @ (share / total[y] / seen)


def _mse(predicted: Tensor, y: Tensor, share: Tensor) -> Tensor:
    return (predicted - y).square().mean(-1) @ share


_BATCHED = {
    "log_loss": _log_loss,
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "mse": _mse,
}

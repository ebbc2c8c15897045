"""Scores of many lanes on the same rows: the usual metrics for all lanes at once, the others lane by lane."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..metrics import Metric

__all__ = ["lane_scores"]


def lane_scores(metric: Metric, outputs: Tensor, y: Tensor, weight: Tensor | None = None) -> np.ndarray:
    """Return the score of every lane, (K,); NaN where outputs are not finite.

    Parameters
    ----------
    metric : "loss" stands for cross entropy, or the mean squared error.
    outputs : (K, n, C) raw outputs.
    y : (n,) classes or (n, q) values.
    weight : (n,) or None.
    """
    weight = torch.ones(len(y), device=outputs.device) if weight is None else weight
    share = weight / weight.sum()
    batched = _BATCHED.get(metric.name if metric.name != "loss" else ("mse" if y.is_floating_point() else "log_loss"))
    if batched is not None:
        scores = batched(outputs, y, share).double()
        return torch.where(outputs.isfinite().flatten(1).all(1), scores, torch.nan).cpu().numpy()
    return np.array([metric(lane, y, weight) for lane in outputs.cpu()])


def _log_loss(outputs: Tensor, y: Tensor, share: Tensor) -> Tensor:
    logs = outputs.log_softmax(-1).gather(-1, y.view(1, -1, 1).expand(len(outputs), -1, 1))
    return -(logs.squeeze(-1) @ share)


def _accuracy(outputs: Tensor, y: Tensor, share: Tensor) -> Tensor:
    return (outputs.argmax(-1) == y).to(outputs.dtype) @ share


def _balanced_accuracy(outputs: Tensor, y: Tensor, share: Tensor) -> Tensor:
    total = torch.zeros(outputs.shape[-1], device=share.device).index_add_(0, y, share)
    seen = (total > 0).sum()
    return (outputs.argmax(-1) == y).to(outputs.dtype) @ (share / total[y] / seen)


def _mse(outputs: Tensor, y: Tensor, share: Tensor) -> Tensor:
    return (outputs - y).square().mean(-1) @ share


_BATCHED = {
    "log_loss": _log_loss,
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "mse": _mse,
}

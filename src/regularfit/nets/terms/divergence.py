"""How far two answers of a net are apart, row by row."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["divergence", "weighted_mean"]


def divergence(p: Tensor, q: Tensor, task: str = "classification") -> Tensor:
    """Return KL(p || q) of two raw outputs in nats, (b,); of a regression half the squared distance.

    The latter is the same thing for normal distributions around the outputs with variance 1.

    Examples
    --------
    >>> divergence(torch.tensor([[0.0, 0.0]]), torch.log(torch.tensor([[0.25, 0.75]])))
    tensor([0.1438])
    """
    if task == "regression":
        return 0.5 * (p - q).square().flatten(1).sum(1) if p.ndim > 1 else 0.5 * (p - q).square()
    log_p, log_q = F.log_softmax(p.float(), dim=1), F.log_softmax(q.float(), dim=1)
    return (log_p.exp() * (log_p - log_q)).flatten(1).sum(1)


def weighted_mean(each: Tensor, weight: Tensor | None) -> Tensor:
    """Return sum(w v) / sum(w), or the mean where there are no weights."""
    if weight is None:
        return each.mean()
    return (weight * each).sum() / weight.sum().clamp_min(torch.finfo(each.dtype).tiny)

"""Outputs of many trained nets, without dropout and with running statistics."""

from __future__ import annotations

import torch
from torch import Tensor

from .norms import EPS, LaneNorms
from .weights import LaneWeights

__all__ = ["outputs"]

_FLOATS = 1 << 20  # activations held at once, about


def outputs(weights: LaneWeights, norms: LaneNorms | None, lanes: slice, x: Tensor) -> Tensor:
    """Return the raw outputs of some lanes (neighbours) for rows x, (n, d): (lanes, n, C)."""
    K = len(range(*lanes.indices(weights.lanes)))
    a_row = K * max(out for out, _ in weights.shape.sizes)
    parts = [_forward(weights, norms, lanes, part) for part in x.split(max(1, _FLOATS // a_row))]
    return torch.cat([part.mT for part in parts], dim=1)


def _forward(weights: LaneWeights, norms: LaneNorms | None, lanes: slice, x: Tensor) -> Tensor:
    last = len(weights.shape.hidden)
    act = x
    for i in range(last + 1):
        weight = weights.block("weight", i)[lanes]
        if i == 0:  # one product for all lanes: their inputs are the same
            act = (weight.reshape(-1, weight.shape[-1]) @ x.mT).view(*weight.shape[:2], len(x))
        else:
            act = torch.bmm(weight, act)
        if i < last and norms is not None:
            scale = weights.block("gain", i)[lanes] * (norms.var[i][lanes] + EPS).rsqrt()
            shift = weights.block("shift", i)[lanes] - norms.mean[i][lanes] * scale
            act.mul_(scale.unsqueeze(-1)).add_(shift.unsqueeze(-1))
        else:
            act.add_(weights.block("bias", i)[lanes].unsqueeze(-1))
        if i < last:
            act.relu_()
    return act

"""Batch norm's statistics for averaged weights, estimated anew from training rows, for many nets at once."""

from __future__ import annotations

import torch
from torch import Tensor

from .norms import EPS
from .weights import LaneWeights

__all__ = ["AT_ONCE", "refreshed"]

AT_ONCE = 4  # batches of training in one slice, as where a net is trained alone


def refreshed(weights: LaneWeights, lanes: slice, x: Tensor, slice_rows: int) -> list[tuple[Tensor, Tensor]]:
    """Return the mean and variance of every hidden layer's inputs, (lanes, units) each.

    Means and variances are pooled over slices of the rows; each layer normalises by those so far, which is what
    ``refresh_batch_stats`` does for one net.

    Parameters
    ----------
    weights : of all lanes.
    lanes : neighbours, of one fold.
    x : (n, d) that fold's training rows.
    slice_rows : rows a slice.
    """
    pools = [_Pool() for _ in weights.shape.hidden]
    for part in x.split(slice_rows):
        act = part
        for i, pool in enumerate(pools):
            weight = weights.block("weight", i)[lanes]
            if i == 0:
                act = (weight.reshape(-1, weight.shape[-1]) @ part.mT).view(*weight.shape[:2], len(part))
            else:
                act = torch.bmm(weight, act)
            pool.take(act)
            mean, var = pool.statistics(act.dtype)
            scale = weights.block("gain", i)[lanes] * (var + EPS).rsqrt()
            shift = weights.block("shift", i)[lanes] - mean * scale
            act = act.mul_(scale.unsqueeze(-1)).add_(shift.unsqueeze(-1)).relu_()
    return [pool.statistics(x.dtype) for pool in pools]


class _Pool:
    """The mean and variance of numbers that come in parts (Chan, Golub & LeVeque, 1979)."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.spread = torch.zeros(())

    def take(self, act: Tensor) -> None:
        """Take in activations (lanes, units, rows)."""
        n = act.shape[-1]
        variance, mean = torch.var_mean(act, -1, correction=0)
        mean, total = mean.double(), self.count + n
        shift = mean - self.mean
        self.mean = self.mean + shift * (n / total)
        self.spread = self.spread + variance.double() * n + shift.square() * (self.count * n / total)
        self.count = total

    def statistics(self, kind: torch.dtype) -> tuple[Tensor, Tensor]:
        """Return mean and variance, the latter with n - 1."""
        return self.mean.to(kind), (self.spread / max(self.count - 1, 1)).to(kind)

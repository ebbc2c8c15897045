"""Batch norm of many nets: every unit of every lane is a channel of one call."""

from __future__ import annotations

import torch
from torch import Tensor

from .weights import NetShape

__all__ = ["EPS", "LaneNorms"]

EPS, MOMENTUM = 1e-5, 0.1  # torch's defaults


class LaneNorms:
    """Running statistics of the hidden layers of K nets, and batch norm with them.

    Parameters
    ----------
    shape : of the nets.
    mean, var : for every hidden layer (K, units).
    """

    def __init__(self, shape: NetShape, mean: list[Tensor], var: list[Tensor]) -> None:
        """Remember the statistics."""
        self.shape, self.mean, self.var = shape, mean, var
        self._saved: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    @classmethod
    def start(cls, shape: NetShape, lanes: int, device: torch.device | str = "cpu") -> LaneNorms:
        """Return the statistics before training: mean 0, variance 1."""
        mean = [torch.zeros(lanes, h, device=device) for h in shape.hidden]
        return cls(shape, mean, [torch.ones_like(m) for m in mean])

    def forward(self, i: int, act: Tensor, gain: Tensor, shift: Tensor) -> None:
        """Normalise activations (K, units, b) in place over the rows of the batch; running statistics move on."""
        flat = act.view(1, -1, act.shape[-1])
        out, mean, scale = torch.native_batch_norm(
            flat,
            gain.view(-1),
            shift.view(-1),
            self.mean[i].view(-1),
            self.var[i].view(-1),
            True,
            MOMENTUM,
            EPS,
        )
        self._saved[i] = (flat.clone(), mean, scale)
        flat.copy_(out)

    def backward(self, i: int, back: Tensor, gain: Tensor, grad_gain: Tensor, grad_shift: Tensor) -> Tensor:
        """Return the gradient before the norm; those of gain and shift are put where they belong."""
        inputs, mean, scale = self._saved[i]
        before, for_gain, for_shift = torch.ops.aten.native_batch_norm_backward(
            back.view(inputs.shape),
            inputs,
            gain.view(-1),
            None,
            None,
            mean,
            scale,
            True,
            EPS,
            [True, True, True],
        )
        grad_gain.view(-1).copy_(for_gain)
        grad_shift.view(-1).copy_(for_shift)
        return before.view(back.shape)

    @property
    def views(self) -> list[Tensor]:
        """All statistics, (K, units) each."""
        return [*self.mean, *self.var]

    def take(self, index: Tensor) -> LaneNorms:
        """Return a copy of some lanes."""
        return LaneNorms(self.shape, [m[index] for m in self.mean], [v[index] for v in self.var])

    def put(self, index: Tensor, other: LaneNorms) -> None:
        """Overwrite some lanes."""
        for mine, theirs in zip(self.views, other.views, strict=True):
            mine[index] = theirs.to(mine.device)

    def keep_where(self, better: Tensor, other: LaneNorms) -> None:
        """Overwrite the lanes for which ``better``, (K,), is true with those of another."""
        for mine, theirs in zip(self.views, other.views, strict=True):
            torch.where(better.unsqueeze(-1), theirs, mine, out=mine)

    @classmethod
    def join(cls, parts: list[LaneNorms]) -> LaneNorms:
        """Return the lanes of several behind each other."""
        layers = range(len(parts[0].mean))
        return cls(
            parts[0].shape,
            [torch.cat([p.mean[i] for p in parts]) for i in layers],
            [torch.cat([p.var[i] for p in parts]) for i in layers],
        )

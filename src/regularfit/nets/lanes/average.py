"""Averages of the weights of many lanes: exponential (EMA) or equal (SWA), each lane with its own."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .norms import LaneNorms
from .values import LaneValues
from .weights import LaneWeights

__all__ = ["LaneAverage"]


class LaneAverage:
    """One buffer of averaged weights. A lane without an average, or before its first update, holds its weights there.

    EMA: ``avg <- d_t avg + (1 - d_t) w`` after every step with ``d_t = min(d, (1 + t) / (10 + t))``, t updates before;
    the first copies. SWA: the mean of the weights at the first step after its share of training, and then every so
    many epochs.

    Parameters
    ----------
    values : of the lanes.
    held : the averages so far.
    norms : batch norm's statistics of the averages, averaged alike, or None.
    steps : planned steps.
    epoch : steps of an epoch in every lane, (K,).
    """

    def __init__(
        self, values: LaneValues, held: LaneWeights, norms: LaneNorms | None, steps: int, epoch: np.ndarray
    ) -> None:
        """Take the buffers."""
        self.held, self.norms, self.ema = held, norms, values.ema
        on = values.swa <= 1.0
        self.begin = np.where(on, np.maximum(np.ceil(values.swa * steps - 1e-9), 1.0), np.inf)
        # of every lane the steps at which SWA takes weights, and how many it has then
        self._counts: dict[int, np.ndarray] = {}
        for k in np.flatnonzero(on):
            self._count_swa(
                int(k), float(values.swa[k] * steps), steps, float(epoch[k] * values.swa_every[k])
            )
        self._plain = ~on & (values.ema < 0)

    def _count_swa(self, lane: int, first: float, steps: int, every: float) -> None:
        after = np.arange(int(self.begin[lane]), steps + 1)
        interval = np.floor((after - np.ceil(first - 1e-9)) / every + 1e-9)
        for count, step in enumerate(after[np.diff(interval, prepend=-1.0) > 0], start=1):
            self._counts.setdefault(int(step), np.zeros(len(self.ema)))[lane] = count

    def update(self, weights: LaneWeights, norms: LaneNorms | None, step: int) -> None:
        """Take in the weights after ``step`` steps."""
        share = torch.as_tensor(self._share(step), dtype=torch.float32, device=self.held.flat.device)
        mine, new = [*self.held.views], [*weights.views]
        if self.norms is not None and norms is not None:
            mine, new = [*mine, *self.norms.views], [*new, *norms.views]
        for old, present in zip(mine, new, strict=True):
            old.lerp_(present, _along(share, old))

    def _share(self, step: int) -> np.ndarray:
        """Return how much of the new weights goes in, (K,): 1 copies."""
        t = step - 1
        ema = np.ones_like(self.ema) if t == 0 else 1.0 - np.minimum(self.ema, (1 + t) / (10 + t))
        taken = self._counts.get(step, np.zeros(len(self.ema)))
        swa = np.where(
            step < self.begin, 1.0, np.divide(1.0, taken, out=np.zeros_like(taken), where=taken > 0)
        )
        return np.where(self._plain, 1.0, np.where(self.ema >= 0, ema, swa))

    def exists(self, step: int) -> np.ndarray:
        """Tell which lanes' averages exist after ``step`` steps; a lane that has none counts as True."""
        return np.where(np.isfinite(self.begin), step >= self.begin, True)


def _along(share: Tensor, block: Tensor) -> Tensor:
    return share.view(-1, *[1] * (block.ndim - 1))

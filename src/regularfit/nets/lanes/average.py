"""Averages of the weights of many lanes: exponential (EMA) or equal (SWA), each lane with its own."""

from __future__ import annotations

import numpy as np
import torch

from .values import LaneValues
from .weights import LaneWeights

__all__ = ["LaneAverage"]


class LaneAverage:
    """One buffer of averaged weights. A lane without an average, or before its first update, holds its weights there.

    EMA: ``avg <- d_t avg + (1 - d_t) w`` after every step with ``d_t = min(d, (1 + t) / (10 + t))``, t updates so far;
    the first update copies. SWA: the mean of the weights at the first step with progress >= start and every
    ``every`` steps from there.

    Parameters
    ----------
    values : of the lanes.
    weights : present weights, which are copied.
    steps : planned steps.
    every : steps between two of SWA's updates.
    """

    def __init__(self, values: LaneValues, held: LaneWeights, steps: int, every: int) -> None:
        """Take the buffer."""
        self.held, self.every = held, every
        self.ema = values.ema
        self.begin = np.where(values.swa <= 1.0, np.ceil(values.swa * steps - 1e-9), np.inf)
        self.begin = np.maximum(self.begin, 1.0)
        self._device = held.flat.device

    def update(self, weights: LaneWeights, step: int) -> None:
        """Take in the weights after ``step`` steps."""
        share = self._share(step)
        if not share.any():
            return
        by = torch.as_tensor(share, dtype=torch.float32, device=self._device)
        for mine, new in zip(self.held.views, weights.views, strict=True):
            mine.lerp_(new, by.view(-1, *[1] * (mine.ndim - 1)))

    def _share(self, step: int) -> np.ndarray:
        """Return how much of the new weights goes in, (K,): 1 copies."""
        t = step - 1
        ema = np.ones_like(self.ema) if t == 0 else 1.0 - np.minimum(self.ema, (1 + t) / (10 + t))
        since = step - self.begin
        with np.errstate(invalid="ignore", divide="ignore"):
            swa = np.where(since % self.every == 0, 1.0 / (1.0 + since / self.every), 0.0)
        swa = np.where(since < 0, 1.0, swa)
        return np.where(self.ema >= 0, ema, np.where(np.isfinite(self.begin), swa, 1.0))

    def exists(self, step: int) -> np.ndarray:
        """Tell which lanes' averages exist after ``step`` steps; a lane that has none counts as True."""
        return np.where(np.isfinite(self.begin), step >= self.begin, True)

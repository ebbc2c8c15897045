"""The rows that lanes share: one table on the device, and which of its rows each fold trains and is judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..regulariser import Block

__all__ = ["LaneData", "indices"]


@dataclass(frozen=True, eq=False)
class LaneData:
    """A table, its target, and the rows of every fold.

    Parameters
    ----------
    X : (n, d) float32.
    y : (n,) int64 classes, or (n, q) floats.
    weight : (n,) or None for equal weights.
    train, watch, test : for every fold the rows it trains on, those that early stopping and learning curves look at,
        and those it is scored on, int64.
    outputs : classes, or q.
    blocks : encoded columns of each original one; empty means that every column is a number of its own.
    """

    X: Tensor
    y: Tensor
    weight: Tensor | None
    train: list[Tensor]
    watch: list[Tensor]
    test: list[Tensor]
    outputs: int
    blocks: tuple[Block, ...] = ()

    @property
    def classification(self) -> bool:
        """Whether y holds classes."""
        return not self.y.is_floating_point()

    @property
    def device(self) -> torch.device:
        """Where the table is."""
        return self.X.device

    def targets(self, rows: Tensor) -> Tensor:
        """Return what the net's outputs are held against: (..., C, b) shares of classes or (..., q, b) values."""
        y = self.y[rows]
        if not self.classification:
            return y.movedim(-1, -2)
        shares = torch.zeros(*rows.shape[:-1], self.outputs, rows.shape[-1], device=self.device)
        return shares.scatter_(-2, y.unsqueeze(-2), 1.0)

    def size(self, batch_size: int) -> int:
        """Return the rows a batch has in every fold: no more than the smallest training set."""
        return min(batch_size, *(len(rows) for rows in self.train))

    def steps(self, epochs: float, batch_size: int) -> int:
        """Return the steps that stand for a number of epochs; the same for all folds, by the largest."""
        largest = max(len(rows) for rows in self.train)
        return max(1, round(epochs * largest / self.size(batch_size)))


def indices(rows: np.ndarray, device: torch.device | str) -> Tensor:
    """Return rows as a tensor."""
    return torch.as_tensor(np.asarray(rows), dtype=torch.int64, device=device)

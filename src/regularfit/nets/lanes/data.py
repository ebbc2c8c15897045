"""The rows that lanes share: one table on the device, and which of its rows each fold trains and is judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..regulariser import Block

__all__ = ["FoldScaling", "LaneData", "indices"]


@dataclass(frozen=True, eq=False)
class FoldScaling:
    """Means and scales learnt from every fold's training rows, (F, d) each; a constant column has scale 1."""

    centre: Tensor
    scale: Tensor

    @classmethod
    def of(cls, values: Tensor, train: Sequence[Tensor], numbers: Tensor | None = None) -> FoldScaling:
        """Learn from the training rows; columns that are not ``numbers`` are left alone."""
        centre = torch.stack([values[rows].double().mean(0) for rows in train])
        scale = torch.stack([values[rows].double().std(0, correction=0) for rows in train])
        scale = torch.where(scale > 1e-12 * (1.0 + centre.abs()), scale, 1.0)
        if numbers is not None:
            centre, scale = torch.where(numbers, centre, 0.0), torch.where(numbers, scale, 1.0)
        return cls(centre.to(values.dtype), scale.to(values.dtype))

    def scaled(self, x: Tensor, folds: Tensor) -> Tensor:
        """Return (G, b, d) on the scales of folds (G,)."""
        return (x - self.centre[folds].unsqueeze(1)) / self.scale[folds].unsqueeze(1)

    def back(self, values: Tensor, fold: int) -> Tensor:
        """Return values, (..., q), of one fold on the original scale."""
        return values * self.scale[fold] + self.centre[fold]


@dataclass(frozen=True, eq=False)
class LaneData:
    """A table, its target, and the rows of every fold.

    Parameters
    ----------
    X : (n, d) float32.
    y : (n,) int64 classes, or (n, q) floats.
    weight, score_weight : (n,) weights in training and in scores, or None for equal ones.
    train, watch, test : for every fold the rows it trains on, those that early stopping and learning curves look at,
        and those it is scored on, int64.
    outputs : classes, or q.
    blocks : encoded columns of each original one; empty means that every column is a number of its own.
    scaling : of every fold's columns, or None.
    y_scaling : of every fold's target, in a regression, or None: nets are trained on scaled targets.
    """

    X: Tensor
    y: Tensor
    weight: Tensor | None
    train: list[Tensor]
    watch: list[Tensor]
    test: list[Tensor]
    outputs: int
    blocks: tuple[Block, ...] = ()
    scaling: FoldScaling | None = None
    y_scaling: FoldScaling | None = None
    score_weight: Tensor | None = None

    @property
    def classification(self) -> bool:
        """Whether y holds classes."""
        return not self.y.is_floating_point()

    @property
    def device(self) -> torch.device:
        """Where the table is."""
        return self.X.device

    def inputs(self, rows: Tensor, folds: Tensor) -> Tensor:
        """Return rows as the nets of their folds see them: rows (G, b) of folds (G,) give (G, b, d)."""
        x = self.X[rows]
        return x if self.scaling is None else self.scaling.scaled(x, folds)

    def targets(self, rows: Tensor, folds: Tensor) -> Tensor:
        """Return what outputs are held against: rows (G, b) give (G, C, b) shares of classes or (G, q, b) values."""
        y = self.y[rows]
        if not self.classification:
            return (y if self.y_scaling is None else self.y_scaling.scaled(y, folds)).mT
        shares = torch.zeros(*rows.shape[:-1], self.outputs, rows.shape[-1], device=self.device)
        return shares.scatter_(-2, y.unsqueeze(-2), 1.0)

    def size(self, batch_size: int) -> int:
        """Return the rows a batch has in every fold: no more than the smallest training set."""
        return min(batch_size, *(len(rows) for rows in self.train))

    @property
    def largest(self) -> int:
        """Rows of the largest training set; epochs count by it, so that all folds take the same steps."""
        return max(len(rows) for rows in self.train)

    def judged(self, outputs: Tensor, fold: int) -> Tensor:
        """Return the outputs of nets of a fold on the scale of y."""
        return outputs if self.y_scaling is None else self.y_scaling.back(outputs, fold)


def indices(rows: np.ndarray, device: torch.device | str) -> Tensor:
    """Return rows as a tensor."""
    return torch.as_tensor(np.asarray(rows), dtype=torch.int64, device=device)

"""The rows that lanes share: one table on the device, and which of its rows each fold trains and is judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ..regulariser import Block

__all__ = ["FoldScaling", "LaneData", "indices"]


@dataclass(frozen=True, eq=False)
class FoldScaling:
    """Means and scales of the target, learnt from every fold's training rows, (F, q); a constant one has scale 1."""

    centre: Tensor
    scale: Tensor

    @classmethod
    def of(cls, values: Tensor, train: Sequence[Tensor], weight: Tensor | None) -> FoldScaling:
        """Learn from the training rows, with their weights."""
        every = torch.ones(len(values), device=values.device) if weight is None else weight
        shares = [(every[rows] / every[rows].sum()).double() for rows in train]
        centre = torch.stack(
            [share @ values[rows].double() for share, rows in zip(shares, train, strict=True)]
        )
        squares = [
            share @ (values[rows].double() - mean).square()
            for share, rows, mean in zip(shares, train, centre, strict=True)
        ]
        scale = torch.stack(squares).sqrt()
        scale = torch.where(scale > 0, scale, 1.0)
        return cls(centre.to(values.dtype), scale.to(values.dtype))

    def scaled(self, x: Tensor, folds: Tensor) -> Tensor:
        """Return (G, b, q) on the scales of folds (G,)."""
        return (x - self.centre[folds].unsqueeze(1)) / self.scale[folds].unsqueeze(1)

    def back(self, values: Tensor, fold: int) -> Tensor:
        """Return values, (..., q), of one fold on the original scale."""
        return values * self.scale[fold] + self.centre[fold]


@dataclass(frozen=True, eq=False)
class LaneData:
    """A table, its target, and the rows of every fold.

    Parameters
    ----------
    X : (n, d) float32, or (F, n, d) where every fold has scaled or encoded the rows in its own way.
    y : (n,) int64 classes, or (n, q) floats.
    weight, score_weight : (n,) weights in training and in scores, or None for equal ones.
    train, watch, test : for every fold the rows it trains on, those that early stopping and learning curves look at,
        and those it is scored on, int64.
    outputs : classes, or q.
    blocks : encoded columns of each original one; empty means that every column is a number of its own.
    y_scaling : of every fold's target, in a regression, or None: nets are trained on scaled targets.
    bins : (d,) which columns of X are bins of numbers, or None where none is: nets may go without them.
    """

    X: Tensor
    y: Tensor
    weight: Tensor | None
    train: list[Tensor]
    watch: list[Tensor]
    test: list[Tensor]
    outputs: int
    blocks: tuple[Block, ...] = ()
    y_scaling: FoldScaling | None = None
    score_weight: Tensor | None = None
    bins: Tensor | None = None

    @property
    def classification(self) -> bool:
        """Whether y holds classes."""
        return not self.y.is_floating_point()

    @property
    def device(self) -> torch.device:
        """Where the table is."""
        return self.X.device

    @property
    def columns(self) -> int:
        """How many there are."""
        return self.X.shape[-1]

    def seen(self, bins: bool) -> LaneData:
        """Return the data as nets see them that do, or do not, look at the bins."""
        return self if bins or self.bins is None else self._without_bins

    @cached_property
    def _without_bins(self) -> LaneData:
        assert self.bins is not None
        kept = ~self.bins
        blocks: list[Block] = []
        stop = 0
        for block in self.blocks:
            start, stop = stop, stop + int(kept[block.start : block.stop].sum())
            blocks.append(replace(block, start=start, stop=stop))
        return replace(self, X=self.X[..., kept], blocks=tuple(blocks), bins=None)

    @cached_property
    def spreads(self) -> Tensor:
        """Standard deviation of every numeric column over the training rows, 0 for others, (F, d)."""
        numbers = torch.ones(self.columns, device=self.device)
        if self.blocks:
            numbers.zero_()
        for block in self.blocks:
            if block.kind == "number":
                numbers[block.start : block.stop] = 1.0
        each = [self.X if self.X.ndim == 2 else self.X[f] for f in range(len(self.train))]
        return torch.stack(
            [x[rows].std(0, correction=0) * numbers for x, rows in zip(each, self.train, strict=True)]
        )

    def inputs(self, rows: Tensor, folds: Tensor) -> Tensor:
        """Return rows as the nets of their folds see them: rows (G, b) of folds (G,) give (G, b, d)."""
        return self.X[rows] if self.X.ndim == 2 else self.X[folds.unsqueeze(1), rows]

    def rows(self, rows: Tensor, fold: int) -> Tensor:
        """Return rows as the nets of one fold see them, (n, d)."""
        return self.X[rows] if self.X.ndim == 2 else self.X[fold, rows]

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

"""Tables for lanes: every fold learns its own scales, and all folds have the same columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...inputs.raw_table import RawTable
from ..encoding import TableEncoding
from ..encoding.columns import CategoryColumn, NumberColumn
from ..regulariser import Block

__all__ = ["FoldEncodings"]


@dataclass(frozen=True, eq=False)
class FoldEncodings:
    """The encoding of every fold.

    Numbers are scaled by the fold's training rows. Which levels a category has, whether a column has missing values,
    and where the bins of numbers lie is learnt from all rows (not from the target), so that all nets have the same
    inputs; an input that is always 0 in a fold's training rows is 0 for all rows of that fold, as if it were not
    there.

    Parameters
    ----------
    encodings : of the folds.
    alive : inputs that the training rows of a fold have, (width,) each.
    """

    encodings: tuple[TableEncoding, ...]
    alive: tuple[np.ndarray, ...]

    @classmethod
    def learn(cls, raw: RawTable, train: list[np.ndarray], scaling: str) -> FoldEncodings:
        """Learn from a table that was read, and the training rows of every fold."""
        whole = TableEncoding.of(raw, scaling=scaling)
        encodings: list[TableEncoding] = []
        alive: list[np.ndarray] = []
        marks = _marks(whole.columns)
        for rows in train:
            part = raw.take(rows)
            own = TableEncoding.of(part, scaling=scaling)
            encodings.append(replace(own, columns=tuple(map(_aligned, own.columns, whole.columns))))
            alive.append(~marks | (np.abs(encodings[-1].encode(part).numpy()).max(axis=0) > 0))
        return cls(tuple(encodings), tuple(alive))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Where each column of the table is among the inputs."""
        return self.encodings[0].blocks

    @property
    def bins(self) -> np.ndarray | None:
        """Which inputs are bins of numbers, (width,), or None where none is."""
        found: list[bool] = []
        for column in self.encodings[0].columns:
            inner = max(len(column.edges) - 1, 0) if isinstance(column, NumberColumn) else 0
            found += [False, *[True] * inner, *[False] * (column.width - 1 - inner)]
        return np.array(found, dtype=bool) if any(found) else None

    def read(self, X: Any, who: str = "the net") -> RawTable:
        """Return new rows, read once for all folds."""
        return self.encodings[0].read(X, who)

    def encode(self, raw: RawTable, fold: int) -> Tensor:
        """Return the inputs of a fold's nets, (n, width) float32."""
        return self.encodings[fold].encode(raw) * torch.from_numpy(self.alive[fold].astype(np.float32))

    def table(self, raw: RawTable) -> Tensor:
        """Return the inputs of all folds, (F, n, width), or (n, width) where folds do not differ."""
        first = self.encodings[0]
        if all(e == first for e in self.encodings) and all((a == self.alive[0]).all() for a in self.alive):
            return self.encode(raw, 0)
        return torch.stack([self.encode(raw, fold) for fold in range(len(self.encodings))])


def _aligned(
    own: NumberColumn | CategoryColumn, whole: NumberColumn | CategoryColumn
) -> NumberColumn | CategoryColumn:
    """Return a fold's column with the width that it has in the whole table."""
    if isinstance(own, NumberColumn) and isinstance(whole, NumberColumn):
        return replace(own, indicator=whole.indicator, edges=whole.edges)
    return whole


def _marks(columns: tuple[NumberColumn | CategoryColumn, ...]) -> np.ndarray:
    """Return which inputs are indicators, of levels or of missing values."""
    found: list[bool] = []
    for column in columns:
        number = isinstance(column, NumberColumn)
        found += [not number] * (column.width - 1) + [column.indicator if number else True]
    return np.array(found, dtype=bool)

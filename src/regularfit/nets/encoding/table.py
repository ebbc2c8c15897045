"""Tables: numbers are scaled, categories become indicators, missing values are filled and marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import InputError
from ...inputs.levels import Levels
from ...inputs.raw_table import RawTable, read_raw_table
from ...inputs.table import FittedColumns
from ..regulariser import Block
from .columns import CategoryColumn, NumberColumn, learn_category, learn_number

__all__ = ["TableEncoding"]


@dataclass(frozen=True, slots=True)
class TableEncoding:
    """How tables become inputs of a net; learnt once, from training rows.

    Parameters
    ----------
    columns : one a column of the table.
    names : the table's column names, or None where it had none.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.0, 2.0, 3.0], "colour": ["red", "blue", "red"]})
    >>> encoding = TableEncoding.learn(table, scaling="standard")
    >>> encoding.encode(table)
    tensor([[-1.2247,  0.0000,  1.0000],
            [ 0.0000,  1.0000,  0.0000],
            [ 1.2247,  0.0000,  1.0000]])
    """

    columns: tuple[NumberColumn | CategoryColumn, ...]
    names: tuple[str, ...] | None

    @classmethod
    def learn(cls, X: Any, *, scaling: str = "robust") -> TableEncoding:
        """Return the encoding that the rows of ``X`` teach."""
        return cls.of(read_raw_table(X), scaling=scaling)

    @classmethod
    def of(cls, raw: RawTable, *, scaling: str = "robust") -> TableEncoding:
        """Return the encoding that the rows of a table that was read teach."""
        columns = tuple(
            learn_category(name, values)
            if isinstance(values, Levels)
            else learn_number(name, values, scaling)
            for name, values in raw.named()
        )
        return cls(columns, raw.names)

    @property
    def width(self) -> int:
        """How many inputs the net has."""
        return sum(column.width for column in self.columns)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Where each column of the table is among the inputs."""
        blocks, start = [], 0
        for column in self.columns:
            kind = "number" if isinstance(column, NumberColumn) else "category"
            blocks.append(Block(column.name, start, start + column.width, kind))
            start += column.width
        return tuple(blocks)

    def read(self, X: Any, who: str = "the net") -> RawTable:
        """Return a table with the same columns, read; one that was read before is returned as it is."""
        if isinstance(X, RawTable):
            return X
        return read_raw_table(X, fitted=FittedColumns(self.names, len(self.columns), who))

    def encode(self, X: Any, who: str = "the net") -> Tensor:
        """Return the inputs for a table with the same columns, float32, (n, width)."""
        raw = self.read(X, who)
        out = np.empty((raw.n, self.width), dtype=np.float32)
        for block, column, (name, values) in zip(self.blocks, self.columns, raw.named(), strict=True):
            place = out[:, block.start : block.stop]
            if isinstance(column, NumberColumn):
                column.encode(_as_numbers(values, name), place)
            else:
                column.encode(values if isinstance(values, Levels) else RawTable.as_levels(values), place)
        if not np.isfinite(out).all():
            raise InputError(
                "X holds numbers that are too large for single precision after scaling. Give the column in other "
                "units, or take its logarithm."
            )
        return torch.from_numpy(out)


def _as_numbers(values: np.ndarray | Levels, name: str) -> np.ndarray:
    """Numbers where training had numbers: text is refused by name, missing values are not."""
    try:
        return RawTable.as_numbers(values) if isinstance(values, Levels) else values
    except ValueError as error:
        raise InputError(
            f"Column {name!r} held numbers in training and now holds text ({error}). Give numbers, or leave the "
            "value missing."
        ) from error

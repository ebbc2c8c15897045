"""The original columns of an encoded table: what is swapped or masked is a column, never one half of a category."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from ....errors import UnsupportedError
from ...regulariser import Block

__all__ = ["columns_of", "numeric", "refuse_all_but_tables"]


def columns_of(blocks: Sequence[Block], d: int, device: torch.device | str = "cpu") -> tuple[Tensor, int]:
    """Return the original column of every encoded one, int64, (d,), and how many original ones there are.

    An encoded column that no block claims is a column of its own.

    >>> columns_of([Block("colour", 1, 3, "category")], 4)
    (tensor([1, 0, 0, 2]), 3)
    """
    places, m = _places(tuple(blocks), d)
    return places.to(device), m


def numeric(blocks: Sequence[Block], d: int, device: torch.device | str = "cpu") -> Tensor:
    """Return which encoded columns are numbers, bool, (d,); those that no block claims are."""
    which = torch.ones(d, dtype=torch.bool)
    for block in blocks:
        if block.kind == "category":
            which[block.start : block.stop] = False
    return which.to(device)


def refuse_all_but_tables(X: Tensor, name: str, instead: str) -> None:
    """Refuse images and tokens by name."""
    if X.ndim != 2 or not X.is_floating_point():
        kind = str(X.dtype).removeprefix("torch.")
        raise UnsupportedError(
            f"{name} works on encoded tables, (b, d) floats; the batch is {tuple(X.shape)} {kind}. {instead}"
        )


@lru_cache(maxsize=64)
def _places(blocks: tuple[Block, ...], d: int) -> tuple[Tensor, int]:
    places, m = torch.full((d,), -1), len(blocks)
    for j, block in enumerate(blocks):
        places[block.start : block.stop] = j
    free = places < 0
    places[free] = torch.arange(m, m + int(free.sum()))
    return places, m + int(free.sum())

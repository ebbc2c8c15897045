"""Many trees side by side in one set of arrays, so that a pass over their levels serves them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..._typing import Indices, Vector
from .nodes import TreeNodes

__all__ = ["Stack", "stacks", "with_means"]

_MOST_NODES = 100_000  # of a stack, so that a number for each of 25 strengths takes 20 MB


@dataclass(frozen=True, eq=False)
class Stack:
    """The nodes of several trees, one tree behind the other.

    Parameters
    ----------
    starts : (T,) the root of every tree.
    left, right : (M,) children, -1 for leaves.
    value : (M, k)
    rows : (M,)
    levels : the nodes of all trees by their distance from their root.
    """

    starts: Indices
    left: Indices
    right: Indices
    value: np.ndarray
    rows: Vector
    levels: tuple[Indices, ...]

    @classmethod
    def of(cls, trees: Sequence[TreeNodes]) -> Stack:
        """Return some trees, at least one, that have equally many values in a node."""
        starts = np.cumsum([0, *(len(tree) for tree in trees[:-1])])
        shift = np.repeat(starts, [len(tree) for tree in trees])
        left, right, value, rows = (
            np.concatenate([getattr(tree, name) for tree in trees])
            for name in ("left", "right", "value", "rows")
        )
        inner = left >= 0
        left, right = np.where(inner, left + shift, -1), np.where(inner, right + shift, -1)
        levels = [starts]
        while (above := levels[-1][left[levels[-1]] >= 0]).size:
            levels.append(np.concatenate([left[above], right[above]]))
        return cls(starts, left, right, value, rows, tuple(levels))

    def inner_of(self, level: Indices) -> Indices:
        """Return the splits among some nodes; the next level holds their left children, then their right ones."""
        return level[self.left[level] >= 0]


def stacks(trees: Sequence[TreeNodes]) -> Iterator[tuple[slice, Stack]]:
    """Go through the trees in stacks that do not take much memory."""
    sizes = np.cumsum([len(tree) for tree in trees])
    first = 0
    while first < len(trees):
        before = sizes[first - 1] if first else 0
        last = max(int(np.searchsorted(sizes, before + _MOST_NODES, side="right")), first + 1)
        yield slice(first, last), Stack.of(trees[first:last])
        first = last


def with_means(trees: Sequence[TreeNodes]) -> tuple[TreeNodes, ...]:
    """Return trees with values and rows of inner nodes taken from their leaves: means by rows, and sums.

    Boosting engines keep inner values in another unit than those of leaves (without the learning rate, before the line
    search), with few digits, or not at all. This is what a node predicts on average over its rows.
    """
    found: list[TreeNodes] = []
    for part, stack in stacks(trees):
        rows, value = stack.rows.copy(), stack.value.copy()
        for level in reversed(stack.levels):
            node = stack.inner_of(level)
            left, right = stack.left[node], stack.right[node]
            rows[node] = rows[left] + rows[right]
            some = rows[node] > 0
            share = np.where(some, rows[left] / np.where(some, rows[node], 1.0), 0.5)[:, None]
            value[node] = share * value[left] + (1 - share) * value[right]
        for tree, start in zip(trees[part], stack.starts, strict=True):
            nodes = slice(start, start + len(tree))
            found.append(replace(tree, value=value[nodes], rows=rows[nodes]))
    return tuple(found)

"""Trees as plain arrays for model files: the arrays of all trees, one behind the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..structure import TreeNodes

__all__ = ["packed", "unpacked"]

_FIELDS = ("left", "right", "feature", "threshold", "missing_left", "value", "rows")


def packed(trees: Sequence[TreeNodes]) -> dict[str, np.ndarray]:
    """Return the arrays of trees without splits on categories, all of one precision.

    >>> stump = TreeNodes.of([1, -1, -1], [2, -1, -1], [0, -1, -1], [0.5, 0, 0], [[1.0], [0.0], [2.0]], [4, 2, 2])
    >>> again = unpacked(packed([stump, stump]), single=False)
    >>> len(again), again[1].value.ravel().tolist()
    (2, [1.0, 0.0, 2.0])
    """
    if not trees:
        return {"nodes_of": np.zeros(0, dtype=np.intp)}
    arrays = {name: np.concatenate([getattr(tree, name) for tree in trees]) for name in _FIELDS}
    return arrays | {"nodes_of": np.array([len(tree) for tree in trees])}


def unpacked(arrays: Mapping[str, np.ndarray], *, single: bool) -> tuple[TreeNodes, ...]:
    """Return what :func:`packed` was given."""
    ends = np.cumsum(arrays["nodes_of"])
    starts = ends - arrays["nodes_of"]
    found: list[TreeNodes] = []
    for start, end in zip(starts, ends, strict=True):
        parts: dict[str, Any] = {name: arrays[name][start:end] for name in _FIELDS}
        found.append(TreeNodes(**parts, single=single))
    return tuple(found)

"""Trees in a model file: plain arrays, from which they predict without their engine."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .ensemble import Ensemble
from .nodes import Categories, TreeNodes

__all__ = ["arrays_of", "ensemble_of"]

_NODES = ("left", "right", "feature", "threshold", "missing_left", "value", "rows")


def arrays_of(trees: Ensemble) -> dict[str, np.ndarray]:
    """Return the arrays of an ensemble: the nodes of all trees one behind the other, and its categories.

    Trees of one ensemble have equally many values in a node.
    """
    found = {name: np.concatenate([getattr(tree, name) for tree in trees]) for name in _NODES}
    found["nodes_of"] = np.array([len(tree) for tree in trees])
    found["output_of"] = np.array([tree.output for tree in trees])
    found["single_of"] = np.array([tree.single for tree in trees])
    found["base"], found["share"] = np.asarray(trees.base, dtype=np.float64), np.array([trees.share])
    return found | _arrays_of_categories(trees)


def ensemble_of(arrays: Mapping[str, np.ndarray]) -> Ensemble:
    """Return the ensemble of :func:`arrays_of`."""
    ends = np.cumsum(arrays["nodes_of"])
    categories = _categories_of(arrays)
    trees: list[TreeNodes] = []
    for number, end in enumerate(ends.tolist()):
        nodes = slice(end - int(arrays["nodes_of"][number]), end)
        parts = {name: arrays[name][nodes] for name in _NODES}
        output, single = int(arrays["output_of"][number]), bool(arrays["single_of"][number])
        trees.append(TreeNodes(**parts, categories=categories.get(number, {}), output=output, single=single))
    return Ensemble(tuple(trees), np.asarray(arrays["base"], dtype=np.float64), float(arrays["share"][0]))


def _arrays_of_categories(trees: Ensemble) -> dict[str, np.ndarray]:
    splits = [
        (t, node, split) for t, tree in enumerate(trees) for node, split in sorted(tree.categories.items())
    ]
    return {
        "split_at": np.array(
            [(t, node, split.others_left) for t, node, split in splits], dtype=np.int64
        ).reshape(-1, 3),
        "codes_of": np.array([(len(s.left), len(s.right)) for *_, s in splits], dtype=np.int64).reshape(
            -1, 2
        ),
        "codes": np.array([code for *_, s in splits for code in (*s.left, *s.right)], dtype=np.int64),
    }


def _categories_of(arrays: Mapping[str, np.ndarray]) -> dict[int, dict[int, Categories]]:
    found: dict[int, dict[int, Categories]] = {}
    start = 0
    for (tree, node, others), (left, right) in zip(
        arrays["split_at"].tolist(), arrays["codes_of"].tolist(), strict=True
    ):
        codes = arrays["codes"][start : start + left + right].tolist()
        found.setdefault(tree, {})[node] = Categories(tuple(codes[:left]), tuple(codes[left:]), bool(others))
        start += left + right
    return found

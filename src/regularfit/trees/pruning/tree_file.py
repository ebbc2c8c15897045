"""A scikit-learn decision tree as plain arrays and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["dumped", "rebuilt"]


def dumped(fitted: Any) -> dict[str, np.ndarray]:
    """Return the arrays of a fitted tree, field by field, so that a file outlives a change of their order."""
    state = fitted.tree_.__getstate__()
    nodes = state["nodes"]
    arrays = {f"node_{name}": np.ascontiguousarray(nodes[name]) for name in nodes.dtype.names or ()}
    return arrays | {"values": state["values"], "depth": np.array([state["max_depth"]])}


def rebuilt(arrays: Mapping[str, np.ndarray], model: Any, columns: int, classes: int | None) -> Any:
    """Return a fitted tree from its arrays.

    Parameters
    ----------
    model : unfitted, with the parameters of the tree.
    columns : how many columns it was grown on.
    classes : how many there are, or None for a regression tree.
    """
    # A tree of the right shape is grown on nothing, and its nodes are then exchanged.
    target = np.arange(2.0) if classes is None else np.arange(float(classes))
    model.fit(np.zeros((len(target), columns)), target)
    tree = model.tree_
    state = tree.__getstate__()
    count = len(arrays["values"])
    nodes = np.zeros(count, dtype=state["nodes"].dtype)
    for name in nodes.dtype.names or ():
        nodes[name] = arrays[f"node_{name}"]
    depth = int(arrays["depth"][0])
    tree.__setstate__(
        state | {"nodes": nodes, "values": arrays["values"], "node_count": count, "max_depth": depth}
    )
    return model

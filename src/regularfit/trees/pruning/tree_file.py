"""A scikit-learn decision tree as plain arrays and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..structure.stored import check_children

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

    Raises
    ------
    ValueError
        For nodes that are no tree: scikit-learn itself would read beyond its memory.
    """
    # A tree of the right kind is grown on nothing. Another of its kind, with no nodes yet, gets those of the file: one
    # that has nodes would not make room for more.
    target = np.arange(2.0) if classes is None else np.arange(float(classes))
    model.fit(np.zeros((len(target), columns)), target)
    kind, arguments, state = model.tree_.__reduce__()
    count = len(arrays["values"])
    nodes: Any = np.zeros(count, dtype=state["nodes"].dtype)
    for name in nodes.dtype.names:
        nodes[name] = arrays[f"node_{name}"]
    check_children(nodes["left_child"], nodes["right_child"])
    if nodes["feature"].max() >= columns:
        raise ValueError("a split asks a column that is not there")
    model.tree_ = kind(*arguments)
    state |= {
        "nodes": nodes,
        "values": arrays["values"],
        "node_count": count,
        "max_depth": int(arrays["depth"][0]),
    }
    model.tree_.__setstate__(state)
    return model

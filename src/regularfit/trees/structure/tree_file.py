"""A fitted decision tree of scikit-learn as plain arrays and back; no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ...errors import InputError

__all__ = ["dumped_tree", "rebuilt_tree"]

_KINDS = {kind.__name__: kind for kind in (DecisionTreeClassifier, DecisionTreeRegressor)}


def dumped_tree(model: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays of a fitted tree of one target, field by field, and what else a file needs.

    Fields of a node stand in arrays of their own, so that a file outlives a change of their order.

    Raises
    ------
    InputError
        For any other model.
    """
    if type(model).__name__ not in _KINDS or model.n_outputs_ != 1:
        raise InputError(f"{type(model).__name__} is no decision tree of scikit-learn with one target")
    state = model.tree_.__getstate__()
    nodes = state["nodes"]
    arrays = {f"node_{name}": np.ascontiguousarray(nodes[name]) for name in nodes.dtype.names or ()}
    arrays["values"] = np.asarray(state["values"])
    if hasattr(model, "classes_"):
        arrays["classes"] = np.asarray(model.classes_)
    plain = (bool, int, float, str)
    facts = {
        "kind": type(model).__name__,
        "columns": int(model.n_features_in_),
        "depth": int(state["max_depth"]),
        "params": {k: v for k, v in model.get_params().items() if v is None or isinstance(v, plain)},
    }
    return arrays, facts


def rebuilt_tree(arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> Any:
    """Return the fitted tree that :func:`dumped_tree` described.

    Raises
    ------
    InputError
        For nodes that no tree has: following them would never end, or leave the arrays.
    """
    from sklearn.tree._tree import NODE_DTYPE, Tree  # pyright: ignore[reportMissingTypeStubs]

    model, columns = _KINDS[facts["kind"]](**facts["params"]), int(facts["columns"])
    nodes = np.zeros(len(arrays["values"]), dtype=NODE_DTYPE)
    for name in NODE_DTYPE.names or ():
        nodes[name] = arrays[f"node_{name}"]
    _check(nodes, columns)
    classes = arrays.get("classes")
    counts = np.array([1 if classes is None else len(classes)], dtype=np.intp)
    tree = Tree(columns, counts, 1)
    state = {"max_depth": int(facts["depth"]), "node_count": len(nodes), "nodes": nodes}
    tree.__setstate__(state | {"values": np.ascontiguousarray(arrays["values"], dtype=np.float64)})
    model.tree_, model.n_outputs_, model.n_features_in_ = tree, 1, columns
    model.max_features_ = columns
    if classes is not None:
        model.classes_, model.n_classes_ = classes, counts[0]
    return model


def _check(nodes: np.ndarray, columns: int) -> None:
    left, right, feature = (nodes[name] for name in ("left_child", "right_child", "feature"))
    inner, place = left >= 0, np.arange(len(nodes))
    for child in (left, right):
        if ((child <= place) | (child >= len(nodes)))[inner].any():
            raise InputError("its nodes do not form a tree")
    if (right[~inner] >= 0).any() or ((feature < 0) | (feature >= columns))[inner].any() or not len(nodes):
        raise InputError("its nodes do not form a tree")

"""LightGBM's trees as arrays, from the text of its model files."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._optional import need
from ...errors import InputError, UnsupportedError
from .ensemble import Ensemble
from .nodes import Categories, TreeNodes
from .stack import with_means

__all__ = ["booster_of", "leaf_nodes", "read"]

_CATEGORY, _DEFAULT_LEFT = 1, 2  # bits of decision_type; the next two are the kind of missing values
_NO_MISSING, _ZERO_MISSING = 0, 1


def booster_of(model: Any) -> Any:
    """Return the ``lightgbm.Booster`` behind a model."""
    need("lightgbm", "trees")
    return model.booster_ if hasattr(model, "fit") else model


def read(model: Any) -> Ensemble:
    """Return the trees of a LightGBM model; the first one holds what boosting started from.

    Rows are the leaf's curvature over that of a row before the first tree: for the squared loss, rows by their weights.
    """
    head, *blocks = _text(booster_of(model)).split("\nTree=")
    header = _fields(head)
    outputs = int(header["num_tree_per_iteration"])
    parsed = [_fields(block) for block in blocks]
    unit = _unit(parsed)
    trees = with_means([_tree(fields, number % outputs, unit) for number, fields in enumerate(parsed)])
    share = outputs / len(trees) if "average_output" in header else 1.0  # a random forest of LightGBM
    return Ensemble(trees, np.zeros(outputs), share)


def leaf_nodes(model: Any, X: Any, trees: Ensemble | None = None) -> np.ndarray:
    """Return the leaves of rows, (n, trees), numbered behind the splits."""
    leaf = np.asarray(model.predict(X, pred_leaf=True)).astype(np.intp)
    leaf = leaf.reshape(len(leaf), -1)
    splits = [
        int(line[11:]) - 1 for line in _text(booster_of(model)).split("\n") if line.startswith("num_leaves=")
    ]
    return leaf + np.array(splits, dtype=np.intp)


def _text(booster: Any) -> str:
    return booster.model_to_string().partition("\nend of trees")[0]


def _fields(block: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in block.split("\n"):
        name, _, value = line.partition("=")
        found[name] = value
    return found


def _numbers(fields: dict[str, str], name: str, kind: Any) -> np.ndarray:
    return np.array(fields.get(name, "").split(), dtype=kind)


def _unit(parsed: list[dict[str, str]]) -> float:
    """The curvature of one row before the first tree."""
    for fields in parsed:
        weight, count = (
            _numbers(fields, "leaf_weight", float).sum(),
            _numbers(fields, "leaf_count", float).sum(),
        )
        if weight > 0 and count > 0:
            return float(weight / count)
    return 1.0


def _tree(fields: dict[str, str], output: int, unit: float) -> TreeNodes:
    if int(fields.get("is_linear", "0")):
        raise UnsupportedError(
            "LightGBM's linear leaves hold more than a number; fit with linear_tree=False."
        )
    leaves, splits = int(fields["num_leaves"]), int(fields["num_leaves"]) - 1
    value, weight = np.zeros(splits + leaves), np.zeros(splits + leaves)
    value[splits:] = _numbers(fields, "leaf_value", float)
    if splits == 0:
        return TreeNodes.of([-1], [-1], [-1], [0.0], value[:, None], np.zeros(1), output=output)
    weight[splits:] = _numbers(fields, "leaf_weight", float) / unit
    kind = _numbers(fields, "decision_type", int)
    threshold = _numbers(fields, "threshold", float)
    none = np.full(leaves, -1)
    return TreeNodes(
        np.concatenate([_children(fields, "left_child", splits), none]),
        np.concatenate([_children(fields, "right_child", splits), none]),
        np.concatenate([_numbers(fields, "split_feature", int), none]),
        np.concatenate([threshold, np.zeros(leaves)]),
        np.concatenate([_missing_left(kind, threshold), np.zeros(leaves, bool)]),
        value[:, None],
        weight,
        _categories(fields, kind, threshold),
        output,
    )


def _children(fields: dict[str, str], name: str, splits: int) -> np.ndarray:
    """Leaf j is written as -1 - j."""
    child = _numbers(fields, name, int)
    return np.where(child >= 0, child, splits - 1 - child)


def _missing_left(kind: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """Where training saw no missing value they count as zero; missing categories go right."""
    missing = (kind >> 2) & 3
    if (missing == _ZERO_MISSING).any():
        raise InputError(
            "LightGBM was told that zeros are missing (zero_as_missing=True), which trees as arrays cannot say. Set "
            "them to NaN before fitting."
        )
    left = np.where(missing == _NO_MISSING, threshold >= 0, (kind & _DEFAULT_LEFT) > 0)
    return left & ((kind & _CATEGORY) == 0)


def _categories(fields: dict[str, str], kind: np.ndarray, threshold: np.ndarray) -> dict[int, Categories]:
    """Threshold k stands for the k-th set of bits, of the categories that go left; all others go right."""
    bounds = _numbers(fields, "cat_boundaries", int)
    words = _numbers(fields, "cat_threshold", np.uint32)
    found: dict[int, Categories] = {}
    for node in np.flatnonzero(kind & _CATEGORY):
        which = int(threshold[node])
        bits = words[bounds[which] : bounds[which + 1]].astype("<u4").view(np.uint8)
        left = np.flatnonzero(np.unpackbits(bits, bitorder="little"))
        found[int(node)] = Categories(tuple(left.tolist()), ())
    return found

"""scikit-learn's histogram gradient boosting as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import UnsupportedError
from .ensemble import Ensemble
from .nodes import Categories, TreeNodes
from .stack import with_means

__all__ = ["leaf_nodes", "read"]


def read(model: Any) -> Ensemble:
    """Return the trees of a HistGradientBoosting model, in the columns of the table that it was fitted on.

    Categories are the numbers that stand in the table. Rows are counted without their weights, which the engine does
    not keep.
    """
    return _read(model, _raw_codes(model))


def leaf_nodes(model: Any, X: Any, trees: Ensemble | None = None) -> np.ndarray:
    """Return the leaves of rows, (n, trees); the engine has no such method, so ours walks its encoded columns."""
    encoded = np.asarray(model._preprocess_X(X, reset=False))
    order = _original_columns(model)
    matrix = np.empty_like(encoded)
    matrix[:, order] = encoded
    if trees is None or model.is_categorical_ is not None:
        trees = _read(model, {})  # the encoder's own codes, also of text
    return np.column_stack([tree.apply(matrix) for tree in trees])


def _read(model: Any, codes: dict[int, np.ndarray]) -> Ensemble:
    """Read with the codes that stand for the encoder's, of every column that has others."""
    known = _known(model)
    columns = _original_columns(model)
    trees = [
        _tree(predictor, output, columns, known, codes)
        for stage in model._predictors
        for output, predictor in enumerate(stage)
    ]
    return Ensemble(with_means(trees), np.asarray(model._baseline_prediction, dtype=np.float64).ravel())


def _tree(
    predictor: Any,
    output: int,
    columns: np.ndarray,
    known: dict[int, np.ndarray],
    codes: dict[int, np.ndarray],
) -> TreeNodes:
    nodes = predictor.nodes
    inner = nodes["is_leaf"] == 0
    feature = np.where(inner, columns[nodes["feature_idx"].astype(np.intp)], -1)
    categories: dict[int, Categories] = {}
    for node in np.flatnonzero(inner & (nodes["is_categorical"] == 1)):
        left = _members(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]])
        right = np.setdiff1d(known[int(nodes["feature_idx"][node])], left)
        named = codes.get(int(feature[node]))
        left, right = (left, right) if named is None else (named[left], named[right])
        unknown = bool(nodes["missing_go_to_left"][node])  # an unknown category counts as missing
        categories[int(node)] = Categories(tuple(left.tolist()), tuple(right.tolist()), unknown)
    return TreeNodes(
        np.where(inner, nodes["left"].astype(np.intp), -1),
        np.where(inner, nodes["right"].astype(np.intp), -1),
        feature,
        np.where(inner, nodes["num_threshold"], 0.0),
        (nodes["missing_go_to_left"] == 1) & inner,
        nodes["value"][:, None],
        nodes["count"],
        categories,
        output,
    )


def _original_columns(model: Any) -> np.ndarray:
    """Which column of the table every encoded column is: the encoder puts categories first."""
    if model.is_categorical_ is None:
        return np.arange(model.n_features_in_)
    categorical = np.asarray(model.is_categorical_)
    return np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)])


def _known(model: Any) -> dict[int, np.ndarray]:
    """Encoded column -> the codes of the categories that training saw."""
    if model.is_categorical_ is None:
        return {}
    bits, places = model._bin_mapper.make_known_categories_bitsets()
    return {j: _members(bits[places[j]]) for j in np.flatnonzero(model._is_categorical_remapped).tolist()}


def _raw_codes(model: Any) -> dict[int, np.ndarray]:
    """Column of the table -> what stands there for the encoder's codes 0, 1, ..."""
    if model.is_categorical_ is None:
        return {}
    found: dict[int, np.ndarray] = {}
    encoder = model._preprocessor.named_transformers_["encoder"]
    for j, levels in zip(np.flatnonzero(model.is_categorical_).tolist(), encoder.categories_, strict=True):
        try:
            found[j] = np.asarray(levels, dtype=np.float64)
        except (TypeError, ValueError):
            raise UnsupportedError(
                f"Column {j} holds categories in text ({levels[0]!r}), and trees as arrays compare numbers. Encode "
                "the table before fitting, for example with regularfit.trees.columns.TreeColumns."
            ) from None
    return found


def _members(words: np.ndarray) -> np.ndarray:
    """The numbers whose bits are set in eight words of 32 bits."""
    return np.flatnonzero(np.unpackbits(np.asarray(words, dtype="<u4").view(np.uint8), bitorder="little"))

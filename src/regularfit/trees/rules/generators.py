"""Where rules come from: boosting of small trees of random size, a forest of small trees, or any model of trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from ..._typing import Vector
from ...errors import InputError, UnsupportedError
from ..structure import TreeNodes, read_trees
from ..structure.read import engine_of
from ..structure.read_sklearn import read_tree

__all__ = ["GENERATORS", "grown_trees"]

GENERATORS = ("boosting", "forest")
LEARNING_RATE = 0.1
SMALLEST = 1e-6  # of a curvature that is divided by


def grown_trees(
    generator: Any,
    matrix: np.ndarray,
    target: Vector,
    classes: int | None,
    weights: Vector | None,
    count: int,
    leaves: int,
    seed: int,
) -> list[TreeNodes]:
    """Return trees of about ``count`` nodes besides the roots.

    Parameters
    ----------
    generator : "boosting", "forest", or an unfitted model of trees, which is cloned and fitted.
    target : numbers, or codes of ``classes`` classes.
    leaves : of a tree on average (boosting) or at most (forest).
    """
    if not isinstance(generator, str):
        return _of_model(generator, matrix, target, classes, weights, seed)
    if generator == "boosting":
        return _boosted(matrix, target, classes, weights, count, leaves, seed)
    trees = max(round(count / (2 * (leaves - 1))), 1)
    kind = RandomForestRegressor if classes is None else RandomForestClassifier
    forest = kind(trees, max_leaf_nodes=leaves, random_state=seed).fit(matrix, target, sample_weight=weights)
    return list(read_trees(forest))


def _of_model(
    model: Any, matrix: np.ndarray, target: Vector, classes: int | None, weights: Vector | None, seed: int
) -> list[TreeNodes]:
    if not hasattr(model, "get_params"):
        raise InputError(
            f"generator must be 'boosting', 'forest' or an unfitted model of trees; {model!r:.80} was given."
        )
    engine_of(model)
    own: Any = clone(model)
    if "random_state" in own.get_params() and own.random_state is None:
        own.set_params(random_state=seed)
    fitted = own.fit(matrix, target if classes is None else target.astype(np.intp), sample_weight=weights)
    try:
        return list(read_trees(fitted))
    except UnsupportedError as error:
        raise UnsupportedError(f"No rules can be read from {type(model).__name__}: {error}") from error


def _boosted(
    matrix: np.ndarray,
    target: Vector,
    classes: int | None,
    weights: Vector | None,
    count: int,
    leaves: int,
    seed: int,
) -> list[TreeNodes]:
    """Grow small trees to what the earlier ones left, each on some of the rows, their sizes drawn at random.

    A tree has 2 + floor(E) leaves, E exponential with mean ``leaves`` - 2, so that most rules are short and some are
    not; it sees min(n / 2, 100 + 6 sqrt(n)) rows, so that trees differ.
    """
    rng = np.random.RandomState(seed)
    n = len(matrix)
    w = np.ones(n) if weights is None else weights
    known = np.flatnonzero(w > 0)
    sample = min(max(len(known) // 2, 2), int(100 + 6 * np.sqrt(n)))
    shares = _shares(target, classes)
    raw = _start(shares, w)
    found: list[TreeNodes] = []
    nodes = 0
    for _ in range(count):  # each round brings two nodes at least, or none where nothing splits
        gradient, curvature = _derivatives(shares, raw, classes)
        size = 2 + int(rng.exponential(leaves - 2)) if leaves > 2 else 2
        rows = np.sort(rng.choice(known, sample, replace=False))
        for k in range(shares.shape[1]):
            model = DecisionTreeRegressor(max_leaf_nodes=size, random_state=rng.randint(2**31 - 1))
            tree = read_tree(model.fit(matrix[rows], gradient[rows, k], sample_weight=w[rows]))
            place = tree.apply(matrix)
            up = np.bincount(place[rows], w[rows] * gradient[rows, k], len(tree))
            down = np.bincount(place[rows], w[rows] * curvature[rows, k], len(tree))
            raw[:, k] += LEARNING_RATE * (up / np.maximum(down, SMALLEST))[place]
            found.append(tree)
            nodes += len(tree) - 1
        if nodes >= count:
            break
    return found


def _shares(target: Vector, classes: int | None) -> np.ndarray:
    """The target as one column, or as one indicator for every class (of two classes: of the second)."""
    if classes is None or classes == 2:
        return target[:, None].astype(np.float64)
    return (target[:, None] == np.arange(classes)).astype(np.float64)


def _start(shares: np.ndarray, weights: Vector) -> np.ndarray:
    """Numbers start from their mean, margins from zero."""
    raw = np.zeros(shares.shape)
    if not np.isin(shares, (0.0, 1.0)).all():
        raw += np.average(shares, axis=0, weights=weights)
    return raw


def _derivatives(shares: np.ndarray, raw: np.ndarray, classes: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Negative gradient and curvature of the loss."""
    if classes is None:
        return shares - raw, np.ones(shares.shape)
    p = expit(raw) if classes == 2 else softmax(raw, axis=1)
    return shares - p, p * (1 - p)

"""How a pruned tree's predictions are held against rows that it has not seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import xlogy

from ..._typing import Indices, Vector
from ..structure import TreeNodes

__all__ = ["SCORE_NAMES", "losses_along", "row_losses"]

_SMALLEST = np.finfo(np.float64).eps  # probabilities are kept this far from 0, as in scikit-learn's log_loss

SCORE_NAMES = {
    "squared_error": "mean squared error",
    "absolute_error": "mean absolute error",
    "poisson": "mean Poisson deviance",
    "misclassification": "misclassification rate",
    "log-loss": "mean log-loss",
    "brier": "Brier score",
}


def losses_along(
    tree: TreeNodes,
    collapse: Vector,
    alphas: Vector,
    matrix: np.ndarray,
    loss: Callable[[Indices, Indices], Vector],
    weights: Vector,
) -> Vector:
    """Return the mean loss of rows under the tree pruned at every complexity, (L,), in one walk of the rows.

    On its way from the root to its leaf a row passes the node that predicts it at each complexity: the first one that
    has collapsed by then. So every node on the way answers for a stretch of complexities, and its loss is added at the
    stretch's start and taken off at its end.

    Parameters
    ----------
    tree : of full size.
    collapse : (m,) from :func:`~regularfit.trees.pruning.weakest_link.collapse_alphas`.
    alphas : (L,) decreasing; the first may be infinite.
    matrix, weights : the rows, (n, p) and (n,).
    loss : of rows (by number) at nodes.
    """
    stretch = np.searchsorted(-alphas, -collapse, side="right")  # how many complexities have collapsed it
    changes = np.zeros(len(alphas) + 1)
    reached = np.zeros(len(matrix), dtype=np.intp)
    for rows, node in tree.walk(matrix):
        start, end = reached[rows], stretch[node]
        reached[rows] = end
        answers = end > start
        lost = weights[rows[answers]] * loss(node[answers], rows[answers])
        changes += np.bincount(start[answers], lost, len(changes))
        changes -= np.bincount(end[answers], lost, len(changes))
    return np.cumsum(changes)[:-1] / weights.sum()


def row_losses(kind: str, value: np.ndarray, y: Vector) -> Callable[[Indices, Indices], Vector]:
    """Return the loss of rows at nodes.

    Parameters
    ----------
    kind : one of :data:`SCORE_NAMES`.
    value : (m, k) what every node predicts: a number, or the shares of the classes.
    y : (n,) numbers, or codes of classes.
    """
    if kind in ("squared_error", "absolute_error", "poisson"):
        of_number = _OF_NUMBERS[kind]
        return lambda node, row: of_number(y[row], value[node, 0])
    codes = y.astype(np.intp)
    if kind == "misclassification":
        label = value.argmax(axis=1)
        return lambda node, row: (label[node] != codes[row]).astype(np.float64)
    if kind == "log-loss":
        log = -np.log(np.maximum(value, _SMALLEST))
        return lambda node, row: log[node, codes[row]]
    square = (value**2).sum(axis=1)
    scale = 0.5 if value.shape[1] == 2 else 1.0  # of two classes, the square of one probability's error
    return lambda node, row: scale * (square[node] - 2 * value[node, codes[row]] + 1)


def _poisson(y: Vector, mean: Vector) -> Vector:
    """Deviance; a mean of zero counts as a tiny one."""
    mean = np.maximum(mean, _SMALLEST)
    return 2 * (xlogy(y, y / mean) - y + mean)


_OF_NUMBERS: dict[str, Callable[[Vector, Vector], Vector]] = {
    "squared_error": lambda y, mean: (y - mean) ** 2,
    "absolute_error": lambda y, mean: np.abs(y - mean),
    "poisson": _poisson,
}

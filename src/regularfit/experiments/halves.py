"""Random halves of shipped sets of numbers: one to learn from, one to be tested on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .._typing import Matrix, Vector
from .data import numeric, split
from .lanes import Draw

__all__ = ["halves", "relative_error"]


def halves(
    name: str,
    count: int,
    seed: int | list[int],
    most: int,
    read: Callable[[str], tuple[Matrix, np.ndarray]] = numeric,
) -> Iterator[Draw]:
    """Draw that many random halves of a set, of at most ``most`` rows in all."""
    X, y = read(name)
    rng = np.random.default_rng(seed)
    for _ in range(count):
        rows = rng.permutation(len(y))[:most]
        train, test = split(len(rows), 0.5, rng)
        yield Draw(X[rows[train]], y[rows[train]], X[rows[test]], y[rows[test]])


def relative_error(of: Vector, predicted: np.ndarray) -> np.ndarray:
    """Return mean squared errors as shares of the target's variance; predictions (n,) or stacked (L, n).

    Examples
    --------
    >>> relative_error(np.array([0.0, 2.0]), np.array([[1.0, 1.0], [0.0, 2.0]]))
    array([1., 0.])
    """
    return np.mean((of - predicted) ** 2, axis=-1) / np.var(of)

"""What y is in every family: numbers, classes, counts of classes, several targets, or times to an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._typing import Vector
from ..errors import InputError
from ..losses import Cox

__all__ = ["LOSSES", "Target", "read_target"]

LOSSES: dict[str, Any] = {
    "gaussian": "squared",
    "binomial": "logistic",
    "poisson": "poisson",
    "multinomial": "multinomial",
    "mgaussian": "squared",
    "cox": Cox(),
}


@dataclass(frozen=True, eq=False)
class Target:
    """A target that the engine takes.

    Parameters
    ----------
    y : the target.
    counts : (n,) how many observations a row of counts stands for, or None.
    labels : of the classes or of several targets, or None.
    """

    y: Any
    counts: Vector | None = None
    labels: tuple[Any, ...] | None = None


def read_target(y: Any, n: int, family: str) -> Target:
    """Return y as its family means it."""
    if family == "binomial":
        return _binomial(y, n)
    if family == "multinomial":
        return _multinomial(y, n)
    if family == "mgaussian":
        return _responses(y, n)
    if family == "cox":
        return Target(y)
    return Target(np.ravel(np.asarray(y, dtype=np.float64)) if np.ndim(y) == 2 else y)


def _binomial(y: Any, n: int) -> Target:
    """Shares of the second class, or its codes."""
    target = np.asarray(y)
    if target.ndim == 2 and target.shape[1] == 2:
        found = _shares(y, target, n)
        return Target(found.y[:, 1], found.counts, found.labels)
    classes, codes = _classes(target)
    if len(classes) != 2:
        raise InputError(
            f"family='binomial' needs two classes; y has {len(classes)}. More than two need family='multinomial'."
        )
    return Target(codes.astype(np.float64), None, tuple(classes))


def _multinomial(y: Any, n: int) -> Target:
    target = np.asarray(y)
    if target.ndim == 2 and target.shape[1] > 1:
        return _shares(y, target, n)
    classes, codes = _classes(target)
    if len(classes) < 2:
        raise InputError("family='multinomial' needs at least two classes; y has one.")
    return Target(np.eye(len(classes))[codes], None, tuple(classes))


def _classes(target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    classes, codes = np.unique(target.ravel(), return_inverse=True)
    if len(classes) > 1 and np.bincount(codes).min() <= 1:
        raise InputError("One class has 1 or 0 rows, which glmnet does not allow either.")
    return classes, codes


def _shares(y: Any, target: np.ndarray, n: int) -> Target:
    counts = target.sum(axis=1).astype(np.float64)
    if target.shape[0] != n or (target < 0).any():
        raise InputError(
            f"A y of several columns holds counts >= 0 of every class, one row each for {n} rows."
        )
    classes = target.shape[1]
    even = np.full(target.shape, 1.0 / classes)  # a row without observations weighs nothing
    shares = np.divide(target, counts[:, None], out=even, where=counts[:, None] > 0)
    labels = tuple(y.columns) if hasattr(y, "columns") else tuple(range(classes))
    return Target(shares, counts, labels)


def _responses(y: Any, n: int) -> Target:
    target = np.asarray(y, dtype=np.float64)
    if target.ndim != 2 or target.shape[0] != n or target.shape[1] < 2:
        raise InputError(
            f"family='mgaussian' needs a y of two or more columns and {n} rows; one column is family='gaussian'."
        )
    labels = map(str, y.columns) if hasattr(y, "columns") else (f"y{k + 1}" for k in range(target.shape[1]))
    return Target(target, None, tuple(labels))

"""Folds of a table, and nested subsets of their training rows."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from .._typing import Indices
from ..errors import InputError
from ..selection.splitters import Fold, make_folds
from ._generator import generator, whole_number
from ._scored_fits import ScoredFits

__all__ = ["draw_folds", "nested_order", "sizes_of"]


def draw_folds(fits: ScoredFits, cv: Any, X: Any, groups: Any, repeats: int, random_state: Any) -> list[Fold]:
    """Return the folds of all repeats, drawn one after the other from one stream of random numbers."""
    count = whole_number(repeats, "repeats", 1, "1 is usual.")
    if count > 1 and not (cv is None or isinstance(cv, Integral)):
        raise InputError(
            "repeats needs cv as a number, so that folds can be drawn anew; give RepeatedKFold itself."
        )
    random = np.random.RandomState(int(generator(random_state).integers(2**31 - 1)))
    folds: list[Fold] = []
    for _ in range(count):
        folds += make_folds(
            cv,
            fits.n,
            fits.labels,
            X=X,
            groups=groups,
            classifier=fits.refits.classifier,
            random_state=random,
            sample_weight=fits.weights,
        )
    return folds


def nested_order(rows: Indices, labels: np.ndarray | None, random: np.random.Generator) -> Indices:
    """Return the rows in an order of which every beginning is a random subset; of classes each has its share.

    One row of every class comes first, so that none is missing from small beginnings.
    """
    mixed = random.permutation(rows)
    if labels is None:
        return mixed
    key = np.empty(len(mixed))
    own = labels[mixed]
    for label in np.unique(own):
        members = np.flatnonzero(own == label)
        key[members] = (np.arange(len(members)) + random.random(len(members))) / len(members)
        key[members[0]] = -1.0
    return mixed[np.argsort(key, kind="stable")]


def sizes_of(sizes: Any, largest: int, least: int) -> list[int]:
    """Return increasing sizes of training sets: numbers of rows, shares of the largest, or eight on a log scale."""
    if sizes is None:
        low = min(largest, max(least, round(largest / 20)))
        return np.unique(np.geomspace(low, largest, 8).round().astype(int)).tolist()
    given: Sequence[Any] = list(np.atleast_1d(np.asarray(sizes)))
    if not given or any(isinstance(one, (str, bytes)) for one in given):
        raise InputError(
            f"sizes={sizes!r} must be numbers of rows, or shares in (0, 1] of the training rows."
        )
    values = np.asarray(given, dtype=np.float64)
    shares = np.asarray(sizes).dtype.kind == "f" and bool((values <= 1).all())
    rows = np.round(values * largest) if shares else values
    if (rows != np.round(rows)).any() or (rows < 2).any() or (rows > largest).any():
        raise InputError(
            f"sizes={np.asarray(sizes).tolist()} must be whole numbers from 2 to {largest} (the rows of the smallest "
            "training set), or shares in (0, 1] of them."
        )
    return np.unique(rows.astype(int)).tolist()

"""Training sets drawn from one table: bootstrap samples beside folds, or pairs of disjoint halves beside a fold."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._typing import Indices, Vector
from ..errors import InputError
from ..selection.splitters import make_folds

__all__ = ["FOLDS", "bootstrap_samples", "folds_of", "halves_beside_folds"]

FOLDS = 10


def bootstrap_samples(
    count: int, used: Indices, codes: np.ndarray | None, random: np.random.Generator
) -> list[Indices]:
    """Return samples of the rows with replacement, as large as their number; within classes, where there are any.

    Drawn within classes so that none is lost from a sample.
    """
    strata = [used] if codes is None else [used[codes[used] == code] for code in np.unique(codes[used])]
    return [
        np.concatenate([random.choice(rows, len(rows)) for rows in strata]).astype(np.intp)
        for _ in range(count)
    ]


def folds_of(
    n: int, y: np.ndarray, codes: np.ndarray | None, weights: Vector, random: np.random.Generator
) -> list[tuple[Indices, Indices]]:
    """Return random folds, ten or as many as the rows or the rarest class allow."""
    rarest = n if codes is None else int(np.bincount(codes).min())
    if min(n, rarest) < 3:
        raise InputError(
            f"{n} rows{'' if codes is None else f', {rarest} of the rarest class,'} are too few to hold any out; 3 are "
            "the least."
        )
    return make_folds(
        min(FOLDS, rarest),
        n,
        y if codes is None else codes,
        classifier=codes is not None,
        random_state=int(random.integers(2**31 - 1)),
        sample_weight=weights,
    )


def halves_beside_folds(
    repeats: int, y: np.ndarray, codes: np.ndarray | None, weights: Vector, random: np.random.Generator
) -> list[list[tuple[Indices, Indices, Indices]]]:
    """Return for every repeat and fold two disjoint training sets of equal size, and the rows held out from both."""
    found: list[list[tuple[Indices, Indices, Indices]]] = []
    for _ in range(repeats):
        folds = folds_of(len(y), y, codes, weights, random)
        found.append([(*_halves(train[weights[train] > 0], codes, random), test) for train, test in folds])
    return found


def _halves(rows: Indices, codes: np.ndarray | None, random: np.random.Generator) -> tuple[Indices, Indices]:
    """Two disjoint random halves; a row too many, of every class, is in neither."""
    strata: list[Any] = [rows] if codes is None else [rows[codes[rows] == code] for code in np.unique(codes)]
    mixed = [random.permutation(one) for one in strata]
    if any(len(one) < 2 for one in mixed):
        raise InputError(
            "A class has fewer than 2 rows outside a fold, too few for two halves; give more rows."
        )
    first = np.concatenate([one[: len(one) // 2] for one in mixed])
    second = np.concatenate([one[len(one) // 2 : 2 * (len(one) // 2)] for one in mixed])
    return np.sort(first), np.sort(second)

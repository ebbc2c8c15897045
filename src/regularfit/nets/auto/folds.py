"""Folds of the search: as asked for, except that rare classes do not forbid them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ...errors import FewerFoldsWarning
from ...selection import make_folds

__all__ = ["search_folds"]


def search_folds(cv: Any, codes: np.ndarray) -> Any:
    """Return ``cv``, or folds for a number of them that some class has too few rows for.

    Every row of a class with fewer rows than folds is held out at most once, in folds of their own; the only row of a
    class is never held out, so that every net knows all classes. Where no class has enough rows, there are as many
    folds as the largest class has rows, but two at least.

    Parameters
    ----------
    cv : a number of folds; anything else is returned as it is.
    codes : (n,) whole numbers >= 0, the classes.

    Warns
    -----
    FewerFoldsWarning
        Where there are fewer folds than were asked for.

    Examples
    --------
    >>> folds = search_folds(2, np.array([0, 0, 0, 1, 1, 1, 2]))
    >>> [int((codes == 6).sum()) for codes, _ in folds]  # row 6 is trained on in both
    [1, 1]
    """
    if isinstance(cv, bool) or not isinstance(cv, int | np.integer) or cv < 2:
        return cv
    codes = np.asarray(codes).astype(np.int64)
    counts = np.bincount(codes)
    if counts[counts > 0].min() >= cv or len(codes) < cv:
        return cv
    folds = _fewer(int(cv), int(counts.max()))
    rare = counts[codes] < folds
    common = np.flatnonzero(~rare)
    if not len(common) or len(common) < folds:
        return cv
    held = [
        common[test]
        for _, test in make_folds(folds, len(common), codes[common], classifier=_many(codes[common]))
    ]
    held = [
        np.sort(np.concatenate([test, *extra]))
        for test, extra in zip(held, _spread(codes, rare, folds), strict=True)
    ]
    every = np.arange(len(codes))
    return [(np.setdiff1d(every, test), test) for test in held]


def _fewer(cv: int, largest: int) -> int:
    folds = max(min(cv, largest), 2)
    if folds < cv:
        warnings.warn(
            f"{folds} folds are used in place of {cv}, since no class has more than {largest} row(s).",
            FewerFoldsWarning,
            stacklevel=4,
        )
    return folds


def _many(codes: np.ndarray) -> bool:
    return len(np.unique(codes)) > 1


def _spread(codes: np.ndarray, rare: np.ndarray, folds: int) -> list[list[np.ndarray]]:
    """Return the rare rows that each fold holds out; classes begin at different folds, so that folds stay even."""
    extra: list[list[np.ndarray]] = [[] for _ in range(folds)]
    begin = 0
    for code in np.unique(codes[rare]):
        rows = np.flatnonzero(codes == code)
        if len(rows) > 1:
            for j, row in enumerate(rows):
                extra[(begin + j) % folds].append(np.array([row]))
            begin += len(rows)
    return extra

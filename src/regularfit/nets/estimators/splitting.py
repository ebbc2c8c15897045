"""Which rows are kept apart to decide when to stop."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.model_selection import train_test_split

from ..._checks import check_fraction
from ...errors import FewerFoldsWarning, InputError

__all__ = ["split_rows"]

FEWEST = 2  # rows on each side


def split_rows(
    n: int, share: float, codes: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return (training rows, validation rows), or None where there are too few rows to set any apart.

    Parameters
    ----------
    n : rows.
    share : of the rows that are validated on, in (0, 1).
    codes : classes, whose shares both parts keep as far as their counts allow, or None.
    seed : of the split.

    Examples
    --------
    >>> train, held = split_rows(10, 0.2, None, seed=0)
    >>> len(train), len(held)
    (8, 2)
    """
    share = check_fraction(share, "validation")
    if not 0 < share < 1:
        raise InputError(
            f"validation must be a share of the rows between 0 and 1, rows of their own (X, y), or None; {share!r} was "
            "given."
        )
    held = max(round(n * share), 1)
    if held < FEWEST or n - held < FEWEST:
        warnings.warn(
            f"X has {n} rows, too few to set some apart: the net trains on all of them for the "
            "planned number of steps.",
            FewerFoldsWarning,
            stacklevel=4,
        )
        return None
    strata = codes
    if codes is not None:
        counts = np.bincount(codes.astype(np.int64))
        if counts[counts > 0].min() < 2 or held < np.count_nonzero(counts):
            strata = None  # a class with one row cannot be on both sides
    train, kept = train_test_split(np.arange(n), test_size=held, random_state=seed, stratify=strata)
    return np.sort(train), np.sort(kept)

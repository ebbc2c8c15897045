"""Many draws of rows to learn from and to be tested on, as the pairs that nets.lockstep takes for folds."""

from __future__ import annotations

import numpy as np

__all__ = ["Pairs", "pairs"]

#: (train, test) rows of every draw.
Pairs = list[tuple[np.ndarray, np.ndarray]]


def pairs(classes: np.ndarray, train: int, test: int, count: int, rng: np.random.Generator) -> Pairs:
    """Draw rows at random, ``count`` times anew; every class is among the training rows.

    Parameters
    ----------
    classes : (n,) of all rows.
    train, test : rows of each part, together n at most.

    Examples
    --------
    >>> drawn = pairs(np.arange(40) % 4, 12, 20, 2, np.random.default_rng(0))
    >>> [(len(train), len(test), len(np.intersect1d(train, test))) for train, test in drawn]
    [(12, 20, 0), (12, 20, 0)]
    """
    kinds, found = len(np.unique(classes)), Pairs()
    if train + test > len(classes) or train < kinds:
        raise ValueError(f"{train} + {test} rows of {kinds} classes cannot be drawn from {len(classes)}.")
    while len(found) < count:
        order = rng.permutation(len(classes))
        if len(np.unique(classes[order[:train]])) == kinds:
            found.append((order[:train], order[train : train + test]))
    return found

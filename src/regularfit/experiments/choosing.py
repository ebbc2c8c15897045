"""Choose on one half of the draws and judge on the other, so that choosing flatters nobody."""

from __future__ import annotations

import numpy as np

from .._typing import Matrix, Vector

__all__ = ["best_of_others"]


def best_of_others(losses: Matrix, which: np.ndarray | None = None) -> Vector:
    """Return on every draw the loss of the setting that is best, on average, on the other half of the draws.

    Parameters
    ----------
    losses : (draws, settings), four draws at least.
    which : places of the settings to choose from; None is all.

    Examples
    --------
    >>> best_of_others(np.array([[1.0, 2.0], [3.0, 1.0], [1.0, 2.0], [3.0, 1.0]]))
    array([2., 3., 2., 3.])
    """
    places = np.arange(losses.shape[1]) if which is None else which
    found = np.empty(len(losses))
    even = np.arange(len(losses)) % 2 == 0
    for half in (even, ~even):
        found[half] = losses[half, places[losses[~half][:, places].mean(axis=0).argmin()]]
    return found

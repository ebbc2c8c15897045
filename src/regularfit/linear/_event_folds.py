"""Folds of survival data: every fold has its share of the events, because only events can be scored."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np

from .._typing import Vector
from ..errors import FewerFoldsWarning, InputError

__all__ = ["event_folds"]

USUAL = 10


def event_folds(cv: Any, events: Vector, random_state: Any = None) -> Any:
    """Return the (train, test) pairs that a number of folds means; anything else comes back as it is.

    Rows with an event and rows without are dealt out one after the other, in random order.

    Parameters
    ----------
    cv : None (10, or as many as there are events, with a warning), an int >= 2, or what splits already.
    events : (n,) above 0 where a row has an event that counts.

    >>> [test.tolist() for _, test in event_folds(2, np.array([1.0, 1.0, 0.0, 0.0]))]
    [[1, 2], [0, 3]]
    """
    if isinstance(cv, bool) or not (cv is None or isinstance(cv, Integral)):
        return cv
    count, n = int((events > 0).sum()), len(events)
    if cv is None:
        folds = min(USUAL, count)
        if 2 <= folds < USUAL:
            warnings.warn(
                f"cv=None means {USUAL} folds, but there are only {count} events, so {folds} folds are used, one event "
                f"each. Give cv={folds} to say that this is meant.",
                FewerFoldsWarning,
                stacklevel=5,
            )
    else:
        folds = int(cv)
    if folds < 2 or folds > count:
        raise InputError(
            f"{folds} folds are not possible with {count} event(s): every fold needs one, and at least 2 folds. Give a "
            "strength, choose by a criterion (select='aic'), or use fewer folds."
        )
    draw = (
        random_state
        if isinstance(random_state, np.random.RandomState)
        else np.random.RandomState(random_state or 0)
    )
    order = np.concatenate(
        [draw.permutation(np.flatnonzero(events > 0)), draw.permutation(np.flatnonzero(events <= 0))]
    )
    fold = np.empty(n, np.int64)
    fold[order] = np.arange(n) % folds
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]

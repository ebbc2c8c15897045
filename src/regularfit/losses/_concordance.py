"""Harrell's concordance: how often the row at higher risk has its event first."""

from __future__ import annotations

import numpy as np

from .._typing import ArrayLike, Vector
from ..errors import InputError
from ._survival_target import EVENT, START, STOP, STRATUM, read_survival

__all__ = ["concordance"]


def concordance(y: ArrayLike, risk: Vector, weights: Vector | None = None) -> float:
    """Return the share of comparable pairs in which the row with the earlier event has the higher risk.

    A pair is comparable where one row has an event at a time at which the other is at risk, in the same stratum, and
    does not have its event then. Equal risks count one half; a pair counts by the product of its weights. 0.5 is
    chance, 1 perfect; as in R's ``survival::concordance``.

    Parameters
    ----------
    y : a survival target, as :func:`~regularfit.losses.survival` makes it.
    risk : (n,) any numbers that grow with the risk.
    weights : (n,) >= 0.

    Raises
    ------
    InputError
        Where no pair is comparable.

    Examples
    --------
    >>> concordance([[1, 1], [2, 1], [3, 0]], np.array([3.0, 1.0, 2.0])).__round__(3)
    0.667

    References
    ----------
    Harrell, Califf, Pryor, Lee & Rosati (1982), Evaluating the yield of medical tests.
    """
    target, _ = read_survival(y)
    w = np.ones(len(target)) if weights is None else np.asarray(weights, dtype=np.float64)
    rank = np.unique(risk, return_inverse=True)[1]
    _, stop = np.unique(target[:, STOP], return_inverse=True)
    moments = np.unique(target[:, STOP])
    start = np.searchsorted(moments, target[:, START], side="right")  # moments up to the start are over
    base = np.unique(target[:, STRATUM], return_inverse=True)[1] * (len(moments) + 1)
    leaves, enters, strata_end = base + stop, base + start, base + len(moments)
    events = np.flatnonzero((target[:, EVENT] > 0) & (w > 0))
    now, asked = leaves[events], rank[events]
    # At risk at an event: has not left before, less those that have not entered yet or belong to later strata.
    found = _beyond(leaves, rank, w, now, asked) - _beyond(leaves, rank, w, strata_end[events], asked)
    found -= _beyond(enters, rank, w, now + 1, asked) - _beyond(enters, rank, w, strata_end[events], asked)
    found -= _same(leaves[events], asked, w[events])
    below, equal, all_ = w[events] @ found
    if not all_ > 1e-12 * w.sum() ** 2:
        raise InputError(
            "No two rows can be compared: concordance needs an event at a time when another row is still at risk. "
            "Score more rows at once, or use fewer folds."
        )
    return float((below + 0.5 * equal) / all_)


def _beyond(place: np.ndarray, rank: np.ndarray, w: Vector, at: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Weight of the rows with place >= at, for every question: with a rank below, equal, and in all, (q, 3).

    Rows in order of their place, one empty seat in front: a suffix is at most one block of every power of two, and
    blocks sorted by rank answer by bisection.
    """
    order = np.argsort(place, kind="stable")
    position = np.searchsorted(place[order], at) + 1
    rank, w = np.concatenate([[0], rank[order]]), np.concatenate([[0.0], w[order]])
    out, seats = np.zeros((len(at), 3)), np.arange(len(w))
    ranks, end, level = int(rank.max()) + 1, 1 << (len(w) - 1).bit_length(), 0
    while (position < end).any():
        by_key, total = _by_key((seats >> level) * ranks + rank, w)
        ask = np.flatnonzero((position >> level) & 1 & (position < end))
        out[ask] += _counts(by_key, total, position[ask] >> level, asked[ask], ranks)
        position[ask] += 1 << level
        level += 1
    return out


def _same(group: np.ndarray, rank: np.ndarray, w: Vector) -> np.ndarray:
    """The same for the rows of one's own group: events at one time."""
    ranks = int(rank.max()) + 1
    return _counts(*_by_key(group * ranks + rank, w), group, rank, ranks)


def _by_key(key: np.ndarray, w: Vector) -> tuple[np.ndarray, Vector]:
    order = np.argsort(key, kind="stable")
    return key[order], np.concatenate([[0.0], np.cumsum(w[order])])


def _counts(keys: np.ndarray, total: Vector, block: np.ndarray, rank: np.ndarray, ranks: int) -> np.ndarray:
    """Weights in a block with a rank below, with the rank, and in all."""
    ends = (block * ranks, block * ranks + rank, block * ranks + rank + 1, (block + 1) * ranks)
    low, below, equal, high = (total[np.searchsorted(keys, end)] for end in ends)
    return np.column_stack([below - low, equal - below, high - low])

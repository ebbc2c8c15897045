"""Random numbers of texts: each a function of a seed, an epoch, the row of the text and a place in it, nothing else.

So a text is changed in the same way whatever batch it comes in, and a resumed run goes on as the first would have. The
mixer is splitmix64 (Steele, Lea & Flood, 2014), as in ``nets.randomness``, which needs torch; this needs numpy only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...._typing import Indices, Mask, Vector

__all__ = ["Keys", "choose", "further", "of_rows", "one_each", "uniforms"]

Keys = npt.NDArray[np.uint64]  # (n,), one a text

_WEYL = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(1))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


def _mixed(z: Any) -> Keys:
    z = np.atleast_1d(np.asarray(z, dtype=np.uint64))
    for shift, multiplier in zip(_SHIFTS, _MULTIPLIERS, strict=True):
        z = (z ^ (z >> shift)) * multiplier
    return z


def further(keys: Keys, purpose: int) -> Keys:
    """Return keys for another purpose, step or epoch.

    >>> keys = of_rows(0, 0, np.arange(2))
    >>> bool((further(keys, 1) == further(keys, 2)).any())
    False
    """
    with np.errstate(over="ignore"):
        return _mixed((keys ^ np.uint64(purpose)) + _WEYL)


def of_rows(seed: int, epoch: int, rows: Indices) -> Keys:
    """Return one key a row, of a seed and an epoch."""
    with np.errstate(over="ignore"):
        start = further(further(_mixed(np.uint64(seed % 2**64) + _WEYL), epoch), 0)
        return _mixed((start ^ rows.astype(np.uint64)) + _WEYL)


def one_each(keys: Keys, purpose: int) -> Vector:
    """Return one number in [0, 1) a text, (n,)."""
    return (further(keys, purpose) >> np.uint64(11)) * 2.0**-53


def uniforms(keys: Keys, counts: Indices, purpose: int) -> Vector:
    """Return ``counts[i]`` numbers in [0, 1) for text i, one after the other, (sum of counts,)."""
    starts = np.cumsum(counts) - counts
    place = np.arange(counts.sum()) - np.repeat(starts, counts)
    with np.errstate(over="ignore"):
        mixed = _mixed(np.repeat(further(keys, purpose), counts) + place.astype(np.uint64) * _WEYL)
    return (mixed >> np.uint64(11)) * 2.0**-53


def choose(u: Vector, counts: Indices, able: Mask, wanted: Indices) -> tuple[Indices, Indices]:
    """Choose ``wanted[i]`` of the able places of text i at random, or all of them where there are fewer.

    Parameters
    ----------
    u : random numbers, one a place, text after text.
    counts : places of each text.
    able : which places may be chosen.
    wanted : how many.

    Returns
    -------
    The text of each chosen place, and the place in that text; within a text in random order.

    Examples
    --------
    >>> u, able = np.array([0.9, 0.1, 0.5, 0.3]), np.array([True, False, True, True])
    >>> choose(u, np.array([3, 1]), able, np.array([1, 5]))
    (array([0, 1]), array([2, 0]))
    """
    starts = np.cumsum(counts) - counts
    text = np.repeat(np.arange(counts.size), counts)
    usable = np.flatnonzero(able)
    order = usable[np.lexsort((u[usable], text[usable]))]
    ables = np.bincount(text[usable], minlength=counts.size)
    rank = np.arange(order.size) - np.repeat(np.cumsum(ables) - ables, ables)
    chosen = order[rank < wanted[text[order]]]
    return text[chosen], chosen - starts[text[chosen]]

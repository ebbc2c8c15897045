"""Runs of ordered columns: which they are, what costs nothing along them, and their dual norm."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .._typing import Indices, Mask, Vector
from ..errors import InputError
from ._groups import Groups, Label

__all__ = ["interval_polar", "polynomials", "runs_of", "tied"]


@lru_cache(maxsize=64)
def runs_of(runs: Groups | None, p: int) -> tuple[Indices, ...]:
    """Return the columns of every run among ``p``, in order."""
    if runs is None:
        found = [list(range(p))]
    elif isinstance(runs[0], tuple):
        found = [[_position(column, p) for column in run] for run in runs if isinstance(run, tuple)]
    else:
        if len(runs) != p:
            raise InputError(
                f"Fused(runs) has {len(runs)} labels, but the penalty is used on {p} columns; give one for each."
            )
        places: dict[Any, list[int]] = {}
        for j, label in enumerate(runs):
            places.setdefault(label, []).append(j)
        found = list(places.values())
    return tuple(np.array(run, dtype=np.intp) for run in found)


def _position(column: Label, p: int) -> int:
    if isinstance(column, str):
        raise InputError(
            "Fused(runs): names are not resolved yet; call .resolve(feature_names) first, or fit on a table."
        )
    if column >= p:
        raise InputError(
            f"Fused(runs): there is no column {column}; with {p} columns positions go from 0 to {p - 1}."
        )
    return column


@lru_cache(maxsize=16)
def polynomials(size: int, order: int) -> np.ndarray:
    """Return an orthonormal basis of the polynomials below an order on a run, (size, min(order, size))."""
    x = np.linspace(-1.0, 1.0, size) if size > 1 else np.zeros(1)
    powers = np.polynomial.legendre.legvander(x, min(order, size) - 1)
    basis = np.linalg.qr(powers)[0]
    basis.flags.writeable = False
    return basis


def tied(w: Vector, order: int) -> Mask:
    """Return which differences of ``w`` are zero; beyond order 1 up to the rounding of the coefficients."""
    if order == 1:
        return w[1:] == w[:-1]
    near = 64.0 * 2.0**order * float(np.finfo(w.dtype).eps) * float(np.abs(w).max(initial=0.0))
    return np.abs(np.diff(w.astype(np.float64), order)) <= near


def interval_polar(g: Vector, alone: float, jump: float) -> float:
    """Return the largest ``g @ w`` over ``alone |w|_1 + jump |Dw|_1`` = 1 on one run.

    By the coarea formula the extremes are indicators of intervals, so it is the largest of ``|sum of g|`` over
    ``alone`` times the length plus ``jump`` times the ends inside the run. Each round (Dinkelbach) looks for an
    interval that beats the ratio of the last, on running minima.
    """
    size = len(g)
    sums, places = np.append(0.0, np.cumsum(g)), np.arange(size + 1)
    start = alone * places - jump * (places > 0)  # the price of an interval: stop[j] - start[i]
    stop = alone * places + jump * (places < size)
    best = abs(float(sums[-1])) / (alone * size)
    for _ in range(100):
        found = best
        for sign in (1.0, -1.0):
            low, high = sign * sums - best * start, sign * sums - best * stop
            least = np.minimum.accumulate(low[:-1])
            j = int(np.argmax(high[1:] - least)) + 1
            i = int(np.argmin(low[:j]))
            found = max(found, sign * float(sums[j] - sums[i]) / float(stop[j] - start[i]))
        if found <= best * (1.0 + 1e-15):
            break
        best = found
    return best

"""Sums over risk sets: who is at risk at an event time, and the same read the other way.

A row is at risk at a run of event times, so there are two ways. Where all rows are at risk from the beginning the risk
sets are nested, and one cumulative sum serves. Else a row's run is cut into blocks whose lengths are powers of two, at
most 2 log2(G) of them: every sum is of positive numbers, where differences of cumulative sums would cancel (a row of
huge risk that comes in late would drown all others).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse  # pyright: ignore[reportMissingTypeStubs]

from .._typing import Vector

__all__ = ["Blocks", "Nested", "risk_sets"]


STEP = 300.0  # growth of log weights that sums on one scale bear


class Nested:
    """Everybody is at risk until they leave; rows are sorted by ``last``."""

    def __init__(self, last: np.ndarray, groups: int) -> None:
        self.last = last
        self.first_row = np.searchsorted(last, np.arange(groups), side="right")

    def sums(self, V: np.ndarray) -> np.ndarray:
        """Sums over the rows at risk: (G, m) for V (r, m)."""
        return np.cumsum(V[::-1], axis=0)[::-1][self.first_row]

    def spread(self, A: np.ndarray) -> np.ndarray:
        """Sums over the event times that every row was at risk at: (r, m) for A (G, m)."""
        total = np.zeros((len(A) + 1, A.shape[1]))
        np.cumsum(A, axis=0, out=total[1:])
        return total[self.last]

    def log_sums(self, V: np.ndarray) -> np.ndarray:
        """:meth:`sums` of exp(V), as logarithms."""
        return np.logaddexp.accumulate(V[::-1], axis=0)[::-1][self.first_row]

    def means(self, V: np.ndarray, Z: np.ndarray) -> np.ndarray:
        """Means of Z (r, w) over the rows at risk under weights exp(V), V (r, 1) as wide as it may be: (G, w).

        Stretches in which the largest weight so far grows by at most exp(STEP) are summed on one scale.
        """
        back: Vector = V[::-1, 0]
        both = np.column_stack([Z, np.ones(len(Z))])[::-1]
        top: Vector = np.maximum.accumulate(back)
        out, carry, scale = np.empty_like(both), np.zeros(both.shape[1]), float(top[0])
        first = 0
        while first < len(back):
            last = int(top.searchsorted(float(top[first]) + STEP, side="right"))
            part, carry = slice(first, last), carry * float(np.exp(scale - float(top[last - 1])))
            scale = float(top[last - 1])
            out[part] = carry + np.cumsum(both[part] * np.exp(back[part] - scale)[:, None], axis=0)
            carry, first = out[last - 1], last
        found = out[::-1][self.first_row]
        return np.asarray(found[:, :-1] / found[:, -1:])

    def log_spread(self, A: np.ndarray) -> np.ndarray:
        """:meth:`spread` of exp(A), as logarithms."""
        nobody = np.full((1, A.shape[1]), -np.inf)
        return np.concatenate([nobody, np.logaddexp.accumulate(A, axis=0)])[self.last]


class Blocks:
    """A row is at risk at the event times first <= g < last."""

    def __init__(self, first: np.ndarray, last: np.ndarray, groups: int) -> None:
        self.groups = groups
        self.size = 1 << max(0, (groups - 1).bit_length())
        rows, nodes = _cover(first + self.size, last + self.size)
        shape = (2 * self.size, len(first))
        self.cover: Any = sparse.csr_matrix((np.ones(len(rows)), (nodes, rows)), shape=shape)
        self.back: Any = self.cover.T.tocsr()

    def sums(self, V: np.ndarray) -> np.ndarray:
        """Sums over the rows at risk: (G, m) for V (r, m)."""
        T: np.ndarray = self.cover @ np.ascontiguousarray(V)
        width = 1
        while width < self.size:  # a block passes what it holds to its two halves
            T[2 * width : 4 * width] += np.repeat(T[width : 2 * width], 2, axis=0)
            width *= 2
        return T[self.size : self.size + self.groups]

    def spread(self, A: np.ndarray) -> np.ndarray:
        """Sums over the event times that every row was at risk at: (r, m) for A (G, m)."""
        U = np.zeros((2 * self.size, A.shape[1]))
        U[self.size : self.size + self.groups] = A
        width = self.size
        while width > 1:
            U[width // 2 : width] = U[width : 2 * width : 2] + U[width + 1 : 2 * width : 2]
            width //= 2
        return np.asarray(self.back @ U)

    def log_sums(self, V: np.ndarray) -> np.ndarray:
        """:meth:`sums` of exp(V), as logarithms."""
        T = _log_product(self.cover, V)
        width = 1
        while width < self.size:
            T[2 * width : 4 * width] = np.logaddexp(
                T[2 * width : 4 * width], np.repeat(T[width : 2 * width], 2, axis=0)
            )
            width *= 2
        return T[self.size : self.size + self.groups]

    def log_spread(self, A: np.ndarray) -> np.ndarray:
        """:meth:`spread` of exp(A), as logarithms."""
        U = np.full((2 * self.size, A.shape[1]), -np.inf)
        U[self.size : self.size + self.groups] = A
        width = self.size
        while width > 1:
            U[width // 2 : width] = np.logaddexp(U[width : 2 * width : 2], U[width + 1 : 2 * width : 2])
            width //= 2
        return _log_product(self.back, U)


def risk_sets(first: np.ndarray, last: np.ndarray, groups: int) -> Nested | Blocks:
    """The cheaper form for rows that are at risk at the event times first <= g < last."""
    if not first.any() and (np.diff(last) >= 0).all():
        return Nested(last, groups)
    return Blocks(first, last, groups)


def _log_product(chosen: Any, V: np.ndarray) -> np.ndarray:
    """Log of the product of a matrix of zeros and ones with exp(V)."""
    out = np.full((int(chosen.shape[0]), V.shape[1]), -np.inf)
    starts, columns = np.asarray(chosen.indptr), np.asarray(chosen.indices)
    rows = np.repeat(np.arange(len(out)), np.diff(starts))
    np.logaddexp.at(out, rows, V[columns])
    return out


def _cover(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leaves low <= k < high of every row as whole blocks of a binary tree: pairs of (row, node)."""
    rows: list[np.ndarray] = []
    nodes: list[np.ndarray] = []
    low, high = low.copy(), high.copy()
    while (low < high).any():
        open_ = low < high
        for take, node in ((open_ & (low % 2 == 1), low), (open_ & (high % 2 == 1), high - 1)):
            found = np.flatnonzero(take)
            rows.append(found)
            nodes.append(node[found])
        low, high = (low + 1) // 2, high // 2
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(rows), np.concatenate(nodes)

r"""Best subsets with the squared loss: a search by adding, dropping and exchanging columns, each with all of them refitted.

With M = H + ridge on the columns S in use, V = M_SS^-1 M_S., g the gradient and d_j what is left of column j beside S, the
objective falls by

    g_j^2 / (2 d_j) - price                                    when j is added,
    price - b_i^2 / (2 q_i),  q_i = (M_SS^-1)_ii,              when i is dropped,
    (g_j + b_i V_ij / q_i)^2 / (2 (d_j + V_ij^2 / q_i)) - b_i^2 / (2 q_i)    when i makes room for j,

so one pass over V judges every exchange exactly. A subset that none of them improves is a local optimum, no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .._typing import Vector
from ..penalties import L0
from .proximal import ProximalPath

__all__ = ["WORTH", "Search", "subset_path"]

Rows = Callable[[np.ndarray], np.ndarray]
WORTH = 1e-9  # share of the price that a move must gain
ALIKE = 1e-6  # share of a column that must be left beside others for it to be added
FRESH = 40  # moves after which everything is computed anew


def subset_path(
    c: Vector, penalty: L0, grid: Vector, diagonal: Vector, rows: Rows, most: float = np.inf
) -> ProximalPath:
    """Search along the grid from both ends -> coefficients on the penalised scale (L, p) and their violations.

    Parameters
    ----------
    c, diagonal : (p,) the linear terms and the Gram matrix's diagonal.
    rows : columns -> their rows of the Gram matrix, (columns, p); asked for once a column.
    most : columns; the path ends where more of them would be used.
    """
    search = Search(c, diagonal, rows)
    prices = [float(s) * penalty.strength for s in grid]
    found: list[tuple[float, np.ndarray]] = [(np.inf, np.empty(0, np.intp))] * len(grid)
    for downwards in (True, False, True):
        order = range(len(found)) if downwards else range(len(found) - 1, -1, -1)
        if not len(order):
            break
        search.begin(found[order[0]][1])
        better = False
        for k in order:
            value = search.settle(prices[k], penalty.l2)
            if len(search.used) > most:
                found = found[:k]
                break
            if value < found[k][0] - WORTH * prices[k]:
                found[k], better = (value, search.used.copy()), True
            elif found[k][0] < value:
                search.begin(found[k][1])
        if not better:
            break
    coefs, kkt = np.zeros((len(found), len(c))), np.zeros(len(found))
    for k, (_, used) in enumerate(found):
        coefs[k, used], worst = search.refitted(used, prices[k] * penalty.l2)
        kkt[k] = worst / grid[k]
    return ProximalPath(coefs, kkt, np.isfinite(kkt), np.zeros(len(found), np.intp))


@dataclass(eq=False)
class Search:
    """A subset and what is known about it."""

    c: Vector
    diagonal: Vector
    rows: Rows
    known: dict[int, Vector] = field(default_factory=dict)
    used: np.ndarray = field(default_factory=lambda: np.empty(0, np.intp))
    ridge: float = 0.0

    def begin(self, used: np.ndarray | None = None) -> None:
        """Start from a subset, the empty one by default."""
        self.used = np.empty(0, np.intp) if used is None else used.copy()
        self._anew()

    def settle(self, price: float, l2: float) -> float:
        """Move until nothing improves -> the objective."""
        if price * l2 != self.ridge:
            self.ridge = price * l2
            self._anew()
        while True:
            out, into, gain = self._best_single(price)
            if gain <= WORTH * price:
                out, into, gain = self._best_exchange()
            if gain <= WORTH * price:
                return price * len(self.used) - 0.5 * float(self.c[self.used] @ self.b)
            if out is not None:
                self._drop(out)
            if into is not None:
                self._add(into)
            self.moves += 1
            if self.moves > FRESH:
                self._anew()

    def refitted(self, used: np.ndarray, ridge: float) -> tuple[Vector, float]:
        """Coefficients of a subset and their largest violation."""
        if not len(used):
            return np.zeros(0), 0.0
        M = self._gram(used)[:, used] + ridge * np.eye(len(used))
        b = np.linalg.solve(M, self.c[used])
        b += np.linalg.solve(M, self.c[used] - M @ b)
        return b, float(np.abs(self.c[used] - M @ b).max())

    def _best_single(self, price: float) -> tuple[int | None, int | None, float]:
        gains = self._gains(self.g, self.left)
        gains[self.used] = -np.inf
        into = int(np.argmax(gains))
        if not len(self.used):
            return None, into, float(gains[into]) - price
        losses = self.b**2 / (2 * np.diag(self.inverse))
        out = int(np.argmin(losses))
        if price - losses[out] > gains[into] - price:
            return out, None, price - float(losses[out])
        return None, into, float(gains[into]) - price

    def _best_exchange(self) -> tuple[int | None, int | None, float]:
        if not len(self.used):
            return None, None, 0.0
        q = np.diag(self.inverse)[:, None]
        gains = self._gains(self.g + (self.b[:, None] / q) * self.V, self.left + self.V**2 / q)
        gains -= self.b[:, None] ** 2 / (2 * q)
        gains[:, self.used] = -np.inf
        out, into = np.unravel_index(int(np.argmax(gains)), gains.shape)
        return int(out), int(into), float(gains[out, into])

    def _gains(self, g: np.ndarray, left: np.ndarray) -> np.ndarray:
        there = left > ALIKE * self.diagonal
        return np.where(there, g * g / (2 * np.where(there, left, 1.0)), -np.inf)

    def _add(self, j: int) -> None:
        row = self._gram(np.array([j]))[0]
        row[j] += self.ridge
        u, left, m = self.V[:, j].copy(), float(self.left[j]), len(self.used)
        fresh = (row - row[self.used] @ self.V) / left
        b = float(self.g[j]) / left
        self.V = np.vstack([self.V - np.outer(u, fresh), fresh])
        grown = np.empty((m + 1, m + 1))
        grown[:m, :m] = self.inverse + np.outer(u, u) / left
        grown[m, :m] = grown[:m, m] = -u / left
        grown[m, m] = 1.0 / left
        self.inverse, self.b = grown, np.append(self.b - u * b, b)
        self.g, self.left = self.g - left * b * fresh, self.left - left * fresh**2
        self.used = np.append(self.used, j)

    def _drop(self, i: int) -> None:
        q, w, row, b = self.inverse[i, i], self.inverse[:, i].copy(), self.V[i].copy(), self.b[i]
        self.g, self.left = self.g + (b / q) * row, self.left + row**2 / q
        rest = np.delete(np.arange(len(self.used)), i)
        self.V = (self.V - np.outer(w / q, row))[rest]
        self.inverse = (self.inverse - np.outer(w, w) / q)[np.ix_(rest, rest)]
        self.b, self.used = (self.b - (b / q) * w)[rest], self.used[rest]

    def _anew(self) -> None:
        """Compute everything for the subset from the Gram matrix."""
        self.moves, m = 0, len(self.used)
        rows = self._gram(self.used)
        self.inverse = np.linalg.pinv(rows[:, self.used] + self.ridge * np.eye(m))
        # Columns in use count with their ridge, so that all rules hold for them too.
        rows[np.arange(m), self.used] += self.ridge
        self.V = self.inverse @ rows
        self.b = self.inverse @ self.c[self.used]
        self.g = self.c - rows.T @ self.b
        self.left = self.diagonal + self.ridge - np.einsum("mp,mp->p", self.V, rows)

    def _gram(self, columns: np.ndarray) -> np.ndarray:
        """Rows of the Gram matrix, (columns, p), a copy."""
        fresh = np.array([j for j in columns.tolist() if j not in self.known], dtype=np.int64)
        if len(fresh):
            self.known.update(zip(fresh.tolist(), self.rows(fresh), strict=True))
        if not len(columns):
            return np.zeros((0, len(self.c)))
        return np.array([self.known[j] for j in columns.tolist()])

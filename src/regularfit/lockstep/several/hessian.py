r"""The Hessian of the multinomial loss on pairs of a column and a class, and the quadratic model made of it.

With probabilities p and weights pi, the block of classes k and l is X' diag(pi (p_k [k = l] - p_k p_l)) X: one matrix
X' diag(pi p_k) X a class, less one product M'M with columns sqrt(pi) p_k x_j. Intercepts and free columns are
eliminated by a Schur complement. Their probabilities may be those of another lane or of a strength before: gradients
are always a lane's own, so a Hessian that is a little old costs steps, not truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..._typing import Vector
from .block import Block

__all__ = ["Hessian", "Pairs", "nuisance_bend", "pseudo_inverse"]

CHUNK = 1 << 20  # numbers of M in one piece


@dataclass(eq=False)
class Pairs:
    """The (column, class) pairs at work, in the order in which they came."""

    col: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))  # places in the block
    out: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    inside: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), bool))  # (K, columns of the block)

    def __len__(self) -> int:
        return len(self.col)

    def take(self, wanted: np.ndarray) -> None:
        """Take in pairs, a mask (K, columns of the block); those of one column lie side by side."""
        grown = np.zeros(wanted.shape, bool)
        grown[: len(self.inside), : self.inside.shape[1]] = self.inside
        col, out = np.nonzero((wanted & ~grown).T)
        self.col, self.out = np.concatenate([self.col, col]), np.concatenate([self.out, out])
        self.inside = grown | wanted


class Hessian:
    """The model's matrix on the pairs, for the probabilities P (K, n) and weights it was made with."""

    def __init__(self, block: Block, P: np.ndarray, weights: Vector, Z: np.ndarray) -> None:
        self.block, self.P, self.weights, self.Z = block, P, weights, Z
        self.size = 0
        self.full, self.cross = np.empty((0, 0)), np.empty((len(P) * Z.shape[1], 0))
        self.inverse = pseudo_inverse(nuisance_bend(P, weights, Z))
        self.matrix = np.empty((0, 0), order="F")

    def cover(self, pairs: Pairs) -> None:
        """Add the pairs that came in since; the others stay as they are."""
        new = len(pairs) - self.size
        if not new:
            return
        fresh = self._against(pairs, np.arange(self.size, len(pairs)))
        m = len(pairs)
        grown = np.empty((m, m), order="F")
        grown[: self.size, : self.size] = self.full
        grown[:, self.size :] = fresh[:m]
        grown[self.size :, : self.size] = fresh[: self.size].T
        self.full, self.size = grown, m
        self.cross = np.concatenate([self.cross, fresh[m:]], axis=1)
        self.matrix = np.asfortranarray(self.full - self.cross.T @ (self.inverse @ self.cross))

    def _against(self, pairs: Pairs, fresh: np.ndarray) -> np.ndarray:
        """Columns ``fresh`` of the matrix, and below them those of the eliminated part, (m + q K, fresh)."""
        K, n = self.P.shape
        m, q = len(pairs), self.Z.shape[1]
        total = np.zeros((m + q * K, len(fresh)))
        used = np.flatnonzero(self.weights > 0)
        step = max(64, CHUNK // max(m + q * K, 1))
        col = np.concatenate([pairs.col, len(self.block) + np.tile(np.arange(q), K)])
        out = np.concatenate([pairs.out, np.repeat(np.arange(K), q)])
        whole = len(used) == n
        for start in range(0, len(used), step):
            span = used[start : start + step]
            rows: slice | np.ndarray = slice(start, start + step) if whole else span
            X = np.concatenate([self.block.rows(rows), self.Z[span]], axis=1)  # type: ignore[arg-type]
            heavy = self.weights[span, None] * self.P[:, span].T  # (rows, K)
            root = heavy / np.sqrt(self.weights[span, None])
            M = X[:, col] * root[:, out]
            total -= (
                (M.T @ M)[:, fresh] if len(fresh) == m else M.T @ M[:, fresh]
            )  # the first is half the work
            np.sqrt(heavy, out=heavy)
            for k in range(K):
                left, right = np.flatnonzero(out == k), np.flatnonzero(out[fresh] == k)
                if len(right):
                    A = X[:, col[left]] * heavy[:, [k]]
                    own = A.T @ A if len(fresh) == m else A.T @ A[:, np.searchsorted(left, fresh[right])]
                    total[np.ix_(left, right)] += own[:, : len(right)]
        return total


def nuisance_bend(P: np.ndarray, weights: Vector, Z: np.ndarray) -> np.ndarray:
    """The Hessian of intercepts and free columns Z (n, q), (K q, K q), class by class."""
    K, q = len(P), Z.shape[1]
    if q == 1 and (Z == 1).all():  # the intercept alone
        heavy = P * weights
        return np.diag(heavy.sum(axis=1)) - heavy @ P.T
    out = np.zeros((K, q, K, q))
    heavy = P * weights
    M = (np.sqrt(weights) * P)[:, :, None] * Z
    flat = M.transpose(1, 0, 2).reshape(len(Z), K * q)
    out -= (flat.T @ flat).reshape(K, q, K, q)
    for k in range(K):
        out[k, :, k] += Z.T @ (heavy[k][:, None] * Z)
    return out.reshape(K * q, K * q)


def pseudo_inverse(bend: np.ndarray) -> np.ndarray:
    """Inverse where it bends: adding one number to all classes changes nothing."""
    if not len(bend):
        return bend
    values, vectors = np.linalg.eigh(bend)
    kept = values > 1e-11 * max(float(values[-1]), 1e-300)
    return (vectors[:, kept] / values[kept]) @ vectors[:, kept].T

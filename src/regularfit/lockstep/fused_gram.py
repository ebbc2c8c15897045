r"""Fusion with the squared loss on a Gram matrix: a lasso of the differences, what costs nothing being eliminated.

With b = Z a + W t (Z: the directions that cost nothing; W: steps or ramps, so that D b = t) the penalty is k |t|_1, and at
the best a what is left is the lasso

    minimise  t'At / 2 - u't + s k |t|_1,    A = W'(H - HZ(Z'HZ)^+Z'H)W,    u = W'(c - HZ(Z'HZ)^+Z'c),

which the compiled core solves and certifies. It is the same problem, so its duality gap is that of the fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .._typing import Vector
from ..penalties import Fused
from ..penalties._runs import tied
from ..penalties.coordinates import Coordinates
from .gram_paths import solve_paths
from .moments import Moments
from .proximal import ProximalPath

__all__ = ["FUSED_COLUMNS", "fused_degrees", "fused_lasso"]

FUSED_COLUMNS = 2500  # up to which a lane's Gram matrix is made whatever the number of rows
SINGULAR = 1e-12  # share of the largest eigenvalue below which a direction that costs nothing changes nothing
NOTHING = 1e-8  # share of the longest column below which a difference moves no fit


def fused_lasso(
    data: Moments, penalty: Fused, grid: Vector, tol: float
) -> tuple[ProximalPath, Vector, Vector]:
    """Coefficients on the penalised scale with violations, relative duality gaps (L,) and degrees of freedom (L,)."""
    p = len(data.c)
    steps = _Steps(penalty, p)
    free = penalty.free_directions(p)
    Z = np.zeros((p, 0)) if free is None else free
    HZ = data.gram @ Z
    root = _root(Z.T @ HZ)  # of the pseudo-inverse
    left, pull = HZ @ root, root.T @ (Z.T @ data.c)
    A = steps.adjoint(steps.adjoint(data.gram - left @ left.T).T)
    u = steps.adjoint(data.c - left @ pull)
    yy = max(data.yy - float(pull @ pull), 0.0)
    T, gaps, kkt = _lasso(A, u, yy, penalty.prices[1], grid, tol)
    B = steps.spread(T)
    B += (pull - B @ left) @ root.T @ Z.T if penalty.order > 1 else _levels(penalty, B, pull, left, root, Z)
    degrees = np.count_nonzero(T, axis=1) + float(root.shape[1])
    return ProximalPath(B, kkt, gaps <= tol, np.zeros(len(grid), np.intp)), gaps, degrees


def _levels(penalty, B, pull, left, root, Z):  # type: ignore[no-untyped-def]
    """The levels of every run, the same number in all of its columns, so that what is fused stays equal."""
    added = (pull - B @ left) @ root.T @ Z.T
    for run in penalty.chains(B.shape[1]):
        added[:, run] = added[:, run[:1]]
    return added


def _root(gram: np.ndarray) -> np.ndarray:
    """R with R R' the pseudo-inverse of a positive semidefinite matrix."""
    if not len(gram):
        return np.zeros((0, 0))
    values, vectors = np.linalg.eigh(gram)
    kept = values > SINGULAR * max(values[-1], np.finfo(np.float64).tiny)
    return vectors[:, kept] / np.sqrt(values[kept])


def _lasso(
    A: np.ndarray, u: Vector, yy: float, price: float, grid: Vector, tol: float
) -> tuple[np.ndarray, Vector, Vector]:
    """Paths of differences (L, m), relative gaps and violations: columns are brought to one length first."""
    m = len(u)
    if not m:
        return np.zeros((len(grid), 0)), np.zeros(len(grid)), np.zeros(len(grid))
    size = np.sqrt(np.maximum(np.diag(A), 0.0))
    used = size > NOTHING * size.max(initial=0.0)
    inverse = np.where(used, 1.0 / np.where(used, size, 1.0), 0.0)
    gram = A * inverse * inverse[:, None]
    scale = float(inverse.max(initial=0.0)) or 1.0
    form = replace(Coordinates.uniform(m), l1=np.where(used, price * inverse / scale, np.inf))
    data = Moments(
        (0.5 * (gram + gram.T))[None],
        (u * inverse)[None],
        np.array([yy]),
        np.zeros((1, m)),
        np.zeros(1),
        np.ones((1, m)),
        np.ones(1),
    )
    found = solve_paths(data, [form], scale * grid, tol, [False], None, [None])
    return found.coefs[0] * inverse, found.gaps[0], found.kkt[0]


@dataclass(frozen=True, eq=False)
class _Steps:
    """W: differences of every run, one run after another, to coefficients."""

    penalty: Fused
    p: int

    def spread(self, T: np.ndarray) -> np.ndarray:
        """Coefficients (L, p) with given differences (L, m), zero at the beginning of every run."""
        out, at = np.zeros((len(T), self.p)), 0
        for run in self.penalty.chains(self.p):
            count = max(len(run) - self.penalty.order, 0)
            own = T[:, at : at + count]
            if count:
                for _ in range(self.penalty.order):
                    own = np.cumsum(np.pad(own, ((0, 0), (1, 0))), axis=1)
                out[:, run] = own
            at += count
        return out

    def adjoint(self, V: np.ndarray) -> np.ndarray:
        """W'V for V (p, ...)."""
        parts = []
        for run in self.penalty.chains(self.p):
            own = V[run]
            for _ in range(self.penalty.order):
                own = np.cumsum(own[::-1], axis=0)[::-1][1:]
            parts.append(own)
        return np.concatenate(parts)


def fused_degrees(penalty: Fused, B: np.ndarray) -> Vector:
    """Degrees of freedom (L,): pieces that are not zero (Tibshirani and Taylor, 2011), and the columns in no run."""
    found = np.count_nonzero(B[:, penalty.loose(B.shape[1])], axis=1).astype(float)
    for run in penalty.chains(B.shape[1]):
        own, order = B[:, run], penalty.order
        if order == 1:
            found += ((np.diff(own, axis=1, prepend=np.nan) != 0) & (own != 0)).sum(axis=1)
        else:
            found += [min(order, len(run)) + np.count_nonzero(~tied(b, order)) for b in own]
    return found

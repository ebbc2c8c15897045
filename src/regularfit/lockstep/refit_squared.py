"""Least squares on many supports of a lane: one Gram matrix, and a Cholesky factor that grows from support to support.

Columns stand in the order in which they entered. From one support to the next most stay, so the factor of those before
the first that left is kept, and only what follows is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from .._typing import Indices, Vector
from ..designs import Dense, Design, Imputed
from .atoms import Atoms, collect_atoms
from .gram import suits_gram
from .moments import moments_of
from .problem import Lane, Problem
from .shared import Shared
from .standard import inverse_scale
from .threads import Workers

if TYPE_CHECKING:
    from .refit import Refits, Supports

__all__ = ["refit_squared"]

DEPENDENT = (
    1e-9  # share of its variance that the columns before leave of a column: less is rounding or no column
)
POTRF, POTRS, TRTRS = linalg.get_lapack_funcs(("potrf", "potrs", "trtrs"), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Normal:
    """The normal equations of some columns of a lane, each in units of its spread."""

    cols: Indices  # (m,) columns of X
    gram: np.ndarray  # (m, m)
    c: Vector  # (m,)
    yy: float
    inverse: Vector  # (m,)
    mean: Vector  # (m,) of the columns, and
    mean_y: float  # of the target, both about the same centre, which is
    centre: Vector  # (m,)
    centre_y: float

    def __post_init__(self) -> None:
        """Bring the diagonal to one: what depends on what must not depend on the units of columns."""
        size = np.sqrt(np.maximum(np.diag(self.gram), 0.0))
        size = np.where(size > 0, size, 1.0)
        for name, value in (
            ("gram", self.gram / np.outer(size, size)),
            ("c", self.c / size),
            ("inverse", self.inverse / size),
        ):
            object.__setattr__(self, name, value)


def refit_squared(
    problem: Problem,
    lanes: Sequence[Lane],
    supports: Sequence[Supports],
    team: Workers,
    shared: Shared | None,
) -> Callable[[int], Refits]:
    """Return the function that refits a lane, given by its number."""
    plain = not isinstance(problem.design, Imputed)
    if plain and suits_gram(problem, lanes):
        shared = shared or Shared(problem)
        inside = shared.units_of().inside(problem)
        shared.seen = (atoms := collect_atoms(inside, lanes, team, shared.seen)).seen

        def normal(k: int) -> Normal:
            return _from_atoms(inside, lanes, k, supports[k], atoms)

        unit, moved = shared.units_of().y, shared.units_of().moved
    else:
        unit, moved = 1.0, None

        def normal(k: int) -> Normal:
            return _own_pass(problem, lanes[k], supports[k])

    def refit(k: int) -> Refits:
        found = _refit(problem, normal(k), supports[k], unit)
        if moved is None:
            return found
        return replace(found, intercepts=found.intercepts - found.coefs @ moved[1])

    return refit


def _used(supports: Supports) -> Indices:
    return np.unique(np.concatenate([np.empty(0, np.intp), *supports.sets])).astype(np.intp)


def _from_atoms(problem: Problem, lanes: Sequence[Lane], k: int, supports: Supports, atoms: Atoms) -> Normal:
    data = moments_of(problem, lanes, [k], atoms).lane(0)
    cols, p = _used(supports), problem.p
    return Normal(
        cols,
        np.ascontiguousarray(data.gram[np.ix_(cols, cols)]),
        data.c[cols],
        float(data.yy),
        data.inverse[cols],
        data.mean[cols],
        float(data.mean_y),
        atoms.centre[:p][cols],
        float(atoms.centre[p]),
    )


def _own_pass(problem: Problem, lane: Lane, supports: Supports) -> Normal:
    """One reading of the columns that are ever active: wide or incomplete X."""
    weights, design = lane.weights(problem), problem.design
    if isinstance(design, Imputed):
        design = design.fill(weights)
    means, deviations = (found[0] for found in design.moments(weights[None, :]))
    cols, zero = _used(supports), np.zeros(problem.p)
    inverse = inverse_scale(deviations, True, problem.fit_intercept)
    y = problem.y - problem.offset
    middle = float(weights @ y) if problem.fit_intercept else 0.0
    mean = means if problem.fit_intercept else zero
    pull = weights * (y - middle)
    c = _scores(design, cols, pull, mean[cols]) * inverse[cols]
    return Normal(
        cols,
        design.gram(weights, cols, cols, mean, inverse, 1),
        c,
        float(weights @ (y - middle) ** 2),
        inverse[cols],
        mean[cols],
        middle,
        zero[cols],
        0.0,
    )


def _scores(design: Design, cols: Indices, r: Vector, mean: Vector) -> Vector:
    """``(X - mean)' r`` on some columns."""
    if isinstance(design, Dense):
        rows = np.arange(design.n)
        parts = [cols[k : k + 256] for k in range(0, len(cols), 256)]
        found = [
            design.gather(rows, part, mean[k * 256 : (k + 1) * 256]).T @ r for k, part in enumerate(parts)
        ]
        return np.concatenate([np.empty(0), *found])
    sparse_design: Any = design
    return sparse_design.rmatvec_on(cols, r) - mean * r.sum()


def _refit(problem: Problem, normal: Normal, supports: Supports, unit: float) -> Refits:
    from .refit import Refits

    place = np.full(problem.p, -1)
    place[normal.cols] = np.arange(len(normal.cols))
    count = len(supports.sets)
    beta = np.zeros((count, len(normal.cols)))
    factor = _Factor(normal.gram)
    for k, cols in enumerate(supports.sets):
        own = place[cols]
        near = supports.near[k] / unit / np.where(normal.inverse[own] > 0, normal.inverse[own], 1.0)
        beta[k, own] = factor.solve(own, normal.c[own], near)
    fitted = beta @ normal.gram
    left = np.array(
        [
            np.abs(normal.c - fit)[place[cols]].max(initial=0.0)
            for fit, cols in zip(fitted, supports.sets, strict=True)
        ]
    )
    raw = beta * normal.inverse
    levels = normal.mean_y - raw @ normal.mean + normal.centre_y - raw @ normal.centre
    rss = normal.yy - 2 * beta @ normal.c + (fitted * beta).sum(axis=1)
    coefs = np.zeros((count, problem.p))
    coefs[:, normal.cols] = raw * unit
    return Refits(
        coefs,
        levels * unit if problem.fit_intercept else np.zeros(count),
        1 - np.maximum(rss, 0.0) / normal.yy if normal.yy > 0 else np.zeros(count),
        left / (float(np.abs(normal.c).max(initial=0.0)) or 1.0),
        ("least squares on the columns that are active",) * count,
    )


class _Factor:
    """A Cholesky factor of Gram blocks whose leading columns are kept from one support to the next."""

    def __init__(self, gram: np.ndarray) -> None:
        self.gram = gram
        self.order, self.place = np.empty(0, np.intp), np.zeros(len(gram), np.intp)
        self.L = np.zeros((0, 0))

    def solve(self, cols: Indices, c: Vector, near: Vector) -> Vector:
        """Least squares on ``cols``; where they depend on one another, the solution next to ``near``."""
        if not self._grow(cols):
            return self._nearest(cols, c, near)
        self.place[self.order] = np.arange(len(self.order))
        place = self.place[cols]  # of every column in the factor
        right = np.empty(len(cols))
        right[place] = c
        return POTRS(self.L, right, lower=1)[0][place] if len(cols) else right

    def _grow(self, cols: Indices) -> bool:
        """Make the factor that of ``cols``, in an order of its own; False where a pivot vanishes."""
        wanted = np.zeros(len(self.gram), bool)
        wanted[cols] = True
        stays = wanted[self.order]
        kept = len(stays) if stays.all() else int(np.argmin(stays))
        head = self.order[:kept]
        wanted[head] = False
        rest = cols[wanted[cols]]
        L = np.asfortranarray(self.L[:kept, :kept])
        W = self.gram[np.ix_(head, rest)]
        W = TRTRS(L, W, lower=1)[0] if kept and len(rest) else W
        block = self.gram[np.ix_(rest, rest)] - W.T @ W
        self.order, self.L = head, L
        return not len(rest) or self._append(rest, W, block)

    def _append(self, rest: Indices, W: np.ndarray, block: np.ndarray) -> bool:
        corner, info = POTRF(block, lower=1, clean=1)
        if info or (np.diag(corner) ** 2 < DEPENDENT).any():
            return False
        kept, width = len(self.order), len(self.order) + len(rest)
        grown = np.zeros((width, width), order="F")
        grown[:kept, :kept], grown[kept:, :kept], grown[kept:, kept:] = self.L, W.T, corner
        self.order, self.L = np.concatenate([self.order, rest]), grown
        return True

    def _nearest(self, cols: Indices, c: Vector, near: Vector) -> Vector:
        own = self.gram[np.ix_(cols, cols)]
        values, vectors = linalg.eigh(own)
        kept = values > DEPENDENT * max(float(values[-1]), 0.0)
        rest = vectors.T @ (c - own @ near)
        return near + vectors[:, kept] @ (rest[kept] / values[kept])

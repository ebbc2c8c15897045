"""Which columns enter a path first on halves of the rows: the halves are lanes, and only that is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._typing import Indices, Mask, Vector
from ..errors import UnsupportedError
from ..lockstep import Lane, LaneResult, Path, Problem, Shared, fit_lanes
from ..losses import Squared
from ..penalties import Penalty
from .splitters import Fold

__all__ = ["block_count", "can_enter", "count_entries", "first_entries", "reaching_up"]

BLOCKS = 64
SMALL = 5e7  # bytes of Gram matrices that rows of their own may take
UP = 2.0  # how far above the strengths of all rows those of the halves begin


def can_enter(penalty: Penalty, p: int) -> Mask:
    """Return which columns the penalty can keep out and let in, (p,): those that selection is about.

    Raises
    ------
    UnsupportedError
        Where there is none, as with L2: its coefficients are never exactly zero.
    """
    normal = penalty.coordinates(p)
    if normal is None:
        found = np.full(p, penalty.sparse)
    else:
        free = (normal.lower < 0) | (normal.upper > 0)
        found = (normal.l1 > 0) & np.isfinite(normal.l1) & free
    if not found.any():
        raise UnsupportedError(
            f"{penalty!r} sets no coefficient to exactly zero, so it selects no columns. Use L1() or ElasticNet()."
        )
    return found


def block_count(problem: Problem) -> int | None:
    """Return into how many blocks rows are dealt, or None for halves drawn row by row.

    For the squared loss with few columns the Gram matrices of all halves are sums of those of the blocks, so that one
    pass over X serves them all.
    """
    if not isinstance(problem.loss, Squared) or (problem.p > problem.n and problem.p > 300):
        return None
    a_row = 8.0 * (problem.p + 2) ** 2
    if a_row * problem.n <= SMALL:
        return None
    return BLOCKS if problem.p <= 500 else BLOCKS // 2


def reaching_up(grid: Vector) -> Vector:
    """Return the grid with more strengths above its top, evenly on the log scale: halves let columns in earlier."""
    if len(grid) < 2:
        return grid
    ratio = float((grid[-1] / grid[0]) ** (1 / (len(grid) - 1)))
    count = int(np.ceil(np.log(UP) / -np.log(ratio)))
    return np.concatenate([grid[0] * ratio ** -np.arange(count, 0.0, -1.0), grid])


def count_entries(
    problem: Problem,
    penalty: Penalty,
    grid: Vector,
    halves: Sequence[Fold],
    q: int,
    *,
    tol: float = 1e-7,
    threads: int | None = None,
    cut: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Indices, Indices]:
    """Return every entry of one of the first q columns of a half: the columns and the positions of the strengths.

    Columns that the penalty cannot keep out are in at the first strength and do not count among the q.
    """
    free, sizes = can_enter(penalty, problem.p), _sizes(problem)
    lanes = [Lane(half, keep=True, most=q + int((~free).sum())) for pair in halves for half in pair]
    results = fit_lanes(
        problem,
        [penalty],
        [grid],
        lanes,
        tol=tol,
        threads=threads,
        progress=progress,
        full_df=None,
        cut=cut,
        shared=Shared(problem),
    )[0]
    entries = [_first(result, free, sizes, q) for result in results]
    return np.concatenate([columns for columns, _ in entries]), np.concatenate([at for _, at in entries])


def first_entries(path: Path, free: Mask, sizes: Vector, q: int) -> tuple[Indices, Indices]:
    """Return the first q columns that enter a path and the strengths (as positions) at which they do.

    Of columns that enter at the same strength the larger coefficients, times ``sizes`` (p,), come first.
    """
    coefs = path.sparse_coefs
    kept = (coefs.data != 0) & free[coefs.indices]
    columns, at = np.unique(
        coefs.indices[kept], return_index=True
    )  # rows stand in order: the first is the top
    at = np.flatnonzero(kept)[at]
    strengths = np.searchsorted(coefs.indptr, at, side="right") - 1
    order = np.lexsort((-np.abs(coefs.data[at]) * sizes[columns], strengths))[:q]
    return columns[order].astype(np.intp), strengths[order].astype(np.intp)


def _first(result: LaneResult, free: Mask, sizes: Vector, q: int) -> tuple[Indices, Indices]:
    nothing = np.empty(0, np.intp)
    columns, strengths = (
        (nothing, nothing) if result.path is None else first_entries(result.path, free, sizes, q)
    )
    always = np.flatnonzero(~free)
    if result.path is not None and len(always):
        always = always[np.asarray((result.path.sparse_coefs[:, always] != 0).sum(axis=0)).ravel() > 0]
    return np.append(columns, always), np.append(strengths, np.zeros(len(always), np.intp))


def _sizes(problem: Problem) -> Vector:
    """Standard deviations of the columns where coefficients are penalised on that scale, else ones."""
    if not problem.standardize:
        return np.ones(problem.p)
    deviation: Any = problem.design.moments(problem.sample_weight[None, :] / problem.n)[1]
    return deviation[0]

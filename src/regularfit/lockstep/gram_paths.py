"""Paths of several lanes on their Gram matrices: solved in one call of the core, certified together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import _core
from .._typing import Vector
from ..penalties.coordinates import Coordinates
from ..penalties.folded import Folded
from .effective_df import effective_dfs
from .gram_gaps import gaps_from_sums, relative_gaps
from .moments import Moments
from .ridge import ridge_from_gram
from .standard import Terms, lane_terms

__all__ = ["Solved", "solve_paths"]

STAGE = 12  # strengths that lanes take before they look whether enough columns have entered
WORK = 2e9  # operations that effective degrees of freedom may cost without being asked for


@dataclass(frozen=True, eq=False)
class Solved:
    """Solutions of some lanes along one grid.

    Parameters
    ----------
    coefs : (lanes, L, p) on the penalised scale.
    raw : the same on the scale of X.
    gaps, kkt : (lanes, L) certificates.
    df : (lanes, L) nan where a lane's path is not kept.
    explained : (lanes, L) deviance ratios.
    smooth : whether the penalty is pure ridge.
    ends : (lanes,) strengths of each path; where it is fewer, more columns have entered than were asked for. L is the
        largest of them.
    """

    coefs: np.ndarray
    raw: np.ndarray
    gaps: np.ndarray
    kkt: np.ndarray
    df: np.ndarray
    explained: np.ndarray
    smooth: bool
    ends: np.ndarray


def solve_paths(
    data: Moments,
    normals: Sequence[Coordinates],
    grid: Vector,
    tol: float,
    kept: Sequence[bool],
    full_df: bool | None,
    most: Sequence[int | None],
) -> Solved:
    """Solve every lane of ``data`` along the grid; ``most`` is how many columns may enter before it ends."""
    terms, normal = _terms(data, normals), normals[0]  # of one kind in all lanes
    lanes, (count, p) = len(data.c), (len(grid), data.c.shape[-1])
    smooth, ends = terms[0].smooth, np.full(lanes, count)
    # Where paths end early most of the room is never looked at, so it is not set to zero either.
    B = (np.zeros if smooth else np.empty)((lanes, count, p))
    G, kkt, df = np.empty((lanes, count, p)), np.empty((lanes, count)), np.full((lanes, count), np.nan)
    if smooth:
        for k in range(lanes):
            df[k] = _ridge(data.lane(k), terms[k], grid, B[k], G[k], kkt[k])
    else:
        if isinstance(normal, Folded):
            ends = _folded(data, terms, normal, grid, tol, B, G, kkt)
        else:
            ends = _active_sets(data, terms, grid, tol, B, G, kkt, most)
        if ends.max() < count:
            count = int(ends.max())
            grid, B, G = grid[:count], B[:, :count].copy(), G[:, :count].copy()
            kkt, df = kkt[:, :count].copy(), df[:, :count].copy()
        for k in np.flatnonzero(kept).tolist():
            df[k] = _degrees(data.lane(k), terms[k], B[k], grid, full_df)
    bc, bg = np.matmul(B, data.c[:, :, None])[:, :, 0], np.einsum("klp,klp->kl", B, G)
    null = np.where(data.yy > 0, data.yy, 1.0)[:, None]
    explained = 1 - np.maximum(data.yy[:, None] - bc - bg, 0.0) / null
    bent = isinstance(normal, Folded)  # no duality gap then
    gaps = np.full((lanes, count), np.nan) if bent else _gaps(data, terms, grid, B, G, bc, bg)
    return Solved(B, _raw(data, terms, B), gaps, kkt, df, explained, smooth, ends)


# Lanes whose columns all vary have the same terms unless there are bounds: one object for all of them says so.


def _terms(data: Moments, normals: Sequence[Coordinates]) -> list[Terms]:
    normal = normals[0]
    unbounded = bool(np.isinf(normal.lower).all() and np.isinf(normal.upper).all())
    alike = all(own is normal for own in normals)
    if alike and unbounded and (data.inverse > 0).all():
        return [lane_terms(normal, data.inverse[0])] * len(data.inverse)
    return [lane_terms(own, inverse) for own, inverse in zip(normals, data.inverse, strict=True)]


def _alike(terms: Sequence[Terms]) -> bool:
    return all(own is terms[0] for own in terms)


def _raw(data: Moments, terms: Sequence[Terms], B: np.ndarray) -> np.ndarray:
    if _alike(terms) and len(terms) > 1:
        return B * data.inverse[:, None, :]
    return np.stack([own.raw(b, inverse) for own, b, inverse in zip(terms, B, data.inverse, strict=True)])


def _gaps(
    data: Moments,
    terms: Sequence[Terms],
    grid: Vector,
    B: np.ndarray,
    G: np.ndarray,
    bc: np.ndarray,
    bg: np.ndarray,
) -> np.ndarray:
    lanes, count, p = B.shape
    free = (terms[0].l1 == 0) & (terms[0].l2 == 0)
    if free.any() or not _alike(terms):  # what free columns leave open is each lane's own matter
        each = zip(range(lanes), terms, B, G, strict=True)
        return np.stack([relative_gaps(data.lane(k), own, grid, b, g) for k, own, b, g in each])
    rows = B.reshape(-1, p), G.reshape(-1, p), bc.ravel(), bg.ravel()
    found = gaps_from_sums(terms[0], np.tile(grid, lanes), *rows, np.repeat(data.yy, count))
    return found.reshape(lanes, count)


def _folded(
    data: Moments,
    terms: Sequence[Terms],
    normal: Folded,
    grid: Vector,
    tol: float,
    B: np.ndarray,
    G: np.ndarray,
    kkt: np.ndarray,
) -> np.ndarray:
    """The same for penalties that bend: coordinate descent, every path to its end."""
    solved = np.empty(len(grid), np.uint8)
    for k, own in enumerate(terms):
        lane = _core.FoldedLane(normal.kind, normal.shape)
        lane.bind(data.gram[k].T)
        lane.terms(*own.arrays)
        lane.tolerate(0.3 * tol, float(data.yy[k]))
        lane.solve(grid, np.ascontiguousarray(data.c[k]), B[k], G[k], kkt[k], solved)
    return np.full(len(terms), len(grid))


def _active_sets(
    data: Moments,
    terms: Sequence[Terms],
    grid: Vector,
    tol: float,
    B: np.ndarray,
    G: np.ndarray,
    kkt: np.ndarray,
    most: Sequence[int | None],
) -> np.ndarray:
    """Fill in the paths -> how many strengths of each."""
    lanes = []
    for k, own in enumerate(terms):
        lane = _core.Lane()
        if data.rows:
            lane.bind_rows(data.rows[k])
        else:
            lane.bind(data.gram[k].T)  # symmetric, so this is the same matrix F-ordered
        lane.terms(*own.arrays)
        lane.tolerate(0.3 * tol, float(data.yy[k]))
        lanes.append(lane)
    limit = np.array([data.c.shape[-1] if number is None else number for number in most])
    step = STAGE if (limit < data.c.shape[-1]).any() else len(grid)
    ends, entered = np.full(len(lanes), len(grid)), np.zeros(data.c.shape, bool)
    live = np.arange(len(lanes))
    for first in range(0, len(grid), step):
        at = slice(first, first + step)
        _solve_stage([lanes[k] for k in live], live, grid[at], data.c, B[:, at], G[:, at], kkt[:, at])
        if step == len(grid):
            break
        used, before = B[live, at] != 0, entered[live]
        entered[live] |= used.any(axis=1)
        full = entered[live].sum(axis=1) > limit[live]
        for k, own, old in zip(live[full].tolist(), used[full], before[full], strict=True):
            counts = (np.logical_or.accumulate(own) | old).sum(axis=1)
            ends[k] = first + int((counts > limit[k]).argmax()) + 1
        live = live[~full]
        if not len(live):
            break
    last = ends.max()  # what lies beyond is cut off
    for k in np.flatnonzero(ends < last).tolist():
        B[k, ends[k] : last], G[k, ends[k] : last], kkt[k, ends[k] : last] = 0.0, 0.0, 0.0
    return ends


def _solve_stage(
    lanes: Sequence[_core.Lane],
    which: np.ndarray,
    grid: Vector,
    c: np.ndarray,
    B: np.ndarray,
    G: np.ndarray,
    kkt: np.ndarray,
) -> None:
    """Some lanes down some strengths, from where they stand."""
    solved = np.empty(len(grid), np.uint8)
    jobs = [
        (lane, grid, c[k][None, :], B[k], G[k], kkt[k], solved)
        for lane, k in zip(lanes, which.tolist(), strict=True)
    ]
    _core.solve_lanes(jobs, 1, False)


def _ridge(data: Moments, terms: Terms, grid: Vector, B: np.ndarray, G: np.ndarray, kkt: Vector) -> Vector:
    """Fill in one lane's ridge path; returns its degrees of freedom."""
    keep = np.isfinite(terms.l1)
    H = data.gram if keep.all() else data.gram[np.ix_(keep, keep)]
    B[:, keep], df = ridge_from_gram(H, data.c[keep], terms.l2[keep], grid)
    G[:] = data.c - B @ data.gram
    kkt[:] = np.abs((G - grid[:, None] * terms.l2 * B)[:, keep]).max(axis=1, initial=0.0) / grid
    return df


def _degrees(data: Moments, terms: Terms, B: np.ndarray, grid: Vector, full: bool | None) -> Vector:
    active = B != 0
    counts = active.sum(axis=1).astype(float)
    if not (terms.l2 > 0).any():
        return counts
    if full is None or (not full and (counts**3).sum() > WORK):
        return np.full(len(grid), np.nan)
    return effective_dfs(data.gram, terms.l2, grid, active)

"""Full-Gram mode for the squared loss: one pass over X serves every lane.

Rows that all lanes treat alike form an *atom* (a fold, in K-fold cross-validation). One pass adds up the Gram
matrix of ``[X - centre, y - offset, 1]`` of every atom; a lane's training Gram is a sum of atoms, found by
subtraction where that is shorter, and held-out errors are quadratic forms in the atoms' Grams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from .. import _core
from .._typing import Vector
from ..designs import Dense
from ..penalties import Penalty
from .certificate import fenchel_gap, judge, loose_ends
from .effective_df import effective_dfs
from .free_ends import Room, moved_by_gram
from .partial import collect, keeping
from .problem import Lane, Problem
from .result import LaneResult, Score, held_out, make_path
from .ridge import ridge_from_gram
from .saturation import reach, why
from .standard import Terms, inverse_scale, lane_terms, normal_forms
from .threads import Workers

__all__ = ["fit_gram", "suits_gram"]

CHUNK = 4096  # rows in one piece of the pass over X
FAR = (
    1e-6  # a column whose variance is a smaller share of its mean square about the common centre loses digits
)


NEAR = 1e-6  # an excess below this share of the threshold may be rounding: a dual point is shrunk for it


def suits_gram(problem: Problem, lanes: Sequence[Lane]) -> bool:
    """Whether the Gram matrix is the cheaper road: few columns, or more rows than columns."""
    n, p = problem.n, problem.p
    if p <= 300:
        return True
    budget = 100e6 + 0.4 * problem.design.nbytes
    held = 8.0 * (p + 2) ** 2 * (min(len(lanes), 12) + 4)
    return n >= p and p <= 4000 and held <= max(budget, 2e8)


@dataclass(frozen=True, eq=False)
class Atoms:
    """Gram matrices of rows that every lane treats alike, and who uses them how often."""

    centre: Vector  # (p + 1,): what was subtracted from the columns and from y
    grams: list[np.ndarray]  # each (p + 2, p + 2)
    train: np.ndarray  # (lanes, atoms) multiplicities
    tests: list[np.ndarray]  # per lane (groups, atoms) membership

    def of_train(self, lane: int, total: np.ndarray) -> np.ndarray:
        """The lane's training Gram.

        Total minus what it leaves out, or the sum of what it uses, whichever is shorter.
        """
        use = self.train[lane]
        left_out = np.flatnonzero(use == 0)
        if (use <= 1).all() and 0 < len(left_out) < len(use) / 2:
            gram = total - sum(self.grams[a] for a in left_out)
            # Subtraction is safe while no column loses nearly all of its sum of squares with the rows left
            # out.
            if (np.diag(gram) > 1e-4 * np.diag(total)).all():
                return gram
        elif (use == 1).all():
            return total
        return sum(float(use[a]) * self.grams[a] for a in np.flatnonzero(use))  # type: ignore[return-value]

    def of_test(self, lane: int, group: int) -> np.ndarray:
        return sum(self.grams[a] for a in np.flatnonzero(self.tests[lane][group]))  # type: ignore[return-value]


def fit_gram(
    problem: Problem,
    penalties: Sequence[Penalty],
    grids: Sequence[Vector],
    lanes: Sequence[Lane],
    *,
    tol: float,
    team: Workers,
    tick,
    score: Score | None,
    full_df: bool,
) -> list[list[LaneResult]]:
    """Fit every candidate on every lane."""
    atoms = collect_atoms(problem, lanes, team)
    total = cast("np.ndarray", sum(atoms.grams))
    settings = Settings(problem, tuple(normal_forms(penalties, problem.p)), tuple(grids), tol, score, full_df)

    def job(index: int) -> list[LaneResult]:
        answer = fit_lane(settings, lanes[index], index, atoms, total)
        tick(sum(len(grid) for grid in grids))
        return answer

    def by_candidate(by_lane):  # type: ignore[no-untyped-def]
        rows = [row or [None] * len(grids) for row in by_lane or [None] * len(lanes)]
        return [list(column) for column in zip(*rows, strict=True)]

    with keeping(by_candidate):
        return by_candidate(collect(team, job, range(len(lanes))))


# ---------------------------------------------------------------- one pass over X


def collect_atoms(problem: Problem, lanes: Sequence[Lane], team: Workers) -> Atoms:
    """Group the rows, and add up each group's Gram matrix in one pass."""
    label, first = _signatures(problem.n, lanes)
    train = np.array([np.bincount(lane.train, minlength=problem.n)[first] for lane in lanes])
    tests = [_members(problem.n, first, lane.tests) for lane in lanes]
    used = cast("np.ndarray", train.any(axis=0))
    for groups in tests:
        used = used | groups.any(axis=0)
    y = problem.y - problem.offset
    w = problem.sample_weight
    centre = problem.design.centre(w) if problem.fit_intercept else np.zeros(problem.p)
    middle = float(w @ y / w.sum()) if problem.fit_intercept else 0.0
    extra = np.column_stack([y - middle, np.ones(problem.n)])

    def piece(rows: np.ndarray) -> list[tuple[int, np.ndarray]]:
        rows = rows[used[label[rows]]]
        if len(rows) == 0:
            return []
        order = rows[np.argsort(label[rows], kind="stable")]
        cuts = np.flatnonzero(np.diff(label[order])) + 1
        parts = problem.design.crosses(order, cuts, w[order], extra, centre)
        return list(zip(label[order][np.append(0, cuts)].tolist(), parts, strict=True))

    width = problem.p + 2
    grams = [np.zeros((width, width)) for _ in first]
    chunk = max(CHUNK, 64 * len(first))
    pieces = [np.arange(start, min(start + chunk, problem.n)) for start in range(0, problem.n, chunk)]
    for found in team.map(piece, pieces):
        for atom, gram in found:
            grams[atom] += gram
    return Atoms(np.append(centre, middle), grams, train, tests)


def _members(n: int, first: np.ndarray, tests: Sequence[np.ndarray]) -> np.ndarray:
    """Which atoms, by their first rows, belong to which test group, (groups, atoms)."""
    out = np.zeros((len(tests), len(first)), bool)
    for group, rows in enumerate(tests):
        mark = np.zeros(n, bool)
        mark[rows] = True
        out[group] = mark[first]
    return out


def _signatures(n: int, lanes: Sequence[Lane]) -> tuple[np.ndarray, np.ndarray]:
    """Label rows by how all lanes use them; a random 64-bit sum stands for the whole pattern."""
    rng = np.random.default_rng(0)
    key = np.zeros(n, dtype=np.uint64)
    for lane in lanes:
        key += np.bincount(lane.train, minlength=n).astype(np.uint64) * rng.integers(
            1, 2**63, dtype=np.uint64
        )
        for rows in lane.tests:
            key[rows] += rng.integers(1, 2**63, dtype=np.uint64)
    _, first, label = np.unique(key, return_index=True, return_inverse=True)
    return label, first


# ---------------------------------------------------------------- one lane


@dataclass(frozen=True, eq=False)
class Settings:
    """What every lane of one call shares."""

    problem: Problem
    normals: tuple
    grids: tuple[Vector, ...]
    tol: float
    score: Score | None
    full_df: bool


@dataclass(frozen=True, eq=False)
class Moments:
    """A lane's data reduced to numbers, on its own standardised scale."""

    gram: np.ndarray  # (p, p) F-ordered
    c: Vector  # (p,)
    yy: float
    mean: Vector  # (p,) relative to the atoms' centre
    mean_y: float
    inverse: Vector  # (p,)
    total: float


def reduce(problem: Problem, cross: np.ndarray, deviations: Vector | None = None) -> Moments:
    """Centre and scale a lane's cross products; ``deviations`` where these cannot tell the columns' own."""
    p = problem.p
    total = float(cross[p + 1, p + 1])
    mean, mean_y = np.zeros(p), 0.0
    S = cross[: p + 1, : p + 1] / total
    if problem.fit_intercept:
        mean, mean_y = cross[:p, p + 1] / total, float(cross[p, p + 1]) / total
        m = np.append(mean, mean_y)
        S -= np.outer(m, m)
    spread = np.diag(S)[:p].copy()
    deviation = np.sqrt(np.where(spread > 1e-13 * np.diag(cross)[:p] / total, spread, 0.0))
    if not problem.fit_intercept:  # scaled by the spread about the mean all the same
        about = cross[:p, p + 1] / total
        deviation = np.sqrt(np.maximum(spread - about**2, 0.0)) if deviations is None else deviations
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept, problem.unit)
    gram = np.asfortranarray(S[:p, :p])
    gram *= inverse
    gram *= inverse[:, None]
    return Moments(gram, S[:p, p] * inverse, max(float(S[p, p]), 0.0), mean, mean_y, inverse, total)


def of_lane(problem: Problem, lane: Lane, index: int, atoms: Atoms, total: np.ndarray) -> Moments:
    """A lane's moments from the atoms, or in a pass of its own where its means lie too far from the common centre."""
    cross = atoms.of_train(index, total)
    p, count = problem.p, cross[-1, -1]
    second = np.diag(cross)[:p] / count
    spread = second - (cross[:p, p + 1] / count) ** 2
    lost = spread <= FAR * second
    if not (lost & (second > 0)).any():
        return reduce(problem, cross)
    weights = lane.weights(problem)
    if not problem.fit_intercept:
        return reduce(problem, cross, problem.design.moments(weights[None, :])[1][0])
    if not isinstance(problem.design, Dense):
        return reduce(problem, cross)
    mean, deviation = (found[0] for found in problem.design.moments(weights[None, :]))
    if not (deviation[lost] > 0).any():  # constant in this lane, not far away
        return reduce(problem, cross)
    y = problem.y - problem.offset
    shift, middle = mean - atoms.centre[:p], float(weights @ y)
    rows = np.flatnonzero(weights)
    extra = np.column_stack([y - middle, np.ones(problem.n)])
    own = reduce(problem, problem.design.cross(rows, weights[rows] * count, extra, mean))
    return replace(own, mean=own.mean + shift, mean_y=own.mean_y + middle - atoms.centre[p])


def fit_lane(settings: Settings, lane: Lane, index: int, atoms: Atoms, total: np.ndarray) -> list[LaneResult]:
    problem = settings.problem
    data = of_lane(problem, lane, index, atoms, total)
    answers = []
    for normal, grid in zip(settings.normals, settings.grids, strict=True):
        terms = lane_terms(normal, data.inverse)
        B, gaps, kkt, df = solve_path(data, terms, grid, settings, lane.keep)
        end = len(grid) if terms.smooth else reach(_explained(data, B), problem.saturation)
        B, gaps[end:], kkt[end:], df = B[:end], np.nan, np.nan, df[:end]
        raw = terms.raw(B, data.inverse)
        level = data.mean_y - raw @ data.mean  # intercept on the centred scale
        scores = np.full((len(grid), len(lane.tests)), np.nan)
        scores[:end] = _held_out(settings, lane, index, atoms, raw, level)
        answers.append(_assemble(settings, lane, grid, data, atoms, B, raw, level, gaps, kkt, df, scores))
    return answers


def solve_path(
    data: Moments, terms: Terms, grid: Vector, settings: Settings, kept: bool
) -> tuple[np.ndarray, Vector, Vector, Vector]:
    """Solve one lane along its grid -> coefficients (L, p) on the penalised scale, relative gaps.

    Violations, df.
    """
    if terms.smooth:
        keep = np.isfinite(terms.l1)
        B = np.zeros((len(grid), len(keep)))
        H = data.gram if keep.all() else data.gram[np.ix_(keep, keep)]
        B[:, keep], df = ridge_from_gram(H, data.c[keep], terms.l2[keep], grid)
        G = data.c - B @ data.gram
        kkt = np.abs((G - grid[:, None] * terms.l2 * B)[:, keep]).max(axis=1, initial=0.0) / grid
    else:
        B, G, kkt = _active_set(data, terms, grid, settings.tol)
        df = _degrees(data, terms, B, grid, settings.full_df) if kept else np.full(len(grid), np.nan)
    return B, relative_gaps(data, terms, grid, B, G), kkt, df


def _active_set(
    data: Moments, terms: Terms, grid: Vector, tol: float
) -> tuple[np.ndarray, np.ndarray, Vector]:
    p, count = len(data.c), len(grid)
    lane = _core.Lane()
    lane.bind(data.gram)
    lane.terms(*terms.arrays)
    lane.tolerate(0.3 * tol, data.yy)
    B, G = np.empty((count, p)), np.empty((count, p))
    kkt, solved = np.empty(count), np.empty(count, np.uint8)
    _core.solve_lanes([(lane, grid, data.c[None, :], B, G, kkt, solved)], 1, False)
    return B, G, kkt


def relative_gaps(data: Moments, terms: Terms, grid: Vector, B: np.ndarray, G: np.ndarray) -> Vector:
    """Duality gap over objective value at every strength."""
    bg = np.einsum("lp,lp->l", B, G)
    rr = np.maximum(data.yy - B @ data.c - bg, 0.0)
    penalty = grid * terms.value(B)
    duals = [dual_terms(terms, grid, G), near_dual_terms(terms, grid, G)]
    loose = loose_ends(B, G, *terms.arrays)
    if ((terms.l1 == 0) & (terms.l2 == 0)).any():
        norm = np.sqrt(np.maximum(np.diag(data.gram), 0.0))
        moved = moved_by_gram(data.gram, terms, G, norm, data.yy)
        room, known = Room.of(terms, norm), np.isfinite(moved)
        duals = [room.open(moved, grid, *dual) for dual in duals]
        near = np.where(known, moved, 0.0)
        loose = np.where(known, loose + near * (np.abs(B) @ norm) + near**2, np.inf)
    gaps = np.min([fenchel_gap(rr, bg, penalty, conjugate, ratio) for ratio, conjugate in duals], axis=0)
    gaps = np.maximum(gaps, 0.0) + loose
    floor = 1e-12 * 0.5 * data.yy + 1e-300
    return gaps / np.maximum(0.5 * rr + penalty, floor)


def dual_terms(terms: Terms, grid: Vector, G: np.ndarray) -> tuple[Vector, Vector]:
    """Largest |g| / (s l1) where only that bounds the dual point, and the sum of the finite conjugates."""
    l1, l2, lower, upper = terms.arrays
    if np.isinf(lower).all() and np.isinf(upper).all():
        return _unbounded_dual(l1, l2, grid, np.abs(G))
    s = grid[:, None]
    bound = np.where(G > 0, upper, -lower)
    limit = s * np.where(np.isinf(l1), 0.0, l1)
    excess = np.maximum(np.abs(G) - limit, 0.0)
    open_end = np.isinf(bound) & (l2 == 0) & np.isfinite(l1) & (l1 > 0)
    ratio = np.max(
        np.divide(np.abs(G), limit, out=np.zeros_like(G), where=open_end & (limit > 0)), axis=1, initial=0.0
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        best = np.minimum(np.where(l2 > 0, excess / (s * l2), np.where(np.isinf(bound), 0.0, bound)), bound)
        best = np.where((excess > 0) & np.isfinite(l1) & np.isfinite(best), best, 0.0)
    return ratio, (best * (excess - 0.5 * s * l2 * best)).sum(axis=1)


def near_dual_terms(terms: Terms, grid: Vector, G: np.ndarray) -> tuple[Vector, Vector]:
    """The same for a dual point shrunk for all l1 columns whose excess over the threshold is rounding.

    Where a bound or 1 / l2 is huge, the conjugate of an excess of rounding is not small.
    """
    s, size = grid[:, None], np.abs(G)
    limit = s * np.where(np.isinf(terms.l1), 0.0, terms.l1)
    near = (limit > 0) & (size <= (1 + NEAR) * limit)
    ratio, _ = dual_terms(terms, grid, G)
    shrunk = np.max(np.divide(size, limit, out=np.zeros_like(G), where=near), axis=1, initial=0.0)
    _, conjugate = dual_terms(terms, grid, np.where(near, np.sign(G) * np.minimum(size, limit), G))
    return np.maximum(ratio, shrunk), conjugate


def _unbounded_dual(l1: Vector, l2: Vector, grid: Vector, size: np.ndarray) -> tuple[Vector, Vector]:
    """The same without bounds, in a third of the passes: where a path's time is all in small lanes, it shows."""
    sharp = np.isfinite(l1) & (l1 > 0) & (l2 == 0)
    round_ = np.isfinite(l1) & (l2 > 0)
    ratio, conjugate = np.zeros(len(grid)), np.zeros(len(grid))
    if sharp.any():
        ratio = (size[:, sharp] / l1[sharp]).max(axis=1) / grid
    if round_.any():
        excess = np.maximum(size[:, round_] - np.outer(grid, l1[round_]), 0.0)
        conjugate = (excess * excess) @ (0.5 / l2[round_]) / grid
    return ratio, conjugate


def _degrees(data: Moments, terms: Terms, B: np.ndarray, grid: Vector, full: bool) -> Vector:
    active = B != 0
    counts = active.sum(axis=1).astype(float)
    if not (terms.l2 > 0).any():
        return counts
    if not full and (counts**3).sum() > 2e9:
        return np.full(len(grid), np.nan)
    return effective_dfs(data.gram, terms.l2, grid, active)


def _held_out(
    settings: Settings, lane: Lane, index: int, atoms: Atoms, raw: np.ndarray, level: Vector
) -> np.ndarray:
    problem, p = settings.problem, settings.problem.p
    scores = np.empty((len(raw), len(lane.tests)))
    V = np.column_stack([raw, np.full(len(raw), -1.0), level]) if settings.score is None else None
    for group, rows in enumerate(lane.tests):
        if V is not None:
            cross = atoms.of_test(index, group)
            total = cross[p + 1, p + 1] or np.nan  # no weight, nothing to score on
            scores[:, group] = np.maximum(np.einsum("lp,lp->l", V @ cross, V), 0.0) / total
        else:
            intercept = level + atoms.centre[p] - raw @ atoms.centre[:p]
            eta = problem.design.rows_times(rows, raw.T) + intercept + problem.offset[rows, None]
            scores[:, group] = held_out(problem, rows, eta, settings.score)
    return scores


def _explained(data: Moments, B: np.ndarray) -> Vector:
    """Deviance ratios, (L,)."""
    rr = data.yy - 2 * B @ data.c + np.einsum("lp,lp->l", B @ data.gram, B)
    return 1 - np.maximum(rr, 0) / (data.yy if data.yy > 0 else 1.0)


def _assemble(
    settings: Settings,
    lane: Lane,
    grid: Vector,
    data: Moments,
    atoms: Atoms,
    B: np.ndarray,
    raw: np.ndarray,
    level: Vector,
    gaps: Vector,
    kkt: Vector,
    df: Vector,
    scores: np.ndarray,
) -> LaneResult:
    problem = settings.problem
    converged = judge(gaps, kkt, settings.tol)
    path = None
    if lane.keep:
        end = len(B)
        centre = atoms.centre[: problem.p]
        intercepts = (
            level + atoms.centre[problem.p] - raw @ centre if problem.fit_intercept else np.zeros(end)
        )
        path = make_path(
            problem,
            grid[:end],
            raw,
            intercepts,
            _explained(data, B),
            df,
            gaps[:end],
            kkt[:end],
            settings.tol,
            None if end == len(grid) else why(problem.saturation),
        )
    return LaneResult(path, scores, gaps, kkt, converged)

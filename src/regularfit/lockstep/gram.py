"""Full-Gram mode for the squared loss: one pass over X serves every lane, and the rest happens on p x p matrices.

The pass is in ``atoms.py``, a lane's numbers from it in ``moments.py`` (from its own rows, where they are few, in
``gram_rows.py``), paths in ``gram_paths.py`` and held-out errors in ``gram_scores.py``. Lanes are worked off in
batches: enough together that Python is idle, few enough for the cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .._typing import Vector
from ..penalties.coordinates import Coordinates
from .atoms import Atoms
from .certificate import judge
from .gram_errors import LightLanes, light_lanes, plain
from .gram_paths import Solved, solve_paths
from .gram_rows import RowLanes, row_lanes
from .gram_scores import held_out_errors
from .moments import Moments, moments_of
from .partial import collect, keeping
from .path import Path
from .problem import Lane, Problem
from .result import LaneResult, Score, make_path
from .saturation import FULL, reach, why
from .shared import Shared
from .work import Work

__all__ = ["fit_gram", "suits_gram"]

BATCH_BYTES = 16e6  # of the Gram matrices and solutions of one batch of lanes
STRENGTHS = 100  # of a usual grid


def suits_gram(problem: Problem, lanes: Sequence[Lane]) -> bool:
    """Whether the Gram matrix is the cheaper road: few columns, or more rows than columns."""
    n, p = problem.n, problem.p
    if p <= 300:
        return True
    budget = 100e6 + 0.4 * problem.design.nbytes
    held = 8.0 * (p + 2) ** 2 * (min(len(lanes), 12) + 4)
    return n >= p and p <= 4000 and held <= max(budget, 2e8)


def fit_gram(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane."""
    problem, grids, lanes, team = work.problem, work.grids, work.lanes, work.team
    data = row_lanes(problem, lanes) or (work.shared or Shared(problem)).atoms_of(problem, lanes, team)
    normals = tuple(work.forms)
    settings = Settings(problem, normals, tuple(grids), work.tol, work.score, work.full_df, lanes, data)
    light = (
        light_lanes(problem, normals, lanes, data) if isinstance(data, Atoms) and work.score is None else None
    )

    def job(which: list[int]) -> list[list[LaneResult]]:
        answer = fit_batch(settings, which, light)
        work.tick(len(which) * sum(len(grid) for grid in grids))
        return answer

    batches = _batches(problem.p, len(lanes), team.threads)

    def by_candidate(done: Iterable[list[list[LaneResult]] | None] | None) -> list[list[LaneResult]]:
        rows: list[list[LaneResult]] = []
        for batch, found in zip(batches, done or [None] * len(batches), strict=True):
            rows += found or [[None] * len(grids) for _ in batch]  # type: ignore[list-item]
        return [list(column) for column in zip(*rows, strict=True)]

    with keeping(by_candidate):
        return by_candidate(collect(team, job, batches))


def _batches(p: int, lanes: int, threads: int) -> list[list[int]]:
    a_lane = 8.0 * (3 * (p + 2) ** 2 + 4 * p * STRENGTHS)
    size = int(max(1, min(BATCH_BYTES // a_lane, -(-lanes // threads))))
    return [list(range(start, min(start + size, lanes))) for start in range(0, lanes, size)]


# ---------------------------------------------------------------- one batch of lanes


@dataclass(frozen=True, eq=False)
class Settings:
    """What every lane of one call shares."""

    problem: Problem
    normals: tuple[Sequence[Coordinates], ...]  # per candidate and lane
    grids: tuple[Vector, ...]
    tol: float
    score: Score | None
    full_df: bool | None
    lanes: Sequence[Lane]
    data: Atoms | RowLanes

    def moments(self, which: Sequence[int]) -> Moments:
        """Of some lanes."""
        if isinstance(self.data, RowLanes):
            first = all(self.lanes[index].most is not None for index in which) and self.full_df is None
            return self.data.moments(which, first and all(plain(forms) for forms in self.normals))
        return moments_of(self.problem, self.lanes, which, self.data)

    def scores(self, which: Sequence[int], raw: np.ndarray, level: np.ndarray) -> list[np.ndarray]:
        """Held-out errors of some lanes, (strengths, groups) each."""
        if isinstance(self.data, RowLanes):  # nothing is held out
            return [np.empty((raw.shape[1], 0)) for _ in which]
        return held_out_errors(self.problem, self.lanes, which, self.data, raw, level, self.score)

    def intercepts(self, raw: np.ndarray, level: Vector) -> Vector:
        """Those beside the columns as they are; ``level`` is that beside columns about the common centre."""
        if not self.problem.fit_intercept:
            return np.zeros(len(raw))
        if isinstance(self.data, RowLanes):
            return level
        centre, p = self.data.centre, self.problem.p
        return level + centre[p] - raw @ centre[:p]


def fit_batch(
    settings: Settings, which: list[int], light: LightLanes | None = None
) -> list[list[LaneResult]]:
    """Results per lane and candidate; ``light`` are the lanes that need no more than their errors."""
    if light is not None:
        return _fit_both(settings, which, light)
    data = settings.moments(which)
    answers: list[list[LaneResult]] = [[] for _ in which]
    kept = [settings.lanes[index].keep for index in which]
    most = [lane.most if lane.keep else None for lane in (settings.lanes[index] for index in which)]
    for normal, grid in zip(settings.normals, settings.grids, strict=True):
        own = [normal[index] for index in which]
        found = solve_paths(data, own, grid, settings.tol, kept, settings.full_df, most)
        for answer, result in zip(answers, _results(settings, which, data, grid, found), strict=True):
            answer.append(result)
    return answers


def _fit_both(settings: Settings, which: list[int], light: LightLanes) -> list[list[LaneResult]]:
    """Light lanes in the core alone, the others, and those whose gaps stay open, with all that Python knows."""
    errors = [lane for lane in which if light.among[lane]]
    done: dict[int, list[LaneResult]] = dict.fromkeys(which)  # type: ignore[arg-type]
    if errors:
        rows = [light.fit(errors, k, grid, settings.tol) for k, grid in enumerate(settings.grids)]
        for lane, *results in zip(errors, *rows, strict=True):
            if all(result is not None for result in results):
                done[lane] = results
    rest = [lane for lane in which if done[lane] is None]
    if rest:
        done.update(zip(rest, fit_batch(settings, rest), strict=True))
    return [done[lane] for lane in which]


def _results(
    settings: Settings, which: list[int], data: Moments, grid: Vector, found: Solved
) -> list[LaneResult]:
    # The intercept beside centred columns.
    level = data.mean_y[:, None] - np.matmul(found.raw, data.mean[:, :, None])[:, :, 0]
    scores = settings.scores(which, found.raw, level)
    ends = found.ends.tolist()
    if not found.smooth and (found.explained > settings.problem.saturation).any():
        kept = [reach(explained, settings.problem.saturation) for explained in found.explained]
        ends = [min(pair) for pair in zip(ends, kept, strict=True)]
    gaps, kkt = _until(found.gaps, ends, len(grid)), _until(found.kkt, ends, len(grid))
    converged = judge(gaps, kkt, settings.tol)
    return [
        LaneResult(
            _path(settings, grid, found, level[k], k, end) if settings.lanes[index].keep else None,
            _until(scores[k][None], [end], len(grid))[0],
            gaps[k],
            kkt[k],
            converged[k],
        )
        for k, (index, end) in enumerate(zip(which, ends, strict=True))
    ]


def _until(facts: np.ndarray, ends: Sequence[int], count: int) -> np.ndarray:
    """Facts of some lanes (lanes, strengths, ...) as far as their paths go, nan up to ``count``."""
    if facts.shape[1] < count:
        rest = np.full((len(facts), count - facts.shape[1], *facts.shape[2:]), np.nan)
        facts = np.concatenate([facts, rest], axis=1)
    for k, end in enumerate(ends):
        if end < count:
            facts[k, end:] = np.nan
    return facts


def _path(settings: Settings, grid: Vector, found: Solved, level: Vector, k: int, end: int) -> Path:
    problem, raw = settings.problem, found.raw[k, :end]
    return make_path(
        problem,
        grid[:end],
        raw,
        settings.intercepts(raw, level[:end]),
        found.explained[k, :end],
        found.df[k, :end],
        found.gaps[k, :end],
        found.kkt[k, :end],
        settings.tol,
        _why(problem, grid, found, k, end),
    )


def _why(problem: Problem, grid: Vector, found: Solved, k: int, end: int) -> str | None:
    if end == len(grid):
        return None
    return FULL if end == found.ends[k] else why(problem.saturation)

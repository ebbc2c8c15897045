"""One call fits all lanes: candidates are sorted by road, and each road gets them in its units and as memory allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np

from .._typing import Vector
from ..designs import Imputed
from ..losses import SeveralLoss
from ..penalties import Penalty
from .adaptive import settle
from .front import LARGEST_BATCH
from .gram import fit_gram
from .newton import fit_newton, longest
from .partial import collect, keeping
from .problem import Lane, Problem
from .result import LaneResult, Score
from .ridge_lanes import fit_ridge
from .ridge_rotated import fit_rotated
from .roads import IN_ROUNDS, OWN_UNITS, road_of
from .saturation import saturation
from .several.road import fit_outputs, look_ahead_outputs
from .shared import Shared
from .threads import Workers, thread_count, workers
from .units import Units
from .work import Road, Work
from .workset import fit_workset

__all__ = ["fit_lanes", "look_ahead"]

GROUP_BYTES, GROUP_SHARE = 60e6, 0.3  # what lanes that advance together may hold: bytes, and a share of X
WORKING = 1.8  # columns a row in a working set, at the end of a long path
QUICK = 5e6  # numbers, if every strength read X once: milliseconds, less than threads take to start and meet


def fit_lanes(
    problem: Problem,
    penalties: Sequence[Penalty],
    grids: Sequence[Vector],
    lanes: Sequence[Lane],
    *,
    tol: float = 1e-7,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    score: Score | None = None,
    full_df: bool | None = False,
    cut: bool = False,
    shared: Shared | None = None,
) -> list[list[LaneResult]]:
    """Fit every penalty along its grid on every lane, in lockstep.

    Parameters
    ----------
    tol : largest relative duality gap that counts as converged.
    threads : None for all cores.
    progress : called with (strengths done, strengths in all); counts a (penalty, lane, strength) as one.
    score : ``score(y, eta, weights) -> float`` on held-out rows instead of the loss's own.
    full_df : compute effective degrees of freedom also where that is not cheap; None: not at all where they take work.
    cut : end a path where its training rows are reproduced all but exactly (deviance ratio above 1 - 1e-9 for
        the squared loss, 0.999 for others). For grids from the data; a user's own strengths are all fitted.
        A path so cut says why in ``Path.ended``; its lane's scores and certificates are nan from there on.
        Ridge with the squared loss has a closed form and is never cut.
    shared : for several calls on one problem: what one of them learns of X serves the next.

    Returns
    -------
    per penalty, per lane: a :class:`LaneResult`.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, within about a second. Its ``.partial`` holds what was finished, in the same shape: lanes that
        were under way end early (``Path.ended`` says so), and None stands for lanes that had nothing yet.
    """
    grids = [np.ascontiguousarray(grid, dtype=np.float64) for grid in grids]
    if isinstance(problem.loss, SeveralLoss):
        how = {"tol": tol, "threads": threads, "progress": progress, "full_df": full_df, "cut": cut}
        return fit_outputs(problem, penalties, grids, lanes, fit_lanes, score=score, shared=shared, **how)
    tick = _ticker(progress, len(lanes) * sum(len(grid) for grid in grids))
    penalties = settle(problem, penalties, lanes, fit_lanes, tol=tol, threads=threads, shared=shared)
    roads: dict[Road, list[int]] = {}
    for index, penalty in enumerate(penalties):
        few = 0 if cut else len(grids[index])
        roads.setdefault(road_of(problem, penalty, lanes, few, full_df is None), []).append(index)
    answers: list[list[Any]] = [[None] * len(lanes) for _ in penalties]
    if shared is not None and shared.problem is not problem:
        raise ValueError("Shared knowledge belongs to one problem; make another for this one.")
    if cut:
        problem = replace(problem, saturation=saturation(problem.loss))
    with _team(problem, lanes, sum(map(len, grids)), threads) as team, keeping(lambda inner: answers):
        work = Work(
            problem, penalties, grids, lanes, tol, team, tick, score, full_df, shared or Shared(problem)
        )
        for road, members in roads.items():
            for index, results in _onroad_of(road, members, work, answers):
                answers[index] = results
    return answers


def look_ahead(
    problem: Problem, penalties: Sequence[Penalty], lanes: Sequence[Lane], threads: int | None = None
) -> Shared:
    """Return what the lanes will need to know of X, so that grids can be made from it before they are fitted.

    Only full-Gram mode has something to say in advance; elsewhere the answer is empty.
    """
    shared = Shared(problem)
    if isinstance(problem.loss, SeveralLoss):
        return look_ahead_outputs(shared, penalties, lanes, threads)
    plain = not isinstance(problem.design, Imputed)
    if plain and all(road_of(problem, penalty, lanes) is fit_gram for penalty in penalties):
        with _team(problem, lanes, 1, threads) as team:
            shared.atoms_of(shared.units_of().inside(problem), lanes, team)
    return shared


def _team(
    problem: Problem, lanes: Sequence[Lane], strengths: int, threads: int | None
) -> AbstractContextManager[Workers]:
    numbers = float(problem.n * problem.p) * len(lanes) * strengths
    return workers(thread_count(threads), inline=numbers <= QUICK)


def _onroad_of(
    road: Road, members: list[int], work: Work, answers: list[list[Any]]
) -> list[tuple[int, list[Any]]]:
    """Fit some of the candidates in the engine's units -> pairs of (index, results in those of the data)."""
    assert work.shared is not None  # as the engine made it
    units = Units() if road in OWN_UNITS else work.shared.units_of()
    chosen = [work.penalties[i] for i in members]
    inside = replace(
        work,
        problem=units.inside(work.problem),
        penalties=chosen if road in OWN_UNITS else [units.penalty(penalty) for penalty in chosen],
        grids=[units.strengths(work.grids[i]) for i in members],
        score=units.score(work.score),
        shared=work.shared if road is fit_gram else None,  # it is in the engine's units
    )

    def outside(found: list[list[Any]] | None) -> list[tuple[int, list[Any]]]:
        rows = found or [[None] * len(work.lanes) for _ in members]
        return [
            (i, [units.outside(result, work.grids[i], work.score is not None) for result in row])
            for i, row in zip(members, rows, strict=True)
        ]

    def keep(inner: Any) -> None:
        for index, results in outside(inner):
            answers[index] = results

    with keeping(keep):
        together = _side_by_side if isinstance(work.problem.design, Imputed) else _in_groups
        return outside(together(road, inside))


def _in_groups(road: Road, work: Work) -> list[list[LaneResult]]:
    """As many lanes together as memory allows.

    Predictors and residuals of a round are n x (lanes * batch).
    """
    if road in (fit_gram, fit_ridge, fit_rotated, *OWN_UNITS) and road not in IN_ROUNDS:
        return road(work)
    lanes, candidates = work.lanes, len(work.penalties)
    room = GROUP_BYTES + GROUP_SHARE * work.problem.design.nbytes
    size = max(2, int(room // _lane_bytes(road, work.problem, candidates)))
    size = -(-len(lanes) // -(-len(lanes) // size))  # groups of one size, not a large one and a rest
    found: list[list[LaneResult]] = [[] for _ in work.penalties]

    def so_far(inner: list[list[LaneResult]] | None) -> list[list[LaneResult | None]]:
        parts = inner or [[] for _ in work.penalties]
        both = [[*column, *part] for column, part in zip(found, parts, strict=True)]
        return [row + [None] * (len(lanes) - len(row)) for row in both]

    with keeping(so_far):
        for start in range(0, len(lanes), size):
            group = road(replace(work, lanes=lanes[start : start + size]))
            for column, results in zip(found, group, strict=True):
                column.extend(results)
    return found


def _lane_bytes(road: Road, problem: Problem, candidates: int) -> float:
    """What a lane holds in a round: predictors, residuals, gradients; and the Gram matrix of its working set.

    A lasso path that goes far ends with about as many active columns as rows, and nearly twice as many in its
    working set.
    """
    batch = min(longest(problem), LARGEST_BATCH) if road is fit_newton else LARGEST_BATCH
    numbers = 3 * batch * problem.n + (LARGEST_BATCH // 2 + 5) * problem.p
    if road in (fit_workset, *IN_ROUNDS):
        numbers += 1.3 * (WORKING * min(problem.n, problem.p)) ** 2
    return 8.0 * candidates * numbers


def _side_by_side(road: Road, work: Work) -> list[list[LaneResult]]:
    """Missing values are filled by the lane's own means, so each lane has an X of its own; lanes run side by side."""
    single = replace(work, team=Workers(1, inline=True))

    def job(lane: Lane) -> list[LaneResult]:
        return [results[0] for results in road(single.alone(lane))]

    def by_candidate(by_lane: Any) -> list[list[Any]]:
        return [
            list(column) for column in zip(*(row or [None] * len(work.grids) for row in by_lane), strict=True)
        ]

    with keeping(lambda inner: by_candidate(inner or [None] * len(work.lanes))):
        return by_candidate(collect(work.team, job, work.lanes))


def _ticker(progress: Callable[[int, int], None] | None, total: int) -> Callable[[int], None]:
    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    return tick

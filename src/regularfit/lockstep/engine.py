"""One call fits all lanes: the road is chosen here, by the loss, the penalty and the shape of X."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .._typing import Vector
from ..losses import Squared
from ..penalties import Penalty
from .gram import fit_gram, suits_gram
from .newton import fit_newton
from .problem import Lane, Problem
from .result import LaneResult, Score
from .threads import thread_count, workers
from .workset import fit_workset

__all__ = ["fit_lanes"]


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
    full_df: bool = False,
) -> list[list[LaneResult]]:
    """Fit every penalty along its grid on every lane, in lockstep.

    Parameters
    ----------
    tol : largest relative duality gap that counts as converged.
    threads : None for all cores.
    progress : called with (strengths done, strengths in all); counts a (penalty, lane, strength) as one.
    score : ``score(y, eta, weights) -> float`` on held-out rows instead of the loss's own.
    full_df : compute effective degrees of freedom also where that is not cheap.

    Returns
    -------
    per penalty, per lane: a :class:`LaneResult`.
    """
    grids = [np.ascontiguousarray(grid, dtype=np.float64) for grid in grids]
    tick = _ticker(progress, len(lanes) * sum(len(grid) for grid in grids))
    normals = [penalty.coordinates(problem.p) for penalty in penalties]
    with workers(thread_count(threads)) as team:
        if not isinstance(problem.loss, Squared):
            road = fit_newton
        elif suits_gram(problem, lanes):
            road = fit_gram
        else:
            road = fit_workset
        return road(
            problem, normals, grids, lanes, tol=tol, team=team, tick=tick, score=score, full_df=full_df
        )


def _ticker(progress: Callable[[int, int], None] | None, total: int) -> Callable[[int], None]:
    done = 0

    def tick(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    return tick

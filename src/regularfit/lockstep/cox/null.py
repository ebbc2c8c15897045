"""The null model of all rows: the offset and the unpenalised columns; its scores set the top of the grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..._typing import Vector
from ...penalties.coordinates import Coordinates
from ..problem import Lane, Problem
from ..threads import Workers
from ..work import Work
from .ground import Ground
from .rounds import CoxRounds

__all__ = ["null_residual"]

EXACT = 1e-10


def null_residual(problem: Problem, normal: Coordinates | None) -> Vector:
    """Minus the gradient at the null model, (n,)."""
    ground = Ground(problem, problem.sample_weight / problem.n)
    free = None if normal is None else (normal.l1 == 0) & (normal.l2 == 0)
    if normal is None or free is None or not free.any():
        return ground.on_all_rows(ground.null_residual[:, None])[:, 0]
    alone = replace(normal, l1=np.where(free, 0.0, np.inf))
    lane, team = Lane(np.arange(problem.n), keep=True), Workers(1, inline=True)
    work = Work(problem, [], [np.array([1.0])], [lane], EXACT, team, lambda done: None)
    fit = CoxRounds(work, [[alone]])
    fit.run(work.tick)
    path = fit.results()[0][0].path
    assert path is not None
    eta = problem.design.rows_times(np.arange(problem.n), path.coefs.T) + problem.offset[:, None]
    likelihood = ground.likelihood
    return ground.on_all_rows(-likelihood.gradient(likelihood.at(eta[ground.rows])))[:, 0]

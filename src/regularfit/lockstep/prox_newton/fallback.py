"""Where a working set outgrows its Gram matrix: the rest of the path by products with X alone."""

from __future__ import annotations

import numpy as np

from ..scores import centred_scores
from ..user_lanes import through_products
from .lane import Solution
from .notes import Notes

__all__ = ["finish_on_products"]


def finish_on_products(notes: Notes) -> None:
    """Take a lane down its remaining strengths by accelerated proximal gradient."""
    lane, problem = notes.lane, notes.problem
    start = np.zeros(problem.p)
    start[lane.columns] = lane.b
    if problem.fit_intercept:
        start = np.append(start, lane.level)
    fit = through_products(
        problem,
        lane.penalty,
        notes.grid[notes.position :],
        lane.weights,
        lane.mean,
        lane.inverse,
        lane.strict,
        start,
    )
    every = np.arange(problem.p)
    for coefs in fit.coefs:
        b, level = coefs[: problem.p], float(coefs[problem.p :].sum())
        raw = np.ascontiguousarray((b * lane.inverse)[:, None])
        eta = problem.design.matmat(every, raw)[:, 0] - float(lane.mean @ raw[:, 0]) + level + problem.offset
        descent = lane.smooth.descent(eta)
        scores = centred_scores(problem.design, descent[:, None], lane.mean[None])[0]
        gradient = -scores * lane.inverse
        [verdict] = notes.judge([Solution(every, b, level, eta, descent)], gradient[None])
        notes.accept(verdict, gradient)
        if not notes.live:
            break

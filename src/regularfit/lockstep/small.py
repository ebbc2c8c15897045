"""A lane's small problem in either form: the Gram matrix of its working set, or the columns and their dual."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import _core
from .._typing import Vector
from ..designs import Dense
from .dual import Dual
from .front import Front
from .problem import Problem

__all__ = ["admit", "solver"]

OUTGROWN = 2.0  # columns a row from which on the dual is the smaller and the faster problem
MOST_ROWS = 4000  # of the dual's matrix

Answer = tuple[np.ndarray, np.ndarray, Vector]


def admit(problem: Problem, front: Front, fresh: np.ndarray, target: Vector, gap: float) -> None:
    """Take columns into a front's working set; ``target`` (n,) is centred."""
    if front.dual is None and _outgrown(problem, front, len(front.columns) + len(fresh)):
        rows = np.flatnonzero(front.weights)
        front.turn(Dual(np.sqrt(front.weights[rows]) * target[rows], gap))
        front.admit(front.columns, _columns(problem, front, front.columns), seen=True)
    if front.dual is not None:
        front.admit(fresh, _columns(problem, front, fresh))
        return
    every = np.concatenate([front.columns, fresh])
    front.admit(fresh, problem.design.gram(front.weights, every, fresh, front.mean, front.inverse, 1))


def _outgrown(problem: Problem, front: Front, size: int) -> bool:
    rows = int(np.count_nonzero(front.weights))
    if size <= OUTGROWN * rows or rows > MOST_ROWS or not isinstance(problem.design, Dense):
        return False
    l1, l2 = front.terms.l1, front.terms.l2
    return bool((l2[np.isfinite(l1)] > 0).all())


def _columns(problem: Problem, front: Front, columns: np.ndarray) -> np.ndarray:
    """Working-set columns on the lane's own scale, times the square roots of its weights."""
    assert isinstance(problem.design, Dense)  # as _outgrown made sure
    rows = np.flatnonzero(front.weights)
    root = np.sqrt(front.weights[rows])
    return problem.design.gather(rows, columns, front.mean[columns], front.inverse[columns], root)


def solver(front: Front, c: Vector) -> Callable[[], Answer]:
    """Return a job that solves the front's next strengths; ``c`` (p,) are the linear terms of all columns."""
    strengths = np.ascontiguousarray(front.upcoming)
    if front.dual is not None:
        dual = front.dual
        return lambda: dual.solve(strengths)
    shape = (len(strengths), len(front.columns))
    b, grad = np.empty(shape), np.empty(shape)
    kkt, solved = np.empty(len(strengths)), np.empty(len(strengths), np.uint8)
    job = (front.core, strengths, c[front.columns][None, :], b, grad, kkt, solved)

    def with_gram() -> Answer:
        _core.solve_lanes([job], 1, True)
        return b, grad, kkt

    return with_gram

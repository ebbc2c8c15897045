"""MCP and SCAD with the squared loss: coordinate descent in the core, on Gram matrices or in working-set rounds.

Outside the working set a coefficient is zero, and there the bent penalties are an L1: its screening serves them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from .. import _core
from .._typing import Vector
from ..penalties import Folded, Penalty
from .front import Front
from .gram import fit_gram
from .local_convexity import locally_convex
from .partial import keeping
from .problem import Lane, Problem
from .result import LaneResult, Score
from .scores import Verdict
from .threads import Workers
from .workset import SquaredRounds

__all__ = ["fit_folded_gram", "fit_folded_rounds"]


def fit_folded_gram(
    problem: Problem,
    penalties: Sequence[Penalty],
    grids: Sequence[Vector],
    lanes: Sequence[Lane],
    **settings: Any,
) -> list[list[LaneResult]]:
    """Fit every candidate on every lane's Gram matrix."""
    with keeping(lambda inner: inner):
        found = fit_gram(problem, penalties, grids, lanes, **settings)
    return [_marked(problem, penalty, lanes, row) for penalty, row in zip(penalties, found, strict=True)]


def fit_folded_rounds(
    problem: Problem,
    penalties: Sequence[Penalty],
    grids: Sequence[Vector],
    lanes: Sequence[Lane],
    *,
    tol: float,
    team: Workers,
    tick: Callable[[int], None],
    score: Score | None,
    full_df: bool | None,
) -> list[list[LaneResult]]:
    """Fit every candidate on every lane, in lockstep."""
    forms = [cast("Folded", penalty.coordinates(problem.p)) for penalty in penalties]
    fit = FoldedRounds(problem, forms, grids, lanes, tol, team, score, full_df)
    with keeping(lambda inner: fit.results()):
        while fit.live:
            tick(fit.round())
    found = fit.results()
    return [_marked(problem, penalty, lanes, row) for penalty, row in zip(penalties, found, strict=True)]


class FoldedRounds(SquaredRounds):
    """The rounds of the lasso with another small solver, and the violation as their certificate."""

    def __init__(self, problem, forms, grids, lanes, tol, team, score, full_df) -> None:  # type: ignore[no-untyped-def]
        self.forms = forms
        super().__init__(problem, forms, grids, lanes, tol, team, score, full_df)

    def _start(self) -> None:
        for row, form in zip(self.fronts, self.forms, strict=True):
            for front in row:
                front.core = _core.FoldedLane(form.kind, form.shape)
        super()._start()

    def _solve(self, fronts: list[Front]) -> list[tuple[np.ndarray, np.ndarray, Vector]]:
        return list(self.team.map(lambda front: solve_front(front, self.c[front.lane]), fronts))

    def _record(
        self,
        front: Front,
        at: int,
        b: Vector,
        grad: Vector,
        kkt: float,
        verdict: Verdict,
        residual: Vector,
        level: float,
    ) -> None:
        self._keep(front, at, b, max(kkt, verdict.violation), float(front.weights @ residual**2), level)


def solve_front(front: Front, c: Vector) -> tuple[np.ndarray, np.ndarray, Vector]:
    """Coefficients, gradients and violations of a front's next strengths on its working set."""
    strengths = np.ascontiguousarray(front.upcoming)
    shape = (len(strengths), len(front.columns))
    b, grad = np.empty(shape), np.empty(shape)
    kkt, solved = np.empty(len(strengths)), np.empty(len(strengths), np.uint8)
    front.core.solve(strengths, np.ascontiguousarray(c[front.columns]), b, grad, kkt, solved)
    return b, grad, kkt


def _marked(
    problem: Problem, penalty: Penalty, lanes: Sequence[Lane], row: Sequence[LaneResult]
) -> list[LaneResult]:
    """The results, their paths with a mark where the objective is locally convex."""
    form = cast("Folded", penalty.coordinates(problem.p))
    return [
        found
        if found.path is None
        else replace(
            found,
            path=replace(found.path, convex=locally_convex(problem, lane.weights(problem), form, found.path)),
        )
        for lane, found in zip(lanes, row, strict=True)
    ]

"""MCP and SCAD with the squared loss: coordinate descent in the core, on Gram matrices or in working-set rounds.

Outside the working set a coefficient is zero, and there the bent penalties are an L1: its screening serves them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from .. import _core
from .._typing import Vector
from ..penalties import Folded, Penalty
from .front import Front
from .gram import fit_gram
from .local_convexity import locally_convex
from .partial import keeping
from .problem import Lane, Problem
from .result import LaneResult
from .scores import Verdict
from .work import Work
from .workset import SquaredRounds

__all__ = ["fit_folded_gram", "fit_folded_rounds"]


def fit_folded_gram(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane's Gram matrix."""
    with keeping(lambda inner: inner):
        found = fit_gram(work)
    return _marked(work, found)


def fit_folded_rounds(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane, in lockstep."""
    fit = FoldedRounds(work)
    with keeping(lambda inner: fit.results()):
        while fit.live:
            work.tick(fit.round())
    return _marked(work, fit.results())


class FoldedRounds(SquaredRounds):
    """The rounds of the lasso with another small solver, and the violation as their certificate."""

    def __init__(self, work: Work) -> None:
        self.forms = work.forms
        super().__init__(work)

    def _start(self) -> None:
        for row, forms in zip(self.fronts, self.forms, strict=True):
            form = cast("Folded", forms[0])
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


def _marked(work: Work, found: Sequence[Sequence[LaneResult]]) -> list[list[LaneResult]]:
    """The results, their paths with a mark where the objective is locally convex."""
    return [
        [_mark(work.problem, penalty, lane, result) for lane, result in zip(work.lanes, row, strict=True)]
        for penalty, row in zip(work.penalties, found, strict=True)
    ]


def _mark(problem: Problem, penalty: Penalty, lane: Lane, found: LaneResult) -> LaneResult:
    if found.path is None:
        return found
    form = cast("Folded", penalty.coordinates(problem.p))
    convex = locally_convex(problem, lane.weights(problem), form, found.path)
    return replace(found, path=replace(found.path, convex=convex))

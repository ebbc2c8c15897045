"""Working-set rounds for the squared loss.

All lanes take the next strengths, one product X'R certifies them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse

from .._typing import Vector
from ..penalties.coordinates import Coordinates
from .certificate import fenchel_gap, judge, loose_ends
from .free_ends import FreeEnds
from .front import Front
from .partial import keeping
from .problem import Lane, Problem
from .result import LaneResult, held_out, make_path
from .scores import Verdict, centred_scores, score_columns
from .small import admit, solver
from .standard import inverse_scale, lane_terms
from .work import Work

__all__ = ["fit_workset"]

FEW_ROWS = 0.75  # share of the rows below which a lane by itself is better off without the others


def fit_workset(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane, in lockstep."""
    fit = SquaredRounds(work)
    with keeping(lambda inner: fit.results()):
        work.tick(sum(front.position for front in fit.all))
        while fit.live:
            work.tick(fit.round())
    return fit.results()


def make_fronts(
    problem: Problem,
    normals: Sequence[Coordinates | Sequence[Coordinates]],
    grids: Sequence[Vector],
    lanes: Sequence[Lane],
) -> list[list[Front]]:
    """One front a (candidate, lane); lanes of one training set share their weights, means and scales."""
    weights = np.array([lane.weights(problem) for lane in lanes])
    mean, deviation = problem.design.moments(weights)
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept, problem.unit)
    norm = (deviation if problem.fit_intercept else np.hypot(mean, deviation)) * inverse
    if not problem.fit_intercept:
        mean = np.zeros_like(mean)
    forms = [[own] * len(lanes) if isinstance(own, Coordinates) else own for own in normals]
    return [
        [
            Front(
                *(weights[f], mean[f], inverse[f], lane_terms(forms[c][f], inverse[f]), grid, c, f, norm[f]),
                most=lane.most if lane.keep else None,
                rows=None if lane.tests else few_rows(weights[f]),
            )
            for f, lane in enumerate(lanes)
        ]
        for c, grid in enumerate(grids)
    ]


def few_rows(weights: Vector) -> np.ndarray | None:
    """The rows that a lane uses, where they are a good deal fewer than all."""
    rows = np.flatnonzero(weights)
    return rows if len(rows) < FEW_ROWS * len(weights) else None


class SquaredRounds:
    """The state of one lockstep fit."""

    def __init__(self, work: Work) -> None:
        problem, lanes = work.problem, work.lanes
        self.problem, self.lanes, self.tol, self.team = problem, lanes, work.tol, work.team
        self.score, self.full_df = work.score, work.full_df
        self.fronts = make_fronts(problem, work.forms, work.grids, lanes)
        self.free = FreeEnds(problem)
        self.all = [front for row in self.fronts for front in row]
        self.y = problem.y - problem.offset
        self.scores = work.no_scores()
        self._start()

    def _start(self) -> None:
        """Null residuals, the linear terms c of all columns, and the first working sets."""
        first = self.fronts[0]
        self.level = level = [f.weights @ self.y if self.problem.fit_intercept else 0.0 for f in first]
        self.yy = [float(f.weights @ (self.y - m) ** 2) for f, m in zip(first, level, strict=True)]
        R = np.column_stack([f.weights * (self.y - m) for f, m in zip(first, level, strict=True)])
        scores = centred_scores(self.problem.design, R, np.array([front.mean for front in first]))
        self.c = [scores[f] * front.inverse for f, front in enumerate(first)]
        for front in self.all:
            c = self.c[front.lane]
            l1 = np.where(np.isfinite(front.terms.l1) & (front.terms.l1 > 0), front.terms.l1, np.inf)
            front.start(c, float(np.max(np.abs(c) / l1, initial=0.0)))
            front.pending = np.flatnonzero(front.terms.l1 == 0).tolist()
            front.core.tolerate(0.3 * self.tol, self.yy[front.lane])
            front.skip_null(float(self.level[front.lane]))

    @property
    def live(self) -> list[Front]:
        return [front for front in self.all if front.live]

    def round(self) -> int:
        """Advance every live lane; returns how many strengths were accepted."""
        fronts = self.live
        self._grow(fronts)
        solved = self._solve(fronts)
        columns = [(front, k) for front in fronts for k in range(len(front.upcoming))]
        E, residuals, levels = self._predict(fronts, solved)
        R = np.empty_like(residuals)
        for front, span in _spans(fronts):
            np.multiply(residuals[:, span], front.weights[:, None], out=R[:, span])
        gradients = np.empty((len(columns), self.problem.p), np.float32)
        verdicts = score_columns(
            self.problem.design,
            R,
            [f for f, _ in columns],
            [float(f.upcoming[k]) for f, k in columns],
            self.team,
            gradients,
        )
        done, at = 0, 0
        for front, answer in zip(fronts, solved, strict=True):
            span = slice(at, at + len(front.upcoming))
            done += self._accept(
                front, answer, verdicts[span], gradients[span], E[:, span], residuals[:, span], levels[span]
            )
            at = span.stop
        return done

    def _grow(self, fronts: list[Front]) -> None:
        wanted = [(front, front.wanted()) for front in fronts]

        def grow(item: tuple[Front, np.ndarray]) -> None:
            front, fresh = item
            if len(fresh):
                target = self.y - self.level[front.lane]
                admit(self.problem, front, fresh, target, 0.3 * self.tol)

        list(self.team.map(grow, wanted))

    def _solve(self, fronts: list[Front]) -> list[tuple[np.ndarray, np.ndarray, Vector]]:
        # each on a thread of the team, not on the core's own: this one must stay free for Ctrl-C
        jobs = [solver(front, self.c[front.lane]) for front in fronts]
        return list(self.team.map(lambda job: job(), jobs))

    def _predict(self, fronts: list[Front], solved: list) -> tuple[np.ndarray, np.ndarray, Vector]:
        """Predictors (without intercept), residuals and intercepts of every (lane, strength), on all rows."""
        raw = [b * front.inverse[front.columns] for front, (b, _, _) in zip(fronts, solved, strict=True)]
        used = [front.columns[(b != 0).any(axis=0)] for front, b in zip(fronts, raw, strict=True)]
        union = np.unique(np.concatenate(used)) if used else np.empty(0, np.int64)
        B = np.zeros((len(union), sum(len(b) for b in raw)))
        at = 0
        for front, b in zip(fronts, raw, strict=True):
            place = np.searchsorted(union, front.columns)
            inside = (
                (place < len(union)) & (union[np.minimum(place, max(len(union) - 1, 0))] == front.columns)
                if len(union)
                else np.zeros(len(place), bool)
            )
            B[place[inside], at : at + len(b)] = b[:, inside].T
            at += len(b)
        E = self.problem.design.matmat(union, B)
        residuals = self.y[:, None] - E
        levels = np.zeros(E.shape[1])
        if self.problem.fit_intercept:
            for front, span in _spans(fronts):
                levels[span] = front.weights @ residuals[:, span]
        residuals -= levels
        return E, residuals, levels

    def _accept(
        self,
        front: Front,
        answer: tuple,
        verdicts: list[Verdict],
        gradients: np.ndarray,
        E: np.ndarray,
        residuals: np.ndarray,
        levels: Vector,
    ) -> int:
        """Keep the longest run of strengths without a violator outside the working set."""
        b, grad, kkt = answer
        asked = len(verdicts)
        accepted = next((k for k, v in enumerate(verdicts) if v.violators), asked)
        for k in range(accepted):
            self._record(
                front, front.position + k, b[k], grad[k], kkt[k], verdicts[k], residuals[:, k], levels[k]
            )
        before = front.reached
        kept = front.cut(accepted, self.problem.saturation)
        self._score(front, slice(front.position, front.position + kept), E[:, :kept] + levels[:kept])
        if accepted < asked:
            front.take_violators(verdicts[accepted].violators, gradients[accepted])
        if accepted:
            front.keep(accepted - 1)
        front.advance(accepted, asked, gradients)
        return (front.reached if front.live else len(front.grid)) - before

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
        s = front.grid[at]
        rr = float(front.weights @ residual**2)
        l1, l2, lower, upper = front.terms.take(front.columns)
        finite = np.where(np.isinf(l1), 0.0, l1)
        penalty = s * float(np.abs(b) @ finite + 0.5 * (b * b) @ l2)
        moved = self.free.moved(front, grad, front.weights * residual, residual)
        duals = [self.free.room(front).open(moved, s, *candidate) for candidate in verdict.duals]
        loose = float(loose_ends(b, grad, l1, l2, lower, upper)) + self.free.cost(front, b, grad, moved)
        gap = min(fenchel_gap(rr, float(b @ grad), penalty, conjugate, ratio) for ratio, conjugate in duals)
        front.gaps[at] = (max(float(gap), 0.0) + loose) / max(
            0.5 * rr + penalty, 0.5e-12 * self.yy[front.lane] + 1e-300
        )
        self._keep(front, at, b, max(kkt, verdict.violation), rr, level)

    def _keep(self, front: Front, at: int, b: Vector, kkt: float, rr: float, level: float) -> None:
        """Note a solution: what every certificate has, and the coefficients where they are wanted."""
        yy, active = self.yy[front.lane], np.flatnonzero(b)
        front.kkt[at] = kkt
        front.intercepts[at] = level
        front.deviance_ratio[at] = 1 - rr / yy if yy > 0 else 0.0
        front.df[at] = len(active)
        if self.lanes[front.lane].keep:
            cols = front.columns[active]
            front.coefs.append((cols, front.terms.raw(b[active], front.inverse, cols)))

    def _score(self, front: Front, span: slice, eta: np.ndarray) -> None:
        target = self.scores[front.candidate][front.lane]
        for group, rows in enumerate(self.lanes[front.lane].tests):
            if span.stop > span.start:
                target[span, group] = held_out(
                    self.problem, rows, eta[rows] + self.problem.offset[rows, None], self.score
                )

    def results(self) -> list[list[LaneResult]]:
        return [[self._result(front) for front in row] for row in self.fronts]

    def _result(self, front: Front) -> LaneResult:
        return front_result(
            self.problem, front, self.lanes[front.lane], self.scores[front.candidate][front.lane], self.tol
        )


def _spans(fronts: Sequence[Front]) -> Iterator[tuple[Front, slice]]:
    """Where the next strengths of each front lie among those of all."""
    at = 0
    for front in fronts:
        yield front, slice(at, at + len(front.upcoming))
        at += len(front.upcoming)


def front_result(problem: Problem, front: Front, lane: Lane, scores: np.ndarray, tol: float) -> LaneResult:
    """What a front has found so far; strengths that it has not reached are nan."""
    end, path = front.reached, None
    scores[end:] = np.nan
    if lane.keep and end:
        path = make_path(
            problem,
            front.grid[:end],
            stack(front.coefs[:end], problem.p),
            front.intercepts[:end],
            front.deviance_ratio[:end],
            front.df[:end],
            front.gaps[:end],
            front.kkt[:end],
            tol,
            front.ended(problem.saturation),
        )
    return LaneResult(path, scores, front.gaps, front.kkt, judge(front.gaps, front.kkt, tol))


def stack(rows: list[tuple[np.ndarray, Vector]], p: int) -> sparse.csr_matrix:
    """Rows of (columns, values) as CSR (L, p)."""
    indptr = np.concatenate([[0], np.cumsum([len(cols) for cols, _ in rows])]).astype(np.int64)
    cols = np.concatenate([cols for cols, _ in rows]) if rows else np.empty(0, np.int64)
    values = np.concatenate([values for _, values in rows]) if rows else np.empty(0)
    out = sparse.csr_matrix((values, cols, indptr), shape=(len(rows), p))
    out.sort_indices()
    return out

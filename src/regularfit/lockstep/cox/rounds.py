"""The rounds of Cox lanes: working sets grow, lanes take their next strengths, one product X'R certifies all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..._typing import Vector
from ...penalties.coordinates import Coordinates
from ..effective_df import effective_df
from ..free_ends import Room
from ..front import Front
from ..partial import keeping
from ..result import LaneResult
from ..scores import centred_scores, score_columns
from ..work import Work
from ..workset import front_result, make_fronts
from .certify import close_free_columns, record
from .ground import Ground
from .held_out import HeldOut
from .moves import CoxBatch, Looks, solve

__all__ = ["CoxRounds", "fit_cox"]

BATCH = 16  # strengths a round, on one Hessian: 8 cost half as much again
LEAST = 1e-7  # share of the null model's loss below which an objective counts as zero
NO_ROOM = Room(0.0, 0.0, 0.0, any=False)


def fit_cox(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane, in lockstep."""
    fit = CoxRounds(work, work.forms)
    with keeping(lambda inner: fit.results()):
        fit.run(work.tick)
    return fit.results()


class CoxRounds:
    """The state of one lockstep fit."""

    def __init__(self, work: Work, forms: Sequence[Sequence[Coordinates]]) -> None:
        problem, lanes, score = work.problem, work.lanes, work.score
        self.problem, self.lanes, self.tol, self.team = problem, lanes, work.tol, work.team
        self.full_df = bool(work.full_df)
        self.fronts = make_fronts(problem, forms, work.grids, lanes)
        self.all = [front for row in self.fronts for front in row]
        self.scores = work.no_scores()
        self.grounds = list(work.team.map(lambda front: Ground(problem, front.weights), self.fronts[0]))
        self.held_out = [
            [HeldOut(problem, lane, rows, ground, score) for rows in lane.tests]
            for lane, ground in zip(lanes, self.grounds, strict=True)
        ]
        self._start()

    def _start(self) -> None:
        first = self.fronts[0]
        R = np.hstack([ground.on_all_rows(ground.null_residual[:, None]) for ground in self.grounds])
        scores = centred_scores(self.problem.design, R, np.array([front.mean for front in first]))
        scores *= np.array([front.inverse for front in first])
        self.pull = np.maximum(np.abs(scores).max(axis=1, initial=0.0), 1e-300)
        for front in self.all:
            score = scores[front.lane]
            l1 = np.where(np.isfinite(front.terms.l1) & (front.terms.l1 > 0), front.terms.l1, np.inf)
            front.start(score, float(np.max(np.abs(score) / l1, initial=0.0)))
            front.pending = np.flatnonzero(front.terms.l1 == 0).tolist()
            front.objective = self.grounds[front.lane].null_value
            front.skip_null(0.0)

    def run(self, tick: Callable[[int], None]) -> None:
        """Take all lanes to the end of their strengths."""
        tick(sum(front.position for front in self.all))
        while True:
            live = [front for front in self.all if front.live]
            if not live:
                return
            tick(self._round(live))

    def _round(self, fronts: list[Front]) -> int:
        """Advance every live lane by a batch; returns how many strengths were accepted."""
        batches = [self._open(front) for front in fronts]
        found = list(self.team.map(self._solve, batches))
        return self._certify(batches, found)

    def _open(self, front: Front) -> CoxBatch:
        fresh = front.wanted()
        if len(fresh):
            front.columns = np.concatenate([front.columns, fresh])
            front.inside[fresh] = 1
            front.base = np.concatenate([front.base, np.zeros(len(fresh))])
        front.batch = min(front.batch, BATCH)
        strengths, width = np.ascontiguousarray(front.upcoming), len(front.columns)
        unit = np.minimum(strengths, self.pull[front.lane])
        ones, start = np.ones(width), np.tile(front.base, (len(strengths), 1))
        return CoxBatch(front, strengths, unit, ones, np.arange(width), np.zeros(width), 0, 0, start, NO_ROOM)

    def _solve(self, batch: CoxBatch) -> tuple[Looks, Vector]:
        front = batch.front
        ground = self.grounds[front.lane]
        Z = ground.columns(front.columns, front.mean, front.inverse)
        looks = solve(ground, batch, Z, self.tol)
        price = close_free_columns(ground, batch, looks, Z)
        if self.full_df and batch.terms[1].any():
            self._count(batch, looks, Z)
        return looks, price

    def _count(self, batch: CoxBatch, looks: Looks, Z: np.ndarray) -> None:
        """Effective degrees of freedom where there is an l2 part: the trace of the hat matrix on the active columns."""
        likelihood, l2 = self.grounds[batch.front.lane].likelihood, batch.terms[1]
        for k, b in enumerate(batch.b):
            active = np.flatnonzero(b)
            H = likelihood.hessian(likelihood.at(looks.eta[:, [k]]), Z[:, active])
            batch.front.df[batch.front.position + k] = effective_df(H, l2[active], batch.strengths[[k]])[0]

    # ------------------------------------------------------------------ certifying

    def _certify(self, batches: list[CoxBatch], found: list[tuple[Looks, Vector]]) -> int:
        fronts = [batch.front for batch in batches for _ in batch.strengths]
        strengths = [float(s) for batch in batches for s in batch.strengths]
        residuals = [
            self.grounds[b.front.lane].on_all_rows(f[0].residual) for b, f in zip(batches, found, strict=True)
        ]
        gradients = np.empty((len(fronts), self.problem.p), np.float32)
        R = np.ascontiguousarray(np.hstack(residuals))
        verdicts = score_columns(self.problem.design, R, fronts, strengths, self.team, gradients)
        done, first = 0, 0
        for batch, (looks, price) in zip(batches, found, strict=True):
            span = slice(first, first + len(batch))
            done += self._accept(batch, looks, price, verdicts[span], gradients[span])
            first += len(batch)
        return done

    def _accept(self, batch: CoxBatch, looks: Looks, price: Vector, mine, gradients: np.ndarray) -> int:  # type: ignore[no-untyped-def]
        front, accepted = batch.front, _standing(batch, mine)
        ground = self.grounds[front.lane]
        known = front.df[front.position : front.position + accepted].copy()
        record(ground, batch, looks, mine, price[:accepted], LEAST * ground.null_value + 1e-300)
        if self.full_df and batch.terms[1].any():
            front.df[front.position : front.position + accepted] = known
        raw = self._keep_coefficients(batch, accepted)
        before = front.reached
        kept = front.cut(accepted, self.problem.saturation)
        self._held_out(front, raw[:kept], looks.value[:kept])
        if accepted < len(batch) and mine[accepted].violators:
            front.take_violators(mine[accepted].violators, gradients[accepted])
        if accepted:
            front.earlier = batch.b[accepted - 2].copy() if accepted > 1 else front.base
            front.base = batch.b[accepted - 1].copy()
            if batch.b.shape[1]:
                front.core.keep(accepted - 1)
        front.advance(accepted, len(batch), gradients)
        if batch.steps > 7:
            front.batch = max(1, front.batch // 2)
        return (front.reached if front.live else len(front.grid)) - before

    def _keep_coefficients(self, batch: CoxBatch, count: int) -> np.ndarray:
        front, beta = batch.front, batch.b[:count]
        raw = front.terms.raw(beta, front.inverse, front.columns)
        front.intercepts[front.position : front.position + count] = 0.0
        if self.lanes[front.lane].keep:
            for own, values in zip(beta, raw, strict=True):
                active = np.flatnonzero(own)
                front.coefs.append((front.columns[active], values[active]))
        return raw

    def _held_out(self, front: Front, raw: np.ndarray, value: Vector) -> None:
        tests = self.held_out[front.lane]
        if not tests or not len(raw):
            return
        active = np.flatnonzero(raw.any(axis=0))
        B = np.ascontiguousarray(raw[:, active].T)
        eta = self.problem.design.matmat(front.columns[active], B) + self.problem.offset[:, None]
        span = slice(front.position, front.position + len(raw))
        for group, test in enumerate(tests):
            self.scores[front.candidate][front.lane][span, group] = test.scores(eta, value)

    def results(self) -> list[list[LaneResult]]:
        """What every lane has found so far."""
        return [[self._result(front) for front in row] for row in self.fronts]

    def _result(self, front: Front) -> LaneResult:
        scores = self.scores[front.candidate][front.lane]
        return front_result(self.problem, front, self.lanes[front.lane], scores, self.tol)


def _standing(batch: CoxBatch, verdicts) -> int:  # type: ignore[no-untyped-def]
    """How many strengths of a batch stand: up to the first that lacks a column, or has not converged.

    What did not converge is tried again in a shorter batch, unless it is all there is.
    """
    slow = np.flatnonzero(batch.live)
    standing = len(batch) if len(slow) == 0 else max(int(slow[0]), int(len(batch) == 1))
    return min(standing, next((k for k, v in enumerate(verdicts) if v.violators), len(batch)))

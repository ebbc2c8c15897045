"""The rounds of Newton lanes: working sets grow, lanes take their next strengths, one product X'R certifies all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..._typing import Vector
from ...designs import Dense, SparseColumns
from ..columns import DenseColumns, SparseTaken, make_columns
from ..free_ends import FreeEnds
from ..front import Front
from ..partial import keeping
from ..problem import Problem
from ..result import LaneResult, held_out
from ..rowwise import Rowwise
from ..scores import Verdict, score_columns
from ..standard import inverse_scale
from ..work import Work
from ..workset import front_result, make_fronts
from .apart import Apart
from .batch import Batch
from .certify import facts, record
from .null import start
from .together import Together

__all__ = ["NewtonRounds", "fit_newton", "longest"]

FEW = 256  # columns that a compact lane takes in at once: looking at all of them costs less than asking which
BATCH = 8  # strengths a round; more of them would lie too far from one Hessian
ROUND = 2_000_000  # numbers of Z, times strengths, that a compact lane goes through in a round
MANY = 500  # sparse columns beyond which no Hessian is formed
AHEAD = 0.12, 3.0  # margin and growth of working sets of rare words, which cost less than a refused strength


def fit_newton(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane, in lockstep."""
    fit = NewtonRounds(work)
    with keeping(lambda inner: fit.results()):
        work.tick(sum(front.position for front in fit.all))
        while fit.live:
            work.tick(fit.round())
    return fit.results()


class NewtonRounds:
    """The state of one lockstep fit."""

    def __init__(self, work: Work) -> None:
        problem, lanes, tol, team = work.problem, work.lanes, work.tol, work.team
        self.problem, self.lanes, self.tol, self.team, self.score = problem, lanes, tol, team, work.score
        self.fronts = make_fronts(problem, work.forms, work.grids, lanes)
        self.free = FreeEnds(problem)
        self.all = [front for row in self.fronts for front in row]
        self.scores = work.no_scores()
        self.columns = full_columns(problem)
        self.compact = isinstance(self.columns, DenseColumns) and self.columns.compact
        self.rowwise = Rowwise(problem.loss)
        self.solver: Apart | Together
        if isinstance(self.columns, (DenseColumns, SparseTaken)) and (self.compact or self._many_sparse):
            self.solver = Apart(problem, self.columns, self.rowwise, tol, team)
        else:
            self.solver = Together(problem, self.columns, self.rowwise, tol, team, lanes)
        self._start()

    @property
    def _many_sparse(self) -> bool:
        return isinstance(self.problem.design, SparseColumns) and self.problem.p > MANY

    def _start(self) -> None:
        self.null, scores = start(self.problem, self.fronts[0])
        for front in self.all:
            score = scores[front.lane]
            l1 = np.where(np.isfinite(front.terms.l1) & (front.terms.l1 > 0), front.terms.l1, np.inf)
            front.start(score, float(np.max(np.abs(score) / l1, initial=0.0)))
            front.pending = np.flatnonzero(front.terms.l1 == 0).tolist()
            # a guess at what a weak penalty reaches
            explained = 0.1 * (self.null.deviance[front.lane] + self.null.perfect[front.lane]) / 2
            front.objective = float(max(explained, self.null.least[front.lane]))
            front.loss = (self.null.deviance[front.lane] + self.null.perfect[front.lane]) / 2
            front.bend, front.steep = float(self.null.bend[front.lane]), float(self.null.steep[front.lane])
            front.base = np.full(self.columns.shift, self.null.level[front.lane])
            front.skip_null(self.null.level[front.lane])

    @property
    def live(self) -> list[Front]:
        """Lanes that have strengths left."""
        return [front for front in self.all if front.live]

    def round(self) -> int:
        """Advance every live lane by a batch; returns how many strengths were accepted."""
        fronts = self.live
        for front in fronts:
            self._admit(front)
        batches = self._open(fronts)
        E, R = self.solver.solve(batches, self.null)
        return self._certify(batches, E, R)

    def _admit(self, front: Front) -> None:
        few = self.compact and self.problem.p <= FEW and front.most is None
        ahead = AHEAD if self._many_sparse else ()
        fresh = np.flatnonzero(front.inside == 0) if few else front.wanted(*ahead)
        if len(fresh):
            self.columns.take(fresh)
            front.columns = np.concatenate([front.columns, fresh])
            front.inside[fresh] = 1
            front.base = np.concatenate([front.base, np.zeros(len(fresh))])
        # Nothing lies outside, so a round may be as long as Ctrl-C allows: what it has done is kept only at its end.
        long = longest(self.problem) if few else BATCH
        front.batch = min(len(front.grid), long if few else min(front.batch, long))
        if self._many_sparse and len(front.grid) - front.position < 1.5 * front.batch:
            front.batch = len(front.grid) - front.position  # a few left over would cost as much as eight

    def _open(self, fronts: list[Front]) -> list[Batch]:
        batches, first, shift = [], 0, self.columns.shift
        for front in fronts:
            common, own = self.columns.inverse[front.columns], front.inverse[front.columns]
            scale = np.divide(own, common, out=np.zeros_like(own), where=(own != 0) & (common != 0))
            strengths = np.ascontiguousarray(front.upcoming)
            batches.append(
                Batch(
                    front,
                    strengths,
                    np.minimum(strengths, self.null.pull[front.lane]),
                    np.concatenate([np.ones(shift), scale]),
                    self.columns.positions(front.columns),
                    self._level(front),
                    shift,
                    first,
                    np.tile(front.base, (len(strengths), 1)),
                    self.free.room(front),
                )
            )
            first += len(strengths)
        return batches

    # ------------------------------------------------------------------ certifying

    def _certify(self, batches: list[Batch], E: np.ndarray, R: np.ndarray) -> int:
        fronts = [batch.front for batch in batches for _ in batch.strengths]
        strengths = [float(s) for batch in batches for s in batch.strengths]
        gradients = np.empty((len(fronts), self.problem.p), np.float32)
        verdicts = score_columns(self.problem.design, R, fronts, strengths, self.team, gradients)
        found, totals = facts(self.problem, self.rowwise, batches, E, R), R.sum(axis=0)
        done = 0
        for batch in batches:
            front, mine = batch.front, verdicts[batch.span]
            accepted = solved(batch, mine)
            moved, steep = self._moved(batch, accepted, E, R, totals)
            record(batch, moved, steep, mine, found, self.null, self.free)
            self._keep_coefficients(batch, accepted)
            before = front.reached
            kept = front.cut(accepted, self.problem.saturation)
            self._held_out(front, kept, E[:, batch.first : batch.first + kept])
            if accepted < len(batch) and mine[accepted].violators:
                front.take_violators(mine[accepted].violators, gradients[batch.first + accepted])
            if accepted:
                front.earlier = batch.b[accepted - 2].copy() if accepted > 1 else front.base
                front.base = batch.b[accepted - 1].copy()
                if isinstance(self.solver, Together):
                    self.solver.passed(batch, accepted, E)
                if self._many_sparse:
                    front.leave_idle(self.columns.shift)
            front.advance(accepted, len(batch), gradients[batch.span])
            if batch.steps > 7:
                front.batch = max(1, front.batch // 2)
            done += (front.reached if front.live else len(front.grid)) - before
        return done

    def _moved(
        self, batch: Batch, count: int, E: np.ndarray, R: np.ndarray, totals: Vector
    ) -> tuple[Vector, Vector]:
        """How far the dual points of the accepted strengths are moved, and how steep the loss is there."""
        front = batch.front
        eta, r = (part[:, batch.first : batch.first + count].T for part in (E, R))
        batch.take_bend(self.rowwise, self.problem.y, np.arange(count), eta.T)
        bend = batch.bend[:count]
        if count:
            front.bend, front.steep = float(bend[-1]), float(batch.steep[count - 1])
        steep = np.array([self.free.steep(front, eta[k], batch.top[k]) for k in range(count)])
        if not batch.room.any:
            return self.free.moved_by_intercept(totals[batch.first : batch.first + count], bend, steep), steep
        g = batch.descent[:, batch.shift :]
        moved = [self.free.moved(front, g[k], r[k], eta[k], bend[k], steep[k]) for k in range(count)]
        return np.array(moved), steep

    def _level(self, front: Front) -> Vector:
        """Times the sizes of [intercept, coefficients]: the intercept's beside the lane's own centred columns."""
        cols = front.columns
        common = self.columns.mean[cols] if isinstance(self.problem.design, Dense) else 0.0
        return np.concatenate(
            [np.ones(self.columns.shift), np.abs((front.mean[cols] - common) * front.inverse[cols])]
        )

    def _keep_coefficients(self, batch: Batch, count: int) -> None:
        front, shift = batch.front, batch.shift
        at = slice(front.position, front.position + count)
        beta = batch.b[:count, shift:]
        raw = front.terms.raw(beta, front.inverse, front.columns)
        level = batch.b[:count, 0] if shift else np.zeros(count)
        # Z is centred by the full data where X is dense; take that out of the intercept
        centred = isinstance(self.problem.design, Dense)
        front.intercepts[at] = level - (raw @ self.columns.mean[front.columns] if centred else 0.0)
        smooth = (front.terms.l2[front.columns] > 0).any()
        front.df[at] = np.nan if smooth else (beta != 0).sum(axis=1)
        if self.lanes[front.lane].keep:
            front.note_coefs(beta, raw)

    def _held_out(self, front: Front, kept: int, eta: np.ndarray) -> None:
        target = self.scores[front.candidate][front.lane]
        for group, rows in enumerate(self.lanes[front.lane].tests):
            if kept:
                span = slice(front.position, front.position + kept)
                target[span, group] = held_out(self.problem, rows, eta[rows], self.score)

    def results(self) -> list[list[LaneResult]]:
        """What every lane has found so far."""
        return [[self._result(front) for front in row] for row in self.fronts]

    def _result(self, front: Front) -> LaneResult:
        scores = self.scores[front.candidate][front.lane]
        return front_result(self.problem, front, self.lanes[front.lane], scores, self.tol)


def full_columns(problem: Problem) -> DenseColumns | SparseTaken:
    """The store of columns, on the scale of the full data."""
    full = problem.sample_weight / problem.n
    mean, deviation = problem.design.moments(full[None, :])
    return make_columns(
        problem.design,
        mean[0] * problem.fit_intercept,  # without an intercept nothing could take the centring back
        inverse_scale(deviation, True, problem.fit_intercept)[0],
        problem.fit_intercept,
    )


def longest(problem: Problem) -> int:
    """How many strengths of a lane may go in a round."""
    return max(BATCH, ROUND // (problem.n * (problem.p + 1)))


def solved(batch: Batch, verdicts: Sequence[Verdict]) -> int:
    """How many strengths of a batch stand: up to the first that lacks a column, or has not converged.

    What did not converge is tried again in a shorter batch, unless it is all there is.
    """
    slow = np.flatnonzero(batch.live)
    standing = len(batch) if len(slow) == 0 else max(int(slow[0]), int(len(batch) == 1))
    return min(standing, next((k for k, v in enumerate(verdicts) if v.violators), len(batch)))

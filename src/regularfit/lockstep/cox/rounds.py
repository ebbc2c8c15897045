"""The rounds of Cox lanes: working sets grow, lanes take their next strengths, one product X'R certifies all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..._typing import Vector
from ...penalties.coordinates import Coordinates
from ..effective_df import effective_df
from ..front import Front
from ..partial import keeping
from ..result import LaneResult
from ..scores import Verdict, centred_scores, score_columns
from ..work import Work
from ..workset import front_result, make_fronts
from .batch import CoxBatch, in_core, solve
from .certify import close_free_columns, record
from .ground import Ground
from .held_out import HeldOut

__all__ = ["CoxRounds", "fit_cox"]

BATCH = 16  # strengths a round where columns that were left out may send some of them back
WHOLE = 128  # where none is left out, and residuals of all lanes take little room:
ROOM = 64e6  # bytes of them
BYTES = 8e6  # of a lane's columns that are all taken in at once
LEAST = 1e-7  # share of the null model's loss below which an objective counts as zero

Found = tuple[CoxBatch, tuple[Vector, Vector]]  # solutions, and what moving residuals to dual points cost


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
        self.cores = {}
        for front in self.all:
            ground = self.grounds[front.lane]
            self.cores[front.candidate, front.lane] = in_core(ground.likelihood, ground.offset, self.tol)
        self.held_out = [
            [HeldOut(problem, lane, rows, ground, score) for rows in lane.tests]
            for lane, ground in zip(lanes, self.grounds, strict=True)
        ]
        self.most = int(np.clip(ROOM / (8.0 * problem.n * len(self.all)), BATCH, WHOLE))
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
            front.pending = self._first_columns(front)
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

    def _first_columns(self, front: Front) -> list[int]:
        """Those without an L1 part, and all others too where a lane's columns fit the cache."""
        open_ = np.isfinite(front.terms.l1)
        every = 8.0 * len(self.grounds[front.lane].rows) * np.count_nonzero(open_) <= BYTES
        return np.flatnonzero(open_ if every else front.terms.l1 == 0).tolist()

    def _round(self, fronts: list[Front]) -> int:
        """Advance every live lane by a batch; returns how many strengths were accepted."""
        for front in fronts:
            self._open(front)
        ends = np.cumsum([len(front.upcoming) for front in fronts])
        R = np.zeros((self.problem.n, ends[-1]))
        jobs = [(front, R, int(end) - len(front.upcoming)) for front, end in zip(fronts, ends, strict=True)]
        found = list(self.team.map(self._solve, jobs))
        kept = [first + np.arange(len(batch)) for (batch, _), (_, _, first) in zip(found, jobs, strict=True)]
        if sum(map(len, kept)) < R.shape[1]:
            R = np.ascontiguousarray(R[:, np.concatenate(kept)])
        return self._certify(found, R)

    def _open(self, front: Front) -> None:
        fresh = front.wanted()
        if len(fresh):
            front.columns = np.concatenate([front.columns, fresh])
            front.inside[fresh] = 1
            front.base = np.concatenate([front.base, np.zeros(len(fresh))])
        left_out = np.count_nonzero(np.isfinite(front.terms.l1)) > len(front.columns)
        front.batch = min(front.batch, BATCH) if left_out or front.most is not None else self.most

    def _solve(self, job: tuple[Front, np.ndarray, int]) -> Found:
        front, R, first = job
        ground = self.grounds[front.lane]
        Z = ground.columns(front.columns, front.mean, front.inverse)
        floor = (1 - self.problem.saturation) * ground.null_value
        core = self.cores[front.candidate, front.lane]
        batch = solve(core, front, Z, self.pull[front.lane], floor, (R, first))
        moved = close_free_columns(ground, batch, Z, R[:, first : first + len(batch)])
        if self.full_df and batch.terms[1].any():
            self._count(batch, Z)
        return batch, moved

    def _count(self, batch: CoxBatch, Z: np.ndarray) -> None:
        """Effective degrees of freedom where there is an l2 part: the trace of the hat matrix on the active columns."""
        ground, l2 = self.grounds[batch.front.lane], batch.terms[1]
        for k, b in enumerate(batch.b):
            active = np.flatnonzero(b)
            at = ground.likelihood.at((Z @ b + ground.offset)[:, None])
            H = ground.likelihood.hessian(at, Z[:, active])
            batch.front.df[batch.front.position + k] = effective_df(H, l2[active], batch.strengths[[k]])[0]

    # ------------------------------------------------------------------ certifying

    def _certify(self, found: list[Found], R: np.ndarray) -> int:
        fronts = [batch.front for batch, _ in found for _ in batch.strengths]
        strengths = [float(s) for batch, _ in found for s in batch.strengths]
        gradients = np.empty((len(fronts), self.problem.p), np.float32)
        verdicts = score_columns(self.problem.design, R, fronts, strengths, self.team, gradients)
        done, first = 0, 0
        for batch, moved in found:
            span = slice(first, first + len(batch))
            done += self._accept(batch, moved, verdicts[span], gradients[span])
            first += len(batch)
        return done

    def _accept(
        self, batch: CoxBatch, moved: tuple[Vector, Vector], mine: list[Verdict], gradients: np.ndarray
    ) -> int:
        """Keep the strengths up to the first that lacks a column."""
        front, asked = batch.front, len(batch)
        accepted = next((k for k, v in enumerate(mine) if v.violators), asked)
        ground = self.grounds[front.lane]
        known = front.df[front.position : front.position + accepted].copy()
        record(ground, batch, mine, moved, accepted, LEAST * ground.null_value + 1e-300)
        if self.full_df and batch.terms[1].any():
            front.df[front.position : front.position + accepted] = known
        raw = self._keep_coefficients(batch, accepted)
        before = front.reached
        kept = front.cut(accepted, self.problem.saturation)
        self._held_out(front, raw[:kept], batch.value[:kept])
        if accepted < asked:
            front.take_violators(mine[accepted].violators, gradients[accepted])
        if accepted:
            front.base = batch.b[accepted - 1].copy()
        front.advance(accepted, asked, gradients)
        return (front.reached if front.live else len(front.grid)) - before

    def _keep_coefficients(self, batch: CoxBatch, count: int) -> np.ndarray:
        front, beta = batch.front, batch.b[:count]
        raw = front.terms.raw(beta, front.inverse, front.columns)
        front.intercepts[front.position : front.position + count] = 0.0
        if self.lanes[front.lane].keep:
            front.note_coefs(beta, raw)
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

"""Multinomial lanes in lockstep: at every strength all lanes take Newton steps on one Hessian until each is proved.

A round is one product with the columns at work, one look at the rows, and one product back for all lanes; then every
lane that is not proved yet solves its own small problem. The Hessian is made from one lane, serves all of them and the
strengths that follow, and is made anew when steps become short; a lane that it does not suit gets one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..._typing import Vector
from ...errors import InputError
from ..partial import collect, keeping
from ..problem import Lane, Problem
from ..result import LaneResult, Score
from ..threads import Workers
from ..work import Work
from .block import Block
from .frame import Frame, LaneTerms, on_lane
from .hessian import Hessian, Pairs
from .look import Look, Sample, look
from .proof import conjugate, dual_ratio, penalty_value, violations
from .record import Record
from .small import Step

__all__ = ["check_classes", "fit_frame", "null_look", "null_loss", "null_start", "sample_of"]

ROUNDS = 60  # at one strength
LOOSE, MORE = 1e4, 8  # a violation of so many tolerances is worth so many steps more
SLOW = 0.3  # a step that leaves more than this share of the gap asks for another Hessian
COMPLETE = 1500  # columns up to which all of them are at work from the start


@dataclass(eq=False)
class _State:
    """One lane on its way."""

    terms: LaneTerms
    step: Step
    record: Record
    B: np.ndarray  # (K, columns of the block)
    E: np.ndarray  # (K, n): X B
    seen: Look
    G: np.ndarray  # (K, columns of the block) scores
    gap: float = np.inf
    before: float = np.inf  # the gap a step ago
    objective: float = np.inf
    own: Hessian | None = None
    everywhere: np.ndarray | None = None  # (K, p) scores, where the block is not all of X
    last: tuple[np.ndarray, np.ndarray, np.ndarray] | None = field(default=None)  # B, E, A a step ago
    start: np.ndarray | None = None  # A as the step has it
    extra: int = 0  # steps taken at this strength since the gap was small enough


def sample_of(frame: Frame) -> Sample:
    """Return the rows as lanes see them."""
    problem = frame.problem
    n = problem.n
    free = Block(frame, frame.free).rows(slice(None)) if len(frame.free) else np.empty((n, 0))
    ones = np.ones((n, int(problem.fit_intercept)))
    Y = np.ascontiguousarray(problem.y.T)
    perfect = np.where(Y > 0, Y * np.log(np.where(Y > 0, Y, 1.0)), 0.0).sum(axis=0)
    return Sample(Y, np.ascontiguousarray(problem.offset.T), np.concatenate([ones, free], axis=1), -perfect)


def null_look(frame: Frame, sample: Sample, weights: Vector) -> Look:
    """Return the model without penalised columns."""
    return look(sample, weights, np.zeros_like(sample.Y), null_start(frame, sample, weights))


def null_start(frame: Frame, sample: Sample, weights: Vector) -> np.ndarray:
    """Return the intercepts of the model without columns, and zeros for the free ones, (K, q)."""
    problem = frame.problem
    A = np.zeros((frame.outputs, sample.Z.shape[1]))
    if problem.fit_intercept:
        A[:, 0] = problem.loss.null_eta(problem.y, weights, problem.offset)
    return A


def fit_frame(frame: Frame, grid: Vector, work: Work) -> list[LaneResult]:
    """Fit one candidate on all lanes along its grid."""
    lanes, tol = work.lanes, work.tol
    rounds = _Rounds(frame, lanes, grid, tol, work.team, work.score, work.full_df)
    before = np.inf

    def results(interrupted: bool) -> list[LaneResult]:
        return [state.record.result(frame.problem, tol, interrupted) for state in rounds.states]

    with keeping(lambda inner: results(True)):
        for position, s in enumerate(grid):
            rounds.go_to(position, float(s), before)
            work.tick(len(lanes))
            before = float(s)
            if not rounds.live:
                work.tick(len(lanes) * (len(grid) - position - 1))
                break
    return results(False)


class _Rounds:
    def __init__(
        self,
        frame: Frame,
        lanes: Sequence[Lane],
        grid: Vector,
        tol: float,
        team: Workers,
        score: Score | None,
        full_df: bool | None,
    ) -> None:
        self.frame, self.problem, self.tol, self.team = frame, frame.problem, tol, team
        self.sample = sample_of(frame)
        complete = len(frame.held) <= COMPLETE
        self.block = Block(frame, frame.held if complete else np.empty(0, np.int64))
        self.pairs = Pairs()
        self.shared: Hessian | None = None
        self.fresh = False  # whether the shared Hessian was made at this strength
        self.states = [
            self._begin(terms, lane, grid, score, full_df)
            for terms, lane in zip(on_lane(frame, lanes), lanes, strict=True)
        ]
        self.live = list(self.states)
        self._look_around(self.live)

    @property
    def complete(self) -> bool:
        """Whether every penalised column is in the block."""
        return len(self.block) == len(self.frame.held)

    def _begin(
        self, terms: LaneTerms, lane: Lane, grid: Vector, score: Score | None, full_df: bool | None
    ) -> _State:
        frame = self.frame
        check_classes(self.sample, self.problem, terms.weights)
        seen = null_look(frame, self.sample, terms.weights)
        record = Record(
            frame, self.sample, terms, lane, grid, score, full_df, null_loss(self.problem, terms.weights)
        )
        nothing = np.zeros((frame.outputs, len(self.block)))
        return _State(
            terms, Step(terms, frame.rows), record, nothing, np.zeros_like(self.sample.Y), seen, nothing
        )

    def _each(self, job: Callable[[Any], None], items: Sequence[Any]) -> None:
        """Do short jobs on the team's threads; a thread for one alone costs more than the job."""
        if self.team.threads == 1 or len(items) == 1:
            for item in items:
                job(item)
        else:
            collect(self.team, job, items)

    # ------------------------------------------------------------ one strength

    def go_to(self, position: int, s: float, before: float) -> None:
        """Bring every live lane to the solution at a strength."""
        self._prepare(s, before)
        waiting, self.fresh = list(self.live), False
        for state in waiting:
            state.before, state.last, state.extra = np.inf, None, 0
            self._judge(state, s)
        for turn in range(ROUNDS + 1):
            waiting = self._settle(waiting, position, s, turn == ROUNDS)
            if not waiting:
                break
            self._models(waiting)
            self._each(lambda state: self._step(state, s), waiting)
            self._advance(waiting, s)
            self.pairs.take(self._wanted(waiting, s * (1 + 1e-9)))  # what the rule missed
        self.live = [state for state in self.live if not state.record.over(self.problem.saturation)]

    def _settle(self, waiting: list[_State], position: int, s: float, tired: bool) -> list[_State]:
        """Record the lanes that are proved; others, and those that miss columns, go on."""
        done = [state for state in waiting if tired or self._proved(state, s)]
        if done and not self.complete:
            self._look_around(done)
            grown = self._take_violators(done, s)
            for state in done:
                self._judge(state, s)
            if grown and not tired:
                done = [state for state in done if state.gap <= self.tol]
        for state in done:
            proof = np.array([state.gap]), np.array([self._worst(state, s)])
            A, loss = state.seen.A[None], np.array([state.seen.loss])
            state.record.keep(
                position,
                state.B[None],
                self.block.cols,
                A,
                loss,
                lambda rows, E=state.E: E[None][:, :, rows],
                *proof,
            )
        return [state for state in waiting if not any(state is one for one in done)]

    def _proved(self, state: _State, s: float) -> bool:
        """Whether the gap is small enough, and the violation, which it bounds by its root, unless rounding holds it."""
        if state.gap > self.tol:
            return False
        state.extra += 1
        return state.extra > MORE or self._worst(state, s) <= LOOSE * self.tol

    def _worst(self, state: _State, s: float) -> float:
        """Largest violation over the strength, of every column there is."""
        if state.everywhere is None:
            found = violations(state.G, state.B, s, state.terms, self.block.cols, self.frame.rows)
        else:
            held = self.frame.held
            found = violations(
                state.everywhere[:, held], self._spread(state), s, state.terms, held, self.frame.rows
            )
        return float(found.max(initial=0.0)) / s

    def _spread(self, state: _State) -> np.ndarray:
        """Coefficients of all held columns."""
        B = np.zeros((len(state.B), self.problem.p))
        B[:, self.block.cols] = state.B
        return B[:, self.frame.held]

    # ------------------------------------------------------------ which pairs

    def _prepare(self, s: float, before: float) -> None:
        """Take in the pairs that the sequential strong rule names, of every lane."""
        bar = max(2 * s - before, 0.0) if np.isfinite(before) else s
        if not self.complete:
            wanted = np.zeros(self.problem.p, bool)
            for state in self.live:
                assert state.everywhere is not None
                wanted |= self._pulled(state.everywhere, state.terms, np.arange(self.problem.p), bar).any(
                    axis=0
                )
            kept = np.zeros(self.problem.p, bool)
            kept[self.frame.held] = True
            self._grow(np.flatnonzero(wanted & kept))
        self.pairs.take(self._wanted(self.live, bar))

    def _wanted(self, states: Sequence[_State], bar: float) -> np.ndarray:
        wanted = np.zeros((self.frame.outputs, len(self.block)), bool)
        for state in states:
            G = state.G if state.everywhere is None else state.everywhere[:, self.block.cols]
            wanted |= self._pulled(G, state.terms, self.block.cols, bar)
        return wanted

    def _pulled(self, G: np.ndarray, terms: LaneTerms, cols: np.ndarray, bar: float) -> np.ndarray:
        """Which pairs a score pulls beyond their threshold at strength ``bar``; whole columns where rows are one."""
        l1 = terms.l1[cols]
        if self.frame.rows:
            pulled = np.linalg.norm(G, axis=0) >= bar * l1
            return np.broadcast_to(pulled & np.isfinite(l1), G.shape)
        able = np.where(G > 0, terms.upper[cols] > 0, terms.lower[cols] < 0) | (l1 == 0)
        return (np.abs(G) >= bar * l1) & able & np.isfinite(l1)

    def _grow(self, cols: np.ndarray) -> bool:
        """Take columns into the block; coefficients of new ones are zero."""
        before = len(self.block)
        self.block.take(cols)
        new = len(self.block) - before
        for state in self.states:
            state.B = np.pad(state.B, ((0, 0), (0, len(self.block) - state.B.shape[1])))
            if new and state.everywhere is not None:
                state.G = state.everywhere[:, self.block.cols]
        return new > 0

    def _take_violators(self, states: Sequence[_State], s: float) -> bool:
        wanted = np.zeros(self.problem.p, bool)
        held = self.frame.held
        for state in states:
            assert state.everywhere is not None
            wanted[held] |= self._pulled(state.everywhere[:, held], state.terms, held, s * (1 + 1e-9)).any(
                axis=0
            )
        grown = self._grow(np.flatnonzero(wanted))
        if grown:
            self.pairs.take(self._wanted(states, s))
        return grown

    def _look_around(self, states: Sequence[_State]) -> None:
        """Scores of every column, for lanes whose block is not all of X."""
        K = self.frame.outputs
        if self.complete:
            scores = self.block.backward(np.concatenate([state.seen.R for state in states]))
        else:
            scores = self.block.everywhere(np.concatenate([state.seen.R for state in states]))
        for k, state in enumerate(states):
            own = scores[k * K : (k + 1) * K]
            state.everywhere = None if self.complete else own
            state.G = own if self.complete else own[:, self.block.cols]

    # ------------------------------------------------------------ steps

    def _models(self, waiting: Sequence[_State]) -> None:
        """Give every lane a Hessian that covers the pairs; make a new one where the last step was short."""
        short = [state for state in waiting if state.gap > SLOW * state.before]
        if self.shared is None or (short and not self.fresh):
            lead = self.live[0] if any(state is self.live[0] for state in waiting) else waiting[0]
            weights = self.problem.sample_weight / self.problem.n
            self.shared = Hessian(self.block, lead.seen.P, weights, self.sample.Z)
            self.fresh = True
            for state in self.states:
                state.own = None
        elif short:
            for state in short:
                state.own = Hessian(self.block, state.seen.P, state.terms.weights, self.sample.Z)
        self.shared.cover(self.pairs)
        self._each(lambda own: own.cover(self.pairs), [s.own for s in waiting if s.own is not None])

    def _step(self, state: _State, s: float) -> None:
        """The minimum of the quadratic model; the eliminated part follows."""
        assert self.shared is not None
        model, pairs = state.own or self.shared, self.pairs
        b, g = state.B[pairs.out, pairs.col], state.G[pairs.out, pairs.col]
        state.last = (state.B, state.E, state.seen.A)
        x = state.step.solve(model, pairs, self.block.cols, b, g, s, max(0.1 * self.tol, 1e-10))
        state.B = state.B.copy()
        state.B[pairs.out, pairs.col] = x
        follows = (model.inverse @ (model.cross @ (x - b))).reshape(state.seen.A.shape)
        state.start = state.seen.A - state.seen.t - follows

    def _advance(self, waiting: Sequence[_State], s: float) -> None:
        """One product forward, one look, one product back, for all lanes that moved."""
        K, used = self.frame.outputs, np.flatnonzero(self.pairs.inside.any(axis=0))
        E = self.block.forward(np.concatenate([state.B for state in waiting])) if len(used) else None

        def job(k: int) -> None:
            state = waiting[k]
            if E is not None:
                state.E = E[k * K : (k + 1) * K]
            self._search(state, s)

        self._each(job, range(len(waiting)))
        scores = self.block.backward(np.concatenate([state.seen.R for state in waiting]))
        for k, state in enumerate(waiting):
            state.G, state.everywhere = scores[k * K : (k + 1) * K], None
            state.before = state.gap
            self._judge(state, s)

    def _search(self, state: _State, s: float) -> None:
        """Shorten the step until the objective falls; predictors are linear in its length."""
        assert state.last is not None
        assert state.start is not None
        (B, E, A), start = state.last, state.start
        seen = state.seen
        for _ in range(30):
            seen = look(self.sample, state.terms.weights, state.E, start)
            value = seen.loss + s * penalty_value(state.B, state.terms, self.block.cols, self.frame.rows)
            if value <= state.objective * (1 + 1e-13) + 1e-15:
                break
            state.B, state.E, start = 0.5 * (state.B + B), 0.5 * (state.E + E), 0.5 * (start + A)
        state.seen = seen

    def _judge(self, state: _State, s: float) -> None:
        """The gap at a strength, over every column that was looked at."""
        cols = self.block.cols if state.everywhere is None else self.frame.held
        G = state.G if state.everywhere is None else state.everywhere[:, cols]
        B = state.B if state.everywhere is None else self._spread(state)
        terms, rows, seen = state.terms, self.frame.rows, state.seen
        primal = seen.loss + s * penalty_value(B, terms, cols, rows)
        state.objective = primal
        c = 1.0 / dual_ratio(G, s, terms, cols, rows)
        at_rest = -float(terms.weights @ self.sample.perfect)
        dual = (
            -c * seen.entropy
            - (1 - c) * at_rest
            + c * seen.on_offset
            - conjugate(c * G, B, s, terms, cols, rows)
        )
        size = max(primal, 1e-7 * np.log(len(B)))
        state.gap = min(max(primal - dual, 0.0), primal) / size if seen.feasible else primal / size


def check_classes(sample: Sample, problem: Problem, weights: Vector) -> None:
    """Refuse a training set without some class, unless all its coefficients are penalised."""
    if not sample.Z.shape[1]:
        return
    missing = np.flatnonzero(~(weights @ problem.y > 0))
    if len(missing):
        raise InputError(
            f"Class {missing[0]} (counted from 0) has no row with a positive weight in a training set, so nothing can "
            "be learned about it there. Use stratified folds, fewer folds, or leave rare classes out."
        )


def null_loss(problem: Problem, weights: Vector) -> float:
    """The mean loss of the intercepts alone."""
    loss: Any = problem.loss
    eta = problem.offset
    if problem.fit_intercept:
        eta = eta + loss.null_eta(problem.y, weights, problem.offset)
    return float(weights @ loss.value(problem.y, eta))

"""The rounds: lanes solve their next strengths on their working sets, one product X'R certifies all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..._typing import Vector
from ..local_convexity import locally_convex, marked
from ..newton.rounds import full_columns
from ..on_scale import OnScale
from ..partial import keeping
from ..result import LaneResult
from ..scores import centred_scores
from ..standard import inverse_scale
from ..work import Work
from .fallback import finish_on_products
from .lane import ProxLane, Solution
from .notes import Notes

__all__ = ["ProxRounds", "fit_prox_newton"]

LARGEST_BATCH, NUMBERS = 8, 4e6  # strengths of a round; and numbers that its residuals may take, a lane
DROP = 0.75  # a batch ends where strengths fall below this share of where it begins
LEAST = 0.5  # of a strength: the strong rule's threshold never falls below this share of it
SLACK = 1e-9  # a column outside that is pulled by less than this share of the strength is at its boundary
GAP_SHARE = 0.1  # of the tolerance for the violation where a gap is asked for: a gap adds up all violations


def fit_prox_newton(work: Work) -> list[list[LaneResult]]:
    """Fit every candidate on every lane, in lockstep.

    References
    ----------
    Lee, Sun and Saunders (2014), Proximal Newton-type methods for minimizing composite functions; Tibshirani et al.
    (2012), Strong rules for discarding predictors; Larsson, Bogdan and Wallin (2020), The strong screening rule for
    SLOPE.
    """
    fit = ProxRounds(work)
    with keeping(lambda inner: fit.results()):
        while fit.live:
            work.tick(fit.round())
    return fit.results()


class ProxRounds:
    """The state of one lockstep fit."""

    def __init__(self, work: Work) -> None:
        problem, lanes, tol = work.problem, work.lanes, work.tol
        self.problem, self.lanes, self.tol, self.team = problem, lanes, tol, work.team
        weights = np.array([lane.weights(problem) for lane in lanes])
        mean, deviation = problem.design.moments(weights)
        inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept, problem.unit)
        mean = mean * problem.fit_intercept
        store = full_columns(problem)
        self.rows: list[list[Notes]] = []
        for penalty, grid in work.pairs:
            strict = tol if penalty.polar(np.zeros(problem.p)) is None else GAP_SHARE * tol
            made = [
                ProxLane(problem, store, penalty, weights[f], mean[f], inverse[f], strict, tol)
                for f in range(len(lanes))
            ]
            notes = [
                Notes(problem, one, lane, grid, work.score) for one, lane in zip(made, lanes, strict=True)
            ]
            self.rows.append(notes)
        self.all = [notes for row in self.rows for notes in row]
        self.most = int(np.clip(NUMBERS / problem.n, 1, LARGEST_BATCH))
        self._start()

    def _start(self) -> None:
        R = np.column_stack([notes.lane.smooth.descent(notes.lane.eta) for notes in self.all])
        for notes, g in zip(self.all, self._gradients(self.all, R), strict=True):
            top = notes.lane.penalty.strength_max(g)
            notes.start(g, top if np.isfinite(top) else 0.0)

    @property
    def live(self) -> list[Notes]:
        """Lanes that have strengths left."""
        return [notes for notes in self.all if notes.live]

    def round(self) -> int:
        """Advance every live lane by a batch; returns how many strengths were accepted."""
        live = self.live
        batches = [self._batch(notes) for notes in live]
        for notes, batch in zip(live, batches, strict=True):
            notes.lane.admit(self._wanted(notes, batch))
        jobs = list(zip(live, batches, strict=True))
        solved = list(self.team.map(lambda job: job[0].lane.solve(job[1]), jobs))
        R = [one.descent for found in solved for one in found]
        owners = [notes for notes, found in zip(live, solved, strict=True) for _ in found]
        gradients = self._gradients(owners, np.column_stack(R)) if R else np.empty((0, self.problem.p))
        done, at = 0, 0
        for notes, found in zip(live, solved, strict=True):
            before = notes.reached
            if notes.lane.outgrown:
                finish_on_products(notes)
            else:
                self._accept(notes, found, gradients[at : at + len(found)])
            at += len(found)
            done += (notes.reached if notes.live else len(notes.grid)) - before
        return done

    def _batch(self, notes: Notes) -> Vector:
        ahead = notes.grid[notes.position : notes.position + min(notes.batch, self.most)]
        return ahead[: max(1, int(np.count_nonzero(ahead >= DROP * notes.strength)))]

    def _wanted(self, notes: Notes, batch: Vector) -> np.ndarray:
        """Columns that the strong rule takes in for a batch, and those that were missed."""
        lane, s = notes.lane, float(batch[-1])
        threshold = max(2 * s - notes.strength, LEAST * s)
        pulled = lane.whole.kkt(notes.coefs, notes.gradient, threshold) > 0
        return (pulled & ~lane.inside) | notes.missed

    def _accept(self, notes: Notes, found: list[Solution], gradients: np.ndarray) -> None:
        """Keep the longest run of strengths without a violator outside the working set."""
        accepted = 0
        for verdict, gradient in zip(notes.judge(found, gradients), gradients, strict=True):
            outside = verdict.violation > max(SLACK, 0.5 * notes.lane.strict) * notes.now
            outside &= ~notes.lane.inside
            weak = notes.lane.rough and float(verdict.violation.max()) > self.tol * notes.now
            if (weak or outside.any()) and not verdict.gap <= self.tol:
                notes.refuse(verdict, gradient, outside)
                notes.lane.distrusted = weak and not outside.any()
                break
            notes.accept(verdict, gradient)
            accepted += 1
            if not notes.live:
                break
        notes.batch = 2 * notes.batch if accepted == len(found) else max(1, accepted)

    def _gradients(self, owners: Sequence[Notes], R: np.ndarray) -> np.ndarray:
        """Gradients of the mean loss (m, p) on the lanes' penalised scales, for its descent on the rows R (n, m)."""
        means = np.array([notes.lane.mean for notes in owners])
        scores = centred_scores(self.problem.design, np.ascontiguousarray(R), means)
        return -scores * np.array([notes.lane.inverse for notes in owners])

    def results(self) -> list[list[LaneResult]]:
        """What every lane has found so far."""
        return [[self._result(notes) for notes in row] for row in self.rows]

    def _result(self, notes: Notes) -> LaneResult:
        own, weights = notes.lane.penalty, notes.lane.weights
        found = marked(self.problem, weights, own, notes.result(self.tol))
        if found.path is None or not isinstance(own, OnScale):
            return found
        convex = locally_convex(self.problem, weights, own.form, found.path)
        return replace(found, path=replace(found.path, convex=convex))

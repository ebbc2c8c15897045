"""A batch of strengths of every lane, moved together: many rows, read once a step for all of them.

The Hessian is taken in the middle of the batch and reused while the optimality conditions keep improving quickly,
because the gradient is exact: a stale Hessian costs iterations, not accuracy. Where folds share their rows with the
full data and n is large against the working set, one pass at the full fit's weights gives the Hessians of all folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from ..._typing import Vector
from ..atoms import label_rows
from ..columns import Columns
from ..problem import Lane, Problem
from ..rowwise import Rowwise
from ..threads import Workers
from .batch import Batch
from .borrowed import Borrowed, products, repaired
from .null import NullModels
from .steps import NEAR, Steps, grow, poor

__all__ = ["Together"]

STEPS = 60  # of a batch before it is certified as it stands
REFRESH = 4  # steps on one Hessian before a lane gets a fresh one of its own

Part = tuple[Batch, np.ndarray]  # a batch, and which of its strengths


class Together:
    """Newton's method on many rows."""

    def __init__(
        self,
        problem: Problem,
        columns: Columns,
        rowwise: Rowwise,
        tol: float,
        team: Workers,
        lanes: Sequence[Lane],
    ) -> None:
        self.problem, self.columns, self.tol, self.team = problem, columns, tol, team
        self.rowwise = rowwise
        self.rows = shared_rows(problem, lanes)
        self.minus_weights = np.ascontiguousarray(-np.column_stack([lane.weights(problem) for lane in lanes]))

    def solve(self, batches: Sequence[Batch], null: NullModels) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and gradients into the batches -> predictors and weighted residuals, a column a strength."""
        count = sum(len(batch) for batch in batches)
        E, R = np.empty((self.problem.n, count)), np.empty((self.problem.n, count))
        steps = {batch: Steps(batch) for batch in batches}
        self._predict(steps)
        for step in range(STEPS):
            narrow = step > 2 * REFRESH  # one strength a lane, on a fresh Hessian every step: plain Newton
            live = [(batch, np.flatnonzero(batch.live)) for batch in batches if batch.live.any()]
            live = [(batch, which[:1] if narrow else which) for batch, which in live]
            if not live:
                break
            descents = self._sweep(live, E, R)
            again: list[Part] = []
            for (batch, which), descent in zip(live, descents, strict=True):
                retry = self._judge(steps[batch], which, descent, E[:, batch.span])
                again.append((batch, which[batch.live[which] & ~retry[which]]))
                batch.steps += 1
            again = [(batch, which) for batch, which in again if len(which)]
            if step == STEPS - 1:
                self._settle(live, E, R)
                break
            if narrow or (step and step % REFRESH == 0):  # the middle of what is left: the slow
                self._renew([(steps[batch], which[len(which) // 2]) for batch, which in again], E, alone=True)
            elif step == 1:
                self._renew_ends([(steps[batch], which) for batch, which in again if poor(batch, which)], E)
            list(self.team.map(lambda part: steps[part[0]].step(part[1]), again))
        return E, R

    # ------------------------------------------------------------------ first guesses

    def _predict(self, steps: dict[Batch, Steps]) -> None:
        """What the quadratic model says, taken from the last accepted solution.

        Its Hessian is that of the batch's middle, where a straight line in the strength through the last two predictors
        leads: the mean curvature on the way to the batch's far end. (Letting one lane lead and guessing the others from
        its solutions was tried: 16 to 90 % more steps.)
        """
        wanted = []
        for batch, step in steps.items():
            grow(batch)
            wanted.append((step, self._ahead(batch, len(batch) // 2)))
        self._hessians(wanted, alone=False)
        list(self.team.map(lambda step: step.from_base(), steps.values()))

    def _ahead(self, batch: Batch, k: int) -> Vector:
        """Where a straight line in the strength through the predictors of the last two solutions leads."""
        front = batch.front
        if front.eta is None:
            B = np.zeros((self.columns.width, 1))
            B[batch.positions, 0] = batch.b[k] * batch.scale
            return self.columns.matmat(B)[:, 0] + self.problem.offset
        run = front.strength_before - front.strength_now
        if front.eta_before is None or run <= 0:
            return front.eta
        return front.eta + (front.strength_now - batch.strengths[k]) / run * (front.eta - front.eta_before)

    def passed(self, batch: Batch, count: int, E: np.ndarray) -> None:
        """Note that the first strengths of a batch stand: the next one begins there."""
        front = batch.front
        front.core.keep(count - 1)
        front.eta_before = E[:, batch.first + count - 2].copy() if count > 1 else front.eta
        front.eta = E[:, batch.first + count - 1].copy()

    # ------------------------------------------------------------------ Hessians

    def _renew(self, wanted: list[tuple[Steps, int]], E: np.ndarray, alone: bool) -> None:
        """Hessians where some strengths stand."""
        for step, slot in wanted:
            step.at = float(step.batch.strengths[slot])
        self._hessians([(step, E[:, step.batch.first + slot]) for step, slot in wanted], alone)

    def _renew_ends(self, far: list[tuple[Steps, np.ndarray]], E: np.ndarray) -> None:
        """Hessians at the far end of batches, and before that in the middle: both together tell how they turn.

        The one in the middle was made where a straight line led, which early on a path is not where the solution is.
        """
        apart = [
            (step, slots[len(slots) // 2])
            for step, slots in far
            if step.turns(slots[len(slots) // 2], slots[-1])
        ]
        self._renew(apart, E, alone=False)
        self._renew([(step, slots[-1]) for step, slots in far], E, alone=False)

    def _hessians(self, wanted: list[tuple[Steps, Vector]], alone: bool) -> None:
        """Fresh Hessians at the given predictors: of each lane its own, or of all folds from one pass."""
        if not wanted:
            return
        width = max(len(step.batch.positions) for step, _ in wanted)
        many = self.rows is not None and self.problem.n >= 5 * width
        own: list[tuple[Steps, Vector]] = []
        for group in neighbours(wanted) if many and not alone else [[item] for item in wanted]:
            if len(group) > 1:
                self._shared_hessians(group)
            else:
                own += group
        list(self.team.map(self._own_hessian, own))

    def _own_hessian(self, item: tuple[Steps, Vector]) -> None:
        step, eta = item
        weights = step.batch.front.weights * self._curvature(eta)
        step.install(self.columns.gram(weights, step.batch.positions))

    def _shared_hessians(self, wanted: list[tuple[Steps, Vector]]) -> None:
        """One pass at the weights of the lane with most rows; every lane adds up the blocks of its own rows."""
        assert self.rows is not None
        kinds, uses, totals = self.rows
        _, eta = max(wanted, key=lambda item: totals[item[0].batch.front.lane])
        bend = self.problem.sample_weight * self._curvature(eta)
        union = np.unique(np.concatenate([step.batch.positions for step, _ in wanted]))
        blocks = self.columns.grams(bend, union, kinds, self.team)
        total = cast("np.ndarray", sum(blocks))
        lent = {step: self._borrowed(step, own) for step, own in wanted if own is not eta}
        known = dict(zip(lent, products(self.columns, list(lent.values()), self.team), strict=True))

        def spread(item: tuple[Steps, Vector]) -> None:
            step, _ = item
            use = uses[step.batch.front.lane]
            out = np.flatnonzero(use == 0)
            if (use <= 1).all() and len(out) <= len(use) / 2:
                H = total - sum(blocks[a] for a in out) if len(out) else total
            else:
                H = cast("np.ndarray", sum(float(use[a]) * blocks[a] for a in np.flatnonzero(use)))
            pick = np.searchsorted(union, step.batch.positions)
            H = H[np.ix_(pick, pick)] / totals[step.batch.front.lane]
            step.install(repaired(H, lent[step].directions, known[step]) if step in lent else H)

        list(self.team.map(spread, wanted))

    def _borrowed(self, step: Steps, eta: Vector) -> Borrowed:
        """Directions in which a lane asks for its own curvature: the intercept, coefficients, and where they go."""
        batch, front = step.batch, step.batch.front
        last, way = batch.b[0], np.zeros(batch.b.shape[1])
        if front.earlier is not None:
            way = front.base - np.pad(front.earlier, (0, len(front.base) - len(front.earlier)))
        V = np.column_stack([np.eye(len(last))[:, : batch.shift], last * batch.scale, way * batch.scale])
        return Borrowed(batch.positions, V, front.weights * self._curvature(eta))

    def _curvature(self, eta: Vector) -> Vector:
        # Rows whose class is certain weigh nothing; a floor keeps the model bounded along them.
        return np.maximum(self.rowwise.curvature(self.problem.y, eta), 1e-9)

    # ------------------------------------------------------------------ looking at the gradient

    def _sweep(self, live: list[Part], E: np.ndarray, R: np.ndarray) -> list[np.ndarray]:
        """One reading of the columns: predictors and residuals into E and R -> minus the gradients of every part."""
        columns = np.concatenate([batch.first + which for batch, which in live]).astype(np.int32)
        lanes = np.concatenate([np.full(len(which), batch.front.lane) for batch, which in live]).astype(
            np.int32
        )
        B = np.zeros((self.columns.width, len(columns)))
        spans, at = [], 0
        for batch, which in live:
            spans.append(slice(at, at + len(which)))
            at += len(which)
            B[batch.positions, spans[-1]] = (batch.b[which] * batch.scale).T

        bends: list[np.ndarray] = []  # of every block of rows

        def residual(rows: slice, eta: np.ndarray) -> np.ndarray:
            weights = self.minus_weights[rows]
            y, offset = self.problem.y[rows], self.problem.offset[rows]
            own = np.zeros((2, len(columns)))
            bends.append(own)
            return self.rowwise.residual(y, offset, weights, lanes, columns, eta, E[rows], R[rows], own)

        G = self.columns.sweep(B, residual, self.team)
        means, tops = np.sum(bends, axis=0)[0], np.max(bends, axis=0)[1]
        for (batch, which), span in zip(live, spans, strict=True):
            batch.bent(which, means[span], tops[span])
        return [
            np.ascontiguousarray((G[batch.positions, span] * batch.scale[:, None]).T)
            for (batch, _), span in zip(live, spans, strict=True)
        ]

    def _settle(self, left: list[Part], E: np.ndarray, R: np.ndarray) -> None:
        """Strengths that are given up are certified where they stand, which may be half a step back."""
        for (batch, which), descent in zip(left, self._sweep(left, E, R), strict=True):
            batch.descent[which] = descent
            batch.error[which] = batch.errors(which, descent)

    def _judge(self, step: Steps, which: np.ndarray, descent: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """Note gradients and errors: finished strengths stop, and a step that went too far is taken back by half."""
        batch = step.batch
        retry = np.zeros(len(batch), bool)
        errors = batch.errors(which, descent)
        near = np.flatnonzero((errors <= 0.3 * self.tol) & np.isnan(batch.bend[which]))
        if len(
            near
        ):  # what the intercept leaves open is judged by the curvature where it is, not where it was
            batch.take_bend(self.rowwise, self.problem.y, which[near], eta[:, which[near]])
            errors[near] = batch.errors(which[near], descent[near])
        doubtful = np.flatnonzero(~(errors <= 0.5 * batch.error[which]))  # look at the objective
        found = self._objectives(batch, which[doubtful], eta[:, which[doubtful]])
        for k, objective in zip(doubtful, found, strict=True):
            slot = which[k]
            if objective <= step.objective[slot] * (1 + 1e-12) + 1e-300:
                step.objective[slot] = objective
            else:
                batch.b[slot] = 0.5 * (batch.b[slot] + step.previous[slot])
                retry[slot] = not np.allclose(batch.b[slot], step.previous[slot], rtol=1e-14, atol=1e-300)
        good = ~retry[which]
        batch.error[which[good]], batch.descent[which[good]] = errors[good], descent[good]
        # The gap is at most this share of the penalty's part of the objective.
        batch.live[which[good & (errors <= 0.3 * self.tol)]] = False
        return retry

    def _objectives(self, batch: Batch, which: np.ndarray, eta: np.ndarray) -> Vector:
        weights, own = batch.front.weights[:, None], np.zeros(len(which), np.int64)
        losses = self.rowwise.means(self.problem.y, weights, own, eta) if len(which) else np.zeros(0)
        return losses + batch.strengths[which] * batch.penalty(batch.b[which])


def neighbours(wanted: list[tuple[Steps, Vector]]) -> list[list[tuple[Steps, Vector]]]:
    """Lanes of one candidate that are at about the same strength: the curvatures of others would mislead."""
    groups: list[list[tuple[Steps, Vector]]] = []
    for item in wanted:
        candidate, strength = item[0].place
        for group in groups:
            other, theirs = group[0][0].place
            if candidate == other and abs(np.log(strength / theirs)) < NEAR:
                group.append(item)
                break
        else:
            groups.append([item])
    return groups


def shared_rows(
    problem: Problem, lanes: Sequence[Lane]
) -> tuple[list[np.ndarray], np.ndarray, Vector] | None:
    """Rows that all lanes treat alike, how often each lane uses each kind, and every lane's total weight.

    None where there are too many kinds.
    """
    label, first = label_rows(problem.n, lanes)
    if not 1 < len(first) <= 2 * len(lanes) + 2:
        return None
    order = np.argsort(label, kind="stable")
    kinds = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    counts = [np.bincount(lane.train, minlength=problem.n) for lane in lanes]
    return (
        kinds,
        np.array([c[first] for c in counts]),
        np.array([(c * problem.sample_weight).sum() for c in counts]),
    )

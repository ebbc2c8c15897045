"""Newton's method for a batch of strengths of one lane, on its working set.

One Hessian, taken where a straight line through the last solutions leads for the middle of the batch, serves all its
strengths: the gradient is exact at every look, so a stale Hessian costs looks, not accuracy. A look at all strengths of
a batch together is two products with the working set and a few cumulative sums.
"""

from __future__ import annotations

import numpy as np

from ..._typing import Vector
from ..newton.batch import Batch, violations
from ..newton.together import Steps, grow, straight
from .ground import Ground

__all__ = ["CoxBatch", "solve"]

STEPS = 60  # of a batch before it is certified as it stands
REFRESH = 5  # steps on one Hessian before the slow ones get a fresh one
FLOOR = 1e-9  # curvature that no column falls short of, on the standardised scale
TARGET = 0.5  # share of the tolerance that a violation may have: the gap is at most that share of the penalty's part


class CoxBatch(Batch):
    """There is no intercept, and what free columns leave open is measured against their own curvature."""

    loose: Vector  # (w,) what violations of free columns count, 1 for all others

    def errors(self, which: np.ndarray, descent: np.ndarray) -> Vector:
        """Largest violations of the optimality conditions on the working set, relative to the unit."""
        counted = descent * self.loose if (self.loose != 1).any() else descent
        found = violations(self.b[which], counted, self.strengths[which], *self.terms)
        return found / self.unit[which]


class Looks:
    """The points of a batch: predictors, values and residuals, a column a strength."""

    def __init__(self, ground: Ground, batch: CoxBatch, Z: np.ndarray) -> None:
        self.ground, self.batch, self.Z = ground, batch, Z
        shape = (len(ground.rows), len(batch))
        self.eta, self.residual = np.empty(shape), np.empty(shape)
        self.value = np.full(len(batch), np.inf)
        self.stale = np.ones(len(batch), bool)  # moved since they were looked at

    def predictor(self, b: np.ndarray) -> np.ndarray:
        """Predictors of rows of b, (r, m)."""
        active = np.flatnonzero(b.any(axis=0))
        if 2 * len(active) < b.shape[1]:
            return self.Z[:, active] @ b[:, active].T + self.ground.offset[:, None]
        return self.Z @ b.T + self.ground.offset[:, None]

    def look(self, which: np.ndarray) -> np.ndarray:
        """Minus the exact gradients (m, w) at the points of some strengths."""
        likelihood = self.ground.likelihood
        eta = self.predictor(self.batch.b[which])
        at = likelihood.at(eta)
        residual = -likelihood.gradient(at)
        self.eta[:, which], self.residual[:, which] = eta, residual
        self.value[which], self.stale[which] = at.value, False
        return np.ascontiguousarray((self.Z.T @ residual).T)

    def install(self, step: Steps, b: Vector) -> None:
        """The Hessian at a point, into the core."""
        likelihood = self.ground.likelihood
        H = likelihood.hessian(likelihood.at(self.predictor(b[None, :])), self.Z)
        bend = np.diag(H).copy()
        H[np.diag_indices_from(H)] += FLOOR
        l1, l2, _, _ = self.batch.terms
        free = (l1 == 0) & (l2 == 0)
        self.batch.loose = np.where(free, np.maximum(1.0, 1.0 / np.sqrt(np.maximum(bend, FLOOR))), 1.0)
        step.install(H)


def solve(ground: Ground, batch: CoxBatch, Z: np.ndarray, tol: float) -> Looks:
    """Move the batch to its solutions; coefficients, descents and errors are the batch's, the rest comes back."""
    batch.loose = np.ones(batch.b.shape[1])
    looks, every = Looks(ground, batch, Z), np.arange(len(batch))
    step = Steps(batch)
    if not batch.b.shape[1]:
        batch.descent, batch.error[:], batch.live[:] = looks.look(every), 0.0, False
        return looks
    grow(batch)
    looks.install(step, straight(batch, len(batch) // 2))
    _from_base(looks, step)
    for count in range(STEPS):
        which = np.flatnonzero(batch.live)
        if not len(which):
            break
        if count > 3 * REFRESH:  # one strength, on a fresh Hessian every step: plain Newton
            which = which[:1]
        again = _judge(looks, step, which, tol)
        batch.steps += 1
        if len(again) and count and (count % REFRESH == 0 or count > 3 * REFRESH):
            looks.install(step, batch.b[again[len(again) // 2]])
        if len(again):
            step.step(again)
            looks.stale[again] = True
    _settle(looks)
    return looks


def _from_base(looks: Looks, step: Steps) -> None:
    """The first step of all strengths, from the last accepted solution."""
    batch, every = looks.batch, np.arange(len(looks.batch))
    batch.descent[:] = looks.look(every[:1])
    batch.error = batch.errors(every, batch.descent)
    step.objective = looks.value[0] + batch.strengths * batch.penalty(batch.b)
    step.step(every)
    step.mixable[:] = False
    looks.stale[:] = True


def _judge(looks: Looks, step: Steps, which: np.ndarray, tol: float) -> np.ndarray:
    """Look at some strengths: solved ones stop, a step that went too far is taken back by half; the rest go on."""
    batch = looks.batch
    descent = looks.look(which)
    errors = batch.errors(which, descent)
    objective = looks.value[which] + batch.strengths[which] * batch.penalty(batch.b[which])
    worse = ~(errors <= 0.5 * batch.error[which]) & ~(
        objective <= step.objective[which] * (1 + 1e-12) + 1e-300
    )
    worse &= ~(errors <= TARGET * tol)
    for slot in which[worse]:
        batch.b[slot] = 0.5 * (batch.b[slot] + step.previous[slot])
        looks.stale[slot] = True
    good = which[~worse]
    step.objective[good], batch.error[good] = objective[~worse], errors[~worse]
    batch.descent[good] = descent[~worse]
    batch.live[good] = errors[~worse] > TARGET * tol
    stuck = [
        slot
        for slot in which[worse]
        if np.allclose(batch.b[slot], step.previous[slot], rtol=1e-14, atol=1e-300)
    ]
    batch.live[stuck] = False
    return good[batch.live[good]]


def _settle(looks: Looks) -> None:
    """Strengths that were given up are certified where they stand, which may be half a step back."""
    batch, left = looks.batch, np.flatnonzero(looks.stale)
    if len(left):
        batch.descent[left] = looks.look(left)
        batch.error[left] = batch.errors(left, batch.descent[left])

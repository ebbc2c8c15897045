"""The moves of one batch: its model in the core, which turns with the strength, and the last point of every strength.

A Hessian is made for one strength of a batch. What it was at the last one tells how it turns on the way; by that the
core's answers are corrected: a Hessian that only turns costs two small products, a new one a pass over all rows.
"""

from __future__ import annotations

import numpy as np

from ..._typing import Vector
from .batch import Batch

__all__ = ["NEAR", "Steps", "grow", "poor"]

NEAR = 0.2  # distance of log strengths at which lanes share a Hessian, and within which two do not tell how it turns
TURNS = 2  # times the core's answer is corrected for a Hessian that turns with the strength
POOR = 1e-4  # error that the second look should not find at a batch's far end
NARROW = 64  # columns of which a Hessian costs about as much as a look at eight strengths


class Steps:
    """The moves of one batch: its model in the core, and the last point of every strength."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.previous = batch.b.copy()
        self.last_start, self.last_new = batch.b.copy(), batch.b.copy()
        self.mixable = np.zeros(len(batch), bool)
        self.at = float(batch.strengths[len(batch) // 2])  # the strength that the Hessian is made for
        self.turn: np.ndarray | None = None
        self.objective = batch.front.loss + batch.strengths * batch.penalty(batch.b)
        batch.front.core.open(len(batch))

    @property
    def place(self) -> tuple[int, float]:
        """Candidate, and the strength in the middle."""
        return self.batch.front.candidate, float(self.batch.strengths[len(self.batch) // 2])

    def install(self, H: np.ndarray) -> None:
        """A new Hessian, on the common scale."""
        self.mixable[:] = False  # answers under another Hessian do not mix
        H *= self.batch.scale
        H *= self.batch.scale[:, None]
        self.hessian = H
        self.batch.front.core.replace(np.asfortranarray(H))
        self._bend(H)

    def turns(self, near: int, far: int) -> bool:
        """Whether Hessians at two strengths of the batch tell how they turn."""
        s = self.batch.strengths
        return bool(s[near] - s[far] > NEAR * s[far])

    def _bend(self, H: np.ndarray) -> None:
        """How the Hessian turns with the strength: from this one and the last one of the lane."""
        front, s = self.batch.front, self.at
        old, run = front.hessian, front.hessian_at - s
        self.turn = None
        if old is not None and run > NEAR * s:
            size = len(old)
            self.turn = np.zeros_like(H)
            self.turn[:size, :size] = (old - H[:size, :size]) / run
        if self.turn is not None or old is None or run == 0:
            front.hessian, front.hessian_at = H, s

    def from_base(self) -> None:
        """The first step, from the last accepted solution."""
        batch, front = self.batch, self.batch.front
        batch.descent[:, batch.shift :] = front.now[front.columns]
        batch.descent[:, : batch.shift] = 0.0
        every = np.arange(len(batch))
        batch.error = batch.errors(
            every, batch.descent
        )  # a first step that is not clearly better is looked at too
        self.step(every, 0.5 * (batch.strengths + batch.front.strength_now))
        self.mixable[:] = False

    def step(self, which: np.ndarray, at: Vector | None = None) -> None:
        """One Newton step of some strengths, from batch.b along the model; its Hessian is that of strengths ``at``."""
        batch = self.batch
        start = np.ascontiguousarray(batch.b[which])
        new = self._solve(which, start, batch.descent[which])
        away = ((batch.strengths if at is None else at)[which] - self.at)[:, None]
        for _ in range(TURNS if self.turn is not None else 0):
            # What the core's Hessian lacks of the strength's own changes the gradient where the answer is.
            pull = batch.descent[which] - (new - start) @ self.hessian - away * ((new - start) @ self.turn)
            new = self._solve(which, new, pull)
        self.previous[which] = start
        moved = self._accelerate(which, start, new)
        _, _, lower, upper = batch.terms
        moved[:, batch.shift :] = np.clip(
            moved[:, batch.shift :], lower, upper
        )  # mixing looks beyond the points it mixes
        batch.b[which] = moved

    def _solve(self, which: np.ndarray, start: np.ndarray, descent: np.ndarray) -> np.ndarray:
        m, w = start.shape
        new, grad, kkt, ok = np.empty((m, w)), np.empty((m, w)), np.empty(m), np.empty(m, np.uint8)
        strengths = np.ascontiguousarray(self.batch.strengths[which])
        self.batch.front.core.newton(
            which.astype(np.int32), strengths, start, np.ascontiguousarray(descent), new, grad, kkt, ok
        )
        return new

    def _accelerate(self, which: np.ndarray, start: np.ndarray, new: np.ndarray) -> np.ndarray:
        """Anderson's mixing of depth one: steps on a stale Hessian shrink steadily, so two tell where they lead.

        Only while the support stays the same and no sign flips; a bad guess is caught by the next look at the gradient.
        """
        last_start, last_new, known = self.last_start[which], self.last_new[which], self.mixable[which]
        self.last_start[which], self.last_new[which], self.mixable[which] = start, new, True
        if not known.any():
            return new
        step = new - start
        change = step - (last_new - last_start)
        size = np.einsum("mw,mw->m", change, change)
        share = np.divide(np.einsum("mw,mw->m", step, change), size, out=np.zeros_like(size), where=size > 0)
        mixed = new - np.clip(share, -0.5, 0.5)[:, None] * (new - last_new)
        good = (
            known & (size > 0) & ((new != 0) == (last_new != 0)).all(axis=1) & (mixed * new >= 0).all(axis=1)
        )
        return np.where(good[:, None], mixed, new)


def poor(batch: Batch, which: np.ndarray) -> bool:
    """Whether the far end of a batch is so far from its solution that one more Hessian, there, pays off."""
    return len(which) > 2 and len(batch.positions) <= NARROW and bool(batch.error[which[-1]] > POOR)


def grow(batch: Batch) -> None:
    """Room in the core for columns that are new to the working set; their numbers come with the next Hessian."""
    core, size = batch.front.core, len(batch.positions)
    fresh = size - len(core)
    if fresh:
        core.append(np.zeros((size, fresh), order="F"))
    core.terms(*batch.all_terms)

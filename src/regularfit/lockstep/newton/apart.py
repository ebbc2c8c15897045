"""Lanes that go down their strengths by themselves, in the core: X is sparse, or its rows fit the cache.

Nothing is gained there by reading X for several lanes at once, and much is lost in Python between short steps. The
strengths of a sparse lane go side by side, each from the straight line through the last two solutions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ... import _core
from ..._typing import Vector
from ..columns import DenseColumns, SparseTaken
from ..problem import Problem
from ..rowwise import Rowwise
from ..threads import Workers
from .batch import Batch
from .null import NullModels

__all__ = ["Apart", "ahead"]

LOOKS = 60  # at the gradient, for one strength


class Apart:
    """One call of the core a lane and round."""

    def __init__(
        self,
        problem: Problem,
        columns: DenseColumns | SparseTaken,
        rowwise: Rowwise,
        tol: float,
        team: Workers,
    ) -> None:
        self.problem, self.columns, self.rowwise, self.tol, self.team = problem, columns, rowwise, tol, team

    def solve(self, batches: Sequence[Batch], null: NullModels) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and gradients into the batches -> predictors and weighted residuals, a column a strength."""
        count = sum(len(batch) for batch in batches)
        E, R = np.empty((self.problem.n, count)), np.empty((self.problem.n, count))
        done = list(self.team.map(lambda batch: self._solve(batch, null, E, R), batches))
        kept = np.concatenate([batch.first + np.arange(k) for batch, k in zip(batches, done, strict=True)])
        for batch, k, first in zip(batches, done, np.cumsum([0, *done[:-1]]), strict=True):
            batch.error[:k] = batch.errors(np.arange(k), batch.descent[:k])
            batch.live[:] = False  # what is not solved now will not be by asking again
            batch.keep(k, int(first))
        if len(kept) < count:  # row by row, as products with sparse columns read them
            E, R = np.ascontiguousarray(E[:, kept]), np.ascontiguousarray(R[:, kept])
        return E, R

    def _solve(self, batch: Batch, null: NullModels, E: np.ndarray, R: np.ndarray) -> int:
        """How many strengths of the batch were done."""
        if isinstance(self.columns, DenseColumns):
            return self._dense(self.columns, batch, null, E, R)
        front, x = batch.front, self.columns.design.core
        start, batch.b = np.ascontiguousarray(batch.b[0]), ahead(batch)
        data = start, self.problem.y, self.problem.offset, front.weights
        job = self._job(batch, null, data, (E, R, batch.first))
        scale: Vector = front.inverse[front.columns]
        return _core.newton_sparse(x, front.columns, scale, bool(batch.shift), self.rowwise.core, job)

    def _dense(
        self, columns: DenseColumns, batch: Batch, null: NullModels, E: np.ndarray, R: np.ndarray
    ) -> int:
        block, positions, rows = columns.block, batch.positions, batch.front.rows
        start, batch.b = np.ascontiguousarray(batch.b[0]), np.empty(batch.b.shape)
        data = start, self.problem.y, self.problem.offset, batch.front.weights
        if rows is None:
            job = self._job(batch, null, data, (E, R, batch.first))
            return _core.newton_dense(block, positions, batch.scale, self.rowwise.core, job)
        # A copy of the lane's own rows and columns is small beside the looks at them.
        e, r = np.empty((len(rows), len(batch))), np.empty((len(rows), len(batch)))
        job = self._job(batch, null, (start, *(part[rows] for part in data[1:])), (e, r, 0))
        block = np.asfortranarray(block.T[positions][:, rows].T)
        done = _core.newton_dense(block, np.arange(len(positions)), batch.scale, self.rowwise.core, job)
        # Nobody asks for the other rows.
        E[:, batch.span], R[:, batch.span] = self.problem.offset[:, None], 0.0
        E[rows, batch.span], R[rows, batch.span] = e, r
        return done

    def _job(
        self,
        batch: Batch,
        null: NullModels,
        data: tuple[Vector, ...],
        into: tuple[np.ndarray, np.ndarray, int],
    ) -> tuple[object, ...]:
        """What the core asks for; answers go into the batch, and the columns of E and R from ``into[2]`` on.

        ``data`` are where to start, y, offset and weights.
        """
        front, (start, *own) = batch.front, data
        batch.descent = np.empty(batch.b.shape)
        return (
            *own,
            *batch.all_terms,
            *(batch.scale, np.concatenate([np.zeros(batch.shift), front.norm[front.columns]]), batch.level),
            max(1.0, batch.room.sharp),
            *(start, batch.strengths, batch.unit),
            *(0.3 * self.tol, 0.1 * self.tol * front.objective),
            *(null.loss_floor(front.lane, self.problem.saturation), LOOKS),
            *(batch.b, batch.descent, np.empty(len(batch)), *into),
        )


def ahead(batch: Batch) -> np.ndarray:
    """Where the strengths of a batch begin, (m, w): on the line through the last two solutions, up to a zero."""
    front, base, shift = batch.front, batch.b[0], batch.shift
    step = front.strength_before - front.strength_now
    if front.earlier is None or not step > 0:
        return batch.b.copy()
    away = base.copy()
    away[: len(front.earlier)] -= front.earlier
    start = base + np.outer((front.strength_now - batch.strengths) / step, away)
    beta, (_, _, lower, upper) = start[:, shift:], batch.terms
    beta[beta * base[shift:] <= 0] = 0.0
    np.clip(beta, lower, upper, out=beta)
    return start

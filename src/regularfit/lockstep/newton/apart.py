"""Lanes that go down their strengths by themselves, in the core: X is sparse, or its rows fit the cache.

Nothing is gained there by reading X for several lanes at once, and much is lost in Python between short steps.
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

__all__ = ["Apart"]

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
        done = list(self.team.map(lambda batch: self._lane(batch, null, E, R), batches))
        kept = np.concatenate([batch.first + np.arange(k) for batch, k in zip(batches, done, strict=True)])
        for batch, k, first in zip(batches, done, np.cumsum([0, *done[:-1]]), strict=True):
            batch.keep(k, int(first))
        if len(kept) < count:  # row by row, as products with sparse columns read them
            E, R = np.ascontiguousarray(E[:, kept]), np.ascontiguousarray(R[:, kept])
        return E, R

    def _lane(self, batch: Batch, null: NullModels, E: np.ndarray, R: np.ndarray) -> int:
        rows = batch.front.rows
        if rows is None or not isinstance(self.columns, DenseColumns):
            data = self.problem.y, self.problem.offset, batch.front.weights
            return self._solve(batch, null, data, (E, R, batch.first), None)
        data = self.problem.y[rows], self.problem.offset[rows], batch.front.weights[rows]
        e, r = np.empty((len(rows), len(batch))), np.empty((len(rows), len(batch)))
        done = self._solve(batch, null, data, (e, r, 0), rows)
        E[:, batch.span], R[:, batch.span] = (
            self.problem.offset[:, None],
            0.0,
        )  # nobody asks for the other rows
        E[rows, batch.span], R[rows, batch.span] = e, r
        return done

    def _solve(
        self,
        batch: Batch,
        null: NullModels,
        data: tuple[Vector, Vector, Vector],
        into: tuple[np.ndarray, np.ndarray, int],
        rows: np.ndarray | None,
    ) -> int:
        front, (m, w) = batch.front, batch.b.shape
        B, G, error = np.empty((m, w)), np.empty((m, w)), np.empty(m)
        job = (
            *data,
            *batch.all_terms,
            *(batch.scale, np.concatenate([np.zeros(batch.shift), front.norm[front.columns]]), batch.level),
            max(1.0, batch.room.sharp),
            *(np.ascontiguousarray(batch.b[0]), batch.strengths, batch.unit),
            *(0.3 * self.tol, 0.1 * self.tol * front.objective),
            *(null.loss_floor(front.lane, self.problem.saturation), LOOKS),
            *(B, G, error, *into),
        )
        done = self._call(batch, job, rows)
        batch.b, batch.descent = B, G
        batch.error[:done] = batch.errors(np.arange(done), G[:done])
        batch.live[:] = False  # what is not solved now will not be by asking again
        return done

    def _call(self, batch: Batch, job: tuple[object, ...], rows: np.ndarray | None) -> int:
        if isinstance(self.columns, DenseColumns):
            block, positions = self.columns.block, batch.positions
            if (
                rows is not None
            ):  # a copy of the lane's own rows and columns is small beside the looks at them
                block = np.asfortranarray(block.T[positions][:, rows].T)
                positions = np.arange(len(positions))
            return _core.newton_dense(block, positions, batch.scale, self.rowwise.core, job)
        cols, shift = batch.front.columns, batch.shift
        scale: Vector = batch.front.inverse[cols]
        return _core.newton_sparse(self.columns.design.core, cols, scale, bool(shift), self.rowwise.core, job)

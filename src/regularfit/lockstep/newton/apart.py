"""Lanes that go down their strengths by themselves, in the core: X is sparse, or its rows fit the cache.

Dense lanes gain nothing from reading X for several at once, and would lose much in Python between short steps. Sparse ones
go eight side by side on one panel of vectors: other folds, or other strengths of a fold from the same starting point.
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
ABREAST = 8  # sparse lanes on a panel


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
        done = self._solve(batches, null, E, R)
        kept = np.concatenate([batch.first + np.arange(k) for batch, k in zip(batches, done, strict=True)])
        for batch, k, first in zip(batches, done, np.cumsum([0, *done[:-1]]), strict=True):
            batch.error[:k] = batch.errors(np.arange(k), batch.descent[:k])
            batch.live[:] = False  # what is not solved now will not be by asking again
            batch.keep(k, int(first))
        if len(kept) < count:  # row by row, as products with sparse columns read them
            E, R = np.ascontiguousarray(E[:, kept]), np.ascontiguousarray(R[:, kept])
        return E, R

    def _solve(
        self, batches: Sequence[Batch], null: NullModels, E: np.ndarray, R: np.ndarray
    ) -> list[int]:
        """How many strengths of each batch were done."""
        columns = self.columns
        if isinstance(columns, DenseColumns):
            return list(self.team.map(lambda batch: self._dense(columns, batch, null, E, R), batches))
        shares = min(len(batches), self.team.threads)  # a thread each
        parts = [batches[len(batches) * k // shares : len(batches) * (k + 1) // shares] for k in range(shares)]
        found = self.team.map(lambda part: self._sparse(columns, part, null, E, R), parts)
        return [done for part in found for done in part]

    def _sparse(
        self, columns: SparseTaken, batches: Sequence[Batch], null: NullModels, E: np.ndarray, R: np.ndarray
    ) -> list[int]:
        """Lanes on one panel, each in as many runs of strengths as fill it."""
        runs = max(1, ABREAST // len(batches))
        data = self.problem.y, self.problem.offset
        lanes = [
            (
                columns.place[batch.front.columns] - columns.shift,
                batch.front.inverse[batch.front.columns],
                runs,
                self._job(batch, null, (*data, batch.front.weights), (E, R, batch.first)),
            )
            for batch in batches
        ]
        return _core.newton_sparse(
            columns.design.core, columns.taken, bool(columns.shift), self.rowwise.core, lanes
        )

    def _dense(
        self, columns: DenseColumns, batch: Batch, null: NullModels, E: np.ndarray, R: np.ndarray
    ) -> int:
        block, positions, rows = columns.block, batch.positions, batch.front.rows
        data = self.problem.y, self.problem.offset, batch.front.weights
        if rows is None:
            job = self._job(batch, null, data, (E, R, batch.first))
            return _core.newton_dense(block, positions, batch.scale, self.rowwise.core, job)
        # A copy of the lane's own rows and columns is small beside the looks at them.
        e, r = np.empty((len(rows), len(batch))), np.empty((len(rows), len(batch)))
        job = self._job(batch, null, (data[0][rows], data[1][rows], data[2][rows]), (e, r, 0))
        block = np.asfortranarray(block.T[positions][:, rows].T)
        done = _core.newton_dense(block, np.arange(len(positions)), batch.scale, self.rowwise.core, job)
        E[:, batch.span], R[:, batch.span] = data[1][:, None], 0.0  # nobody asks for the other rows
        E[rows, batch.span], R[rows, batch.span] = e, r
        return done

    def _job(
        self,
        batch: Batch,
        null: NullModels,
        data: tuple[Vector, Vector, Vector],
        into: tuple[np.ndarray, np.ndarray, int],
    ) -> tuple[object, ...]:
        """What the core asks for; answers go into the batch and into the columns of E and R from ``into[2]`` on."""
        front, start = batch.front, np.ascontiguousarray(batch.b[0])
        batch.b, batch.descent = np.empty(batch.b.shape), np.empty(batch.b.shape)
        return (
            *data,
            *batch.all_terms,
            *(batch.scale, np.concatenate([np.zeros(batch.shift), front.norm[front.columns]]), batch.level),
            max(1.0, batch.room.sharp),
            *(start, batch.strengths, batch.unit),
            *(0.3 * self.tol, 0.1 * self.tol * front.objective),
            *(null.loss_floor(front.lane, self.problem.saturation), LOOKS),
            *(batch.b, batch.descent, np.empty(len(batch)), *into),
        )

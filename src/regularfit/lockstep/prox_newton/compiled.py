"""Group and sparse group lasso on rows that fit the cache: a lane's Newton steps are one call into the core a batch.

Around steps of a tenth of a millisecond Python would cost more than the steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import _core
from ..._typing import Vector
from ..columns import DenseColumns
from ..group_quadratic import bend_of
from ..rowwise import Rowwise
from .curved import Rows
from .on_gram import OnGram
from .parts import GroupKind, SlopeKind

if TYPE_CHECKING:
    from .lane import ProxLane

__all__ = ["Compiled", "compiled_of"]

LARGEST = 32  # columns of a group up to which rotations find its eigenvectors as fast as LAPACK
LOOSE = 0.5  # of the tolerance: what a gap on the working set may be


class Compiled:
    """Beside a :class:`ProxLane`, whose point it moves."""

    def __init__(self, lane: ProxLane, kind: GroupKind, rows: Rows, tol: float) -> None:
        self.lane, self.kind, self.rows, self.tol = lane, kind, rows, tol
        self.loss, self.core = Rowwise(rows.loss).core, _core.GroupNewton(float(kind.alone))
        known = np.isfinite(rows.gap(lane.eta, 0.0, 1.0, lane.level))
        self.gap = LOOSE * tol if known else 0.0

    def solve(self, strengths: Vector) -> tuple[Vector, np.ndarray, np.ndarray, np.ndarray]:
        """Go down some strengths, as far as Newton's steps do it -> levels, coefficients, predictors, descents."""
        lane, store = self.lane, self.lane.store
        assert isinstance(store, DenseColumns)  # as compiled_of made sure
        cols, n, count = lane.columns, lane.problem.n, len(strengths)
        owner = self.kind.owner[cols]
        first = np.flatnonzero(np.diff(owner, prepend=-1))
        groups = np.append(first, len(cols)).astype(np.int32), self.kind.weights[owner[first]]
        away = lane.inverse[cols] * lane.mean[cols]
        columns = store.block, store.place[cols], lane.scale, lane.shift, away
        at = lane.b.copy(), np.array([lane.level]), lane.eta.copy()
        levels, answers = np.empty(count), [np.empty((count, m)) for m in (len(cols), n, n)]
        done = self.core.solve(
            self.loss,
            columns,
            groups,
            (lane.problem.y, lane.weights),
            (lane.strict, self.gap, lane.intercept, self.rows.quadratic),
            np.ascontiguousarray(strengths),
            at,
            (answers[0], levels, *answers[1:]),
        )
        lane.b, lane.level, lane.eta = at[0], float(at[1][0]), at[2]
        B, E, R = (values[:done] for values in answers)
        return levels[:done], B, E, R


def compiled_of(lane: ProxLane, tol: float) -> Compiled | OnGram | None:
    """Return the core's way down for a lane, None where it has none."""
    kind, rows, store = lane.kind, lane.smooth, lane.store
    if isinstance(kind, SlopeKind) and isinstance(rows, Rows) and rows.quadratic:
        return OnGram(lane, kind, rows)
    if not isinstance(kind, GroupKind) or bend_of(kind.penalty) is not None or not isinstance(rows, Rows):
        return None
    if not isinstance(store, DenseColumns) or not store.compact:
        return None
    if not kind.weights.any() or kind.largest > LARGEST:
        return None
    return Compiled(lane, kind, rows, tol)

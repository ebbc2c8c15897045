"""A lane down its strengths: the rows near their prediction and the columns that matter, until none is overlooked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..._typing import Vector
from ...errors import UnsupportedError
from ...losses import Quantile
from ...penalties import Folded, Penalty
from .boxes import Boxes, kinks
from .certify import Proof, prove
from .corner import corner, rounded, step
from .data import LaneData
from .interior import descend, start
from .null import Null, null_model

__all__ = ["PENALTIES", "QuantileLane", "supported"]

PENALTIES = "L1, L2, ElasticNet and their sums, with factors, bounds and chosen columns"
GOALS = (1e-7, 1e-10, 1e-13)  # of the objective: how near the descent comes before a corner is tried
ROUNDS = 60
ALIKE = 0.01  # of the tolerance: a gap below it needs no more work
PUSH = 0.4  # how far from its walls a warm start begins: nearer saves nothing
FEW = 300  # rows that are always all taken
A_COLUMN = 8  # rows a column that are taken at first
OVER = 1e-10  # of the threshold: a score is over it


def supported(loss: object, penalty: Penalty, p: int) -> None:
    """Refuse a penalty that the pinball loss does not run with, by name."""
    normal = penalty.coordinates(p)
    if isinstance(loss, Quantile) and (normal is None or isinstance(normal, Folded)):
        shown = getattr(penalty, "penalty", penalty)
        raise UnsupportedError(
            f"{loss!r} has no curvature for {type(shown).__name__} to work on: it runs with {PENALTIES}. The nearest "
            "loss that takes every penalty is Huber(delta), with a small delta for the median."
        )


@dataclass(eq=False)
class QuantileLane:
    """One lane; :meth:`solve` goes from its last solution to the next strength."""

    data: LaneData
    tol: float
    null: Null = field(init=False)
    floor: float = field(init=False)
    now: Proof = field(init=False)
    last: float = field(init=False)
    widen: float = field(init=False, default=1.0)

    def __post_init__(self) -> None:
        """Begin at the null model."""
        self.null = null_model(self.data)
        r = self.data.residual(self.null.level, self.null.b)
        q = self.data.q
        self.floor = 1e-9 * float(self.data.w @ np.maximum(q * r, (q - 1) * r))
        self.last = max(self.null.needed, 1e-300)
        self.now = self._prove(
            self.last if np.isfinite(self.last) else 1.0, self.null.level, self.null.b, self.null.theta
        )

    def solve(self, s: float) -> Proof:
        """Return the solution at a strength, smaller than those before."""
        if s >= self.null.needed * (1 - 1e-12):
            self.now = self._prove(s, self.null.level, self.null.b, self.null.theta)
        else:
            same = self._again(s)
            self.now = same if same.gap <= ALIKE * self.tol else self._refine(s)
        self.last = s
        return self.now

    def _again(self, s: float) -> Proof:
        """The solution if the same rows are met and the same columns used as before: one small linear system.

        Without an l2 part such coefficients do not even change, only their proof does.
        """
        data, now, b = self.data, self.now, self.now.b.copy()
        met = np.flatnonzero((now.theta > data.low) & (now.theta < data.high))
        used = np.flatnonzero(
            data.alive & (b != data.lower) & (b != data.upper) & ((b != 0) | (data.l1 == 0))
        )
        A, shift, theta = data.block(met, used), int(data.intercept), now.theta.copy()
        force = s * (data.l2[used] * b[used] + np.sign(b[used]) * data.l1[used])
        dual = np.append(np.zeros(shift), force) - np.append(np.full(shift, theta.sum()), now.g[used])
        room = np.minimum(data.high[met] - theta[met], theta[met] - data.low[met])
        D = np.append(np.zeros(shift), s * data.l2[used])
        dx, dtheta = step(A, D, now.r[met], dual, room)
        b[used] = np.clip(b[used] + dx[shift:], data.lower[used], data.upper[used])
        theta[met] = np.clip(theta[met] + dtheta, data.low[met], data.high[met])
        return self._prove(s, now.level + float(dx[:shift].sum()), b, theta)

    def _prove(self, s: float, level: float, b: Vector, theta: Vector) -> Proof:
        return prove(self.data, s, level, b, theta, self.floor)

    def _refine(self, s: float) -> Proof:
        data, now = self.data, self.now
        columns, best = self._columns(s), None
        rows = self._rows(np.abs(now.r), int(columns.sum()))
        for _ in range(ROUNDS):
            found = self._inner(s, now, rows, columns)
            if best is None or found.gap < best.gap:
                best = found
            wrong = ~rows & (np.sign(found.r) != np.sign(now.r)) & (found.r != 0)
            score = np.where(data.alive, np.abs(found.g), 0.0)
            missed = ~columns & (score > s * np.where(data.alive, data.l1, np.inf) * (1 + OVER))
            if found.gap <= ALIKE * self.tol or not (wrong.any() or missed.any()):
                break
            if wrong.any():
                self.widen = min(2.0, 1.2 * self.widen)
            rows = rows | wrong | self._rows(np.where(rows, np.inf, np.abs(found.r)), int(wrong.sum()))
            columns = columns | missed
        assert best is not None  # there is at least one round
        return best

    def _columns(self, s: float) -> np.ndarray:
        """The columns in use, those without an l1 part, and those that the strong rule does not discard."""
        data, last = self.data, min(self.last, self.null.needed)
        l1 = np.where(data.alive, data.l1, np.inf)
        near = np.abs(self.now.g) >= max(2 * s - last, 0.5 * s) * l1 * (1 - 1e-9)
        return data.alive & ((self.now.b != 0) | (data.l1 == 0) | near)

    def _rows(self, distance: Vector, width: int) -> np.ndarray:
        """The rows nearest to their prediction."""
        n = len(distance)
        most = int(self.widen * A_COLUMN * (width + 1)) + FEW
        if n <= 1.5 * most:
            return np.ones(n, bool)
        chosen = np.zeros(n, bool)
        chosen[np.argpartition(distance, most)[:most]] = True
        return chosen

    def _inner(self, s: float, now: Proof, rows: np.ndarray, columns: np.ndarray) -> Proof:
        """Solve on some rows and columns, and judge the solution on all."""
        data, cols, taken = self.data, np.flatnonzero(columns), np.flatnonzero(rows)
        side = np.where(now.r > 0, data.high, data.low)
        boxes = self._boxes(s, taken, cols, np.where(rows, 0.0, side))
        shift = int(data.intercept)
        x = np.append(np.full(shift, now.level), now.b[cols])
        theta = np.concatenate([now.theta[taken], np.clip(now.g[cols], -s, s)[boxes.column - shift]])
        point = start(boxes, x, theta, PUSH)
        size = max(now.objective * min(1.0, s / self.last), self.floor)
        best: Proof | None = None
        for goal in GOALS:
            point = descend(boxes, point, goal * size)
            for way in (corner, rounded):
                x, inner = way(boxes, point)
                full = side.copy()
                full[taken] = inner
                b = np.zeros(len(data.l1))
                b[cols] = np.clip(x[shift:], data.lower[cols], data.upper[cols])
                found = self._prove(s, float(x[0]) if shift else 0.0, b, full)
                if best is None or found.gap < best.gap:
                    best = found
                if way is corner and self._local(boxes, found, taken, cols) <= ALIKE * self.tol * size:
                    return found
            size = max(best.objective, self.floor) if best is not None else size
        assert best is not None  # every goal gives two
        return best

    def _local(self, boxes: Boxes, found: Proof, taken: np.ndarray, cols: np.ndarray) -> float:
        """What is left open on the rows and columns that were solved for."""
        data, r, theta = self.data, found.r[taken], found.theta[taken]
        q = data.q
        rows = data.w[taken] * np.maximum(q * r, (q - 1) * r) - theta * r
        column, t, low, high = boxes.column, boxes.t[boxes.m :], boxes.low[boxes.m :], boxes.high[boxes.m :]
        x = np.append(np.full(int(data.intercept), found.level), found.b[cols])
        force = (
            np.append(np.full(int(data.intercept), -float(found.theta.sum())), -found.g[cols]) + boxes.D * x
        )
        return float(np.maximum(rows, 0).sum()) + _kinks_open(x, force, column, t, low, high)

    def _boxes(self, s: float, rows: np.ndarray, cols: np.ndarray, fixed: Vector) -> Boxes:
        data, shift = self.data, int(self.data.intercept)
        A = data.block(rows, cols)
        h = (
            np.append(np.full(shift, float(fixed.sum())), data.scores(fixed)[cols])
            if fixed.any()
            else np.zeros(A.shape[1])
        )
        column, target, low, high = kinks(s * data.l1[cols], data.lower[cols], data.upper[cols], shift)
        D = np.append(np.zeros(shift), s * data.l2[cols])
        return Boxes(
            A,
            column,
            np.concatenate([data.t[rows], target]),
            np.concatenate([data.low[rows], low]),
            np.concatenate([data.high[rows], high]),
            D,
            h,
        )


def _kinks_open(x: Vector, force: Vector, column: np.ndarray, t: Vector, low: Vector, high: Vector) -> float:
    """How much the coefficients could still gain against their forces, a bound for small ones.

    ``force`` is what the kinks of a coefficient have to hold together.
    """
    total_low, total_high = np.zeros(len(x)), np.zeros(len(x))
    r = t - x[column]
    # theta of a kink is `high` where r > 0, `low` where r < 0, anything between on it; they add up to the force.
    np.add.at(total_low, column, np.where(r > 0, high, low))
    np.add.at(total_high, column, np.where(r < 0, low, high))
    off = np.maximum(np.maximum(total_low - force, force - total_high), 0.0)
    return float(np.where(np.isfinite(off), off, 1.0) @ (np.abs(x) + 1e-3 * np.abs(x).max(initial=0.0)))

"""Certificates of a batch's solutions, from numbers that are at hand after the product X'R."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..._typing import Vector
from ..free_ends import FreeEnds
from ..problem import Problem
from ..rowwise import Rowwise
from ..scores import Verdict
from .batch import Batch
from .null import NullModels

__all__ = ["Facts", "facts", "record"]

Facts = tuple[
    Vector, Vector, Vector
]  # a column each: mean loss, and products of residuals with predictor and offset


def facts(
    problem: Problem, rowwise: Rowwise, batches: Sequence[Batch], E: np.ndarray, R: np.ndarray
) -> Facts:
    """What the gap of every column of E needs of the rows."""
    weights = np.column_stack([batch.front.weights for batch in batches])
    owner = np.concatenate([np.full(len(batch), k) for k, batch in enumerate(batches)])
    return rowwise.means(problem.y, weights, owner, E), np.einsum("nm,nm->m", R, E), problem.offset @ R


def record(
    batch: Batch,
    moved: Vector,
    steep: Vector,
    verdicts: Sequence[Verdict],
    found: Facts,
    null: NullModels,
    free: FreeEnds,
) -> None:
    """Gaps, violations and deviance ratios of the first strengths of a batch, into its front.

    ``moved`` is how far each dual point was moved to be feasible for intercept and free columns, see free_ends.
    """
    front, lane, count = batch.front, batch.front.lane, len(moved)
    span = slice(batch.first, batch.first + count)
    mean_loss, on_eta, on_offset = (fact[span] for fact in found)
    b, g, s = batch.b[:count], batch.descent[:count], batch.strengths[:count]
    primal = mean_loss + s * batch.penalty(b)
    # The dual point is c times the loss's gradient u. There loss*(u) = u eta - loss(eta), and by convexity
    # loss*(c u) <= c loss*(u) + (1 - c) loss*(0): a bound from numbers at hand. Residuals are -w u.
    rest = null.at_rest[lane]

    def dual(k: np.ndarray, pairs: list[tuple[float, float]]) -> Vector:
        ratio, pen_conjugate = batch.room.open(moved[k], s[k], *np.array(pairs).reshape(-1, 2).T)
        c = 1.0 / ratio
        return -(c * (-on_eta[k] - mean_loss[k]) + (1 - c) * rest) - c * on_offset[k] - pen_conjugate

    best = dual(np.arange(count), [v.duals[0] for v in verdicts[:count]])
    more = np.array([k for k, v in enumerate(verdicts[:count]) if len(v.duals) > 1], dtype=np.int64)
    best[more] = np.maximum(best[more], dual(more, [verdicts[k].duals[1] for k in more]))
    shift = batch.shift
    cost = free.costs(front, b[:, shift:], g[:, shift:], moved, steep)
    cost += np.abs(g[:, :shift]).sum(axis=1) * (np.abs(b) @ batch.level)
    size = np.maximum(primal, null.least[lane])
    at = slice(front.position, front.position + count)
    # No loss is negative, so the objective itself bounds the gap (rows of one class: best is 0, at infinity).
    front.gaps[at] = np.minimum(np.maximum(primal - best, 0.0) + cost, primal) / size
    front.kkt[at] = np.maximum(
        batch.error[:count] * batch.unit[:count] / s, [v.violation for v in verdicts[:count]]
    )
    if null.deviance[lane] > null.least[lane]:
        front.deviance_ratio[at] = 1 - (2 * mean_loss - null.perfect[lane]) / null.deviance[lane]
    else:
        front.deviance_ratio[at] = 0.0
    if count:
        front.objective, front.loss = float(size[-1]), float(mean_loss[-1])

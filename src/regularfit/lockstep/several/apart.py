"""Multinomial lanes that go down their strengths by themselves, in the core: X fits the cache.

Between such short steps Python would take most of the time. The algorithm is that of ``newton.py`` but for one thing:
every lane has a Hessian of its own, which costs little here and fits it better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import _core
from ..._typing import Vector
from ..partial import collect, keeping
from ..result import LaneResult
from ..work import Work
from .block import Block
from .frame import Frame, LaneTerms, on_lane
from .look import Sample
from .newton import check_classes, null_loss, null_start, sample_of
from .record import Record

__all__ = ["fit_apart", "suits_core"]

BYTES = 8e6  # of the penalised columns
SMOOTH = 400  # coefficients that all stay in the model, as a ridge part alone leaves none at zero
AT_ONCE = 20  # strengths in one call of the core


def suits_core(frame: Frame) -> bool:
    """Whether a lane's columns and its small problem fit the cache."""
    p, l1 = len(frame.held), frame.form.l1[frame.held]
    if 8.0 * frame.problem.n * p > BYTES:
        return False
    return p * frame.outputs <= SMOOTH or bool((l1 > 0).any())


@dataclass(frozen=True, eq=False)
class _Shared:
    frame: Frame
    sample: Sample
    X: np.ndarray  # (n, p + q) by columns: the penalised ones, and Z
    grid: Vector
    tol: float

    def held(self) -> np.ndarray:
        """The penalised columns."""
        return self.X[:, : len(self.frame.held)]


def fit_apart(frame: Frame, grid: Vector, work: Work) -> list[LaneResult]:
    """Fit one candidate on all lanes along its grid."""
    lanes, tol, score, full_df = work.lanes, work.tol, work.score, work.full_df
    sample = sample_of(frame)
    X = np.concatenate([Block(frame, frame.held).rows(slice(None)), sample.Z], axis=1)
    shared = _Shared(frame, sample, np.asfortranarray(X), grid, tol)
    own = on_lane(frame, lanes)
    for terms in own:
        check_classes(sample, frame.problem, terms.weights)
    records = [
        Record(frame, sample, terms, lane, grid, score, full_df, null_loss(frame.problem, terms.weights))
        for terms, lane in zip(own, lanes, strict=True)
    ]

    def results(interrupted: bool) -> list[LaneResult]:
        return [record.result(frame.problem, tol, interrupted) for record in records]

    with keeping(lambda inner: results(True)):
        collect(work.team, lambda record: _walk(shared, record, work.tick), records)
    return results(False)


def _walk(shared: _Shared, record: Record, tick: Any) -> None:
    """Take one lane down its strengths."""
    frame, grid = shared.frame, shared.grid
    K, p, q = frame.outputs, len(frame.held), shared.sample.Z.shape[1]
    core = _lane(shared, record.terms)
    floor = record.perfect + (1 - frame.problem.saturation) * max(record.null, 0.0)
    step = AT_ONCE if record.lane.most is None else 1
    while record.reached < len(grid):
        first = record.reached
        strengths = np.ascontiguousarray(grid[first : first + step])
        count = len(strengths)
        B, A, facts = np.empty((count, K * p)), np.empty((count, K * q)), np.empty((count, 3))
        done = core.solve(strengths, floor, B, A, facts)
        B, A = B[:done].reshape(done, K, p), A[:done].reshape(done, K, q)
        losses, gaps, kkt = facts[:done].T
        record.keep(first, B, frame.held, A, losses, lambda rows, B=B: B @ shared.held()[rows].T, gaps, kkt)
        tick(count)
        if done < count or record.over(frame.problem.saturation):
            tick(len(grid) - first - count)
            return


def _lane(shared: _Shared, terms: LaneTerms) -> Any:
    """The core's lane on the rows that have a weight."""
    frame, sample = shared.frame, shared.sample
    used = terms.weights > 0
    X, Y, offset, weights = shared.X, sample.Y, sample.offset, terms.weights
    if not used.all():
        X, Y, offset = np.asfortranarray(X[used]), Y[:, used], np.ascontiguousarray(offset[:, used])
        weights = weights[used]
    held = frame.held
    pen = [np.ascontiguousarray(t[held]) for t in (terms.l1, terms.l2, terms.lower, terms.upper)]
    at_rest = -float(terms.weights @ sample.perfect)
    start = null_start(frame, sample, terms.weights)
    Y = np.ascontiguousarray(Y)
    return _core.Multinomial(
        X, Y, offset, weights, pen, terms.ratio[held], start, at_rest, frame.rows, shared.tol
    )

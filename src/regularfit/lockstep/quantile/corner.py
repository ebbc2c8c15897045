"""From near the solution onto it: which rows are met exactly, which columns are zero, and one linear system."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy import linalg

from ..._typing import Vector
from .boxes import Boxes
from .interior import Point

__all__ = ["corner", "rounded", "step"]

SINGULAR = 1e-12


def corner(boxes: Boxes, point: Point) -> tuple[Vector, Vector]:
    """Return coefficients and the dual of the data rows at the corner that a nearly solved point lies at.

    A row whose dual is further from its sides than its residual is from 0 is met exactly; the others' duals lie on a
    side. What is left is linear. It is solved for the change from the point, smallest where the data are degenerate,
    so that ties and copied columns do no harm.
    """
    met, theta = _met(boxes, point)
    m, k = boxes.m, len(boxes.D)
    pinned = met[m:]
    x = point.x.copy()
    x[boxes.column[pinned]] = boxes.t[m:][pinned]
    free = np.ones(k, bool)
    free[boxes.column[pinned]] = False
    theta[m:][pinned] = 0.0  # the kink of a pinned column takes what is left there
    rows = np.flatnonzero(met[:m])
    A = boxes.A[np.ix_(rows, np.flatnonzero(free))]
    primal = boxes.t[rows] - boxes.A[rows] @ x
    dual = (boxes.curve(x) - boxes.h - boxes.backward(theta))[free]
    room = np.minimum(boxes.high[rows] - theta[rows], theta[rows] - boxes.low[rows])
    room = np.where(np.isfinite(room), room, 1.0)
    dx, dtheta = step(
        A,
        boxes.D[free] if boxes.D.ndim == 1 else boxes.D[np.ix_(free, free)],
        primal,
        dual,
        np.maximum(room, 1e-300),
    )
    x[free] += dx
    theta[rows] += dtheta
    return x, np.clip(theta[:m], boxes.low[:m], boxes.high[:m])


def rounded(boxes: Boxes, point: Point) -> tuple[Vector, Vector]:
    """Return the point itself with the columns pinned that lie at a kink; for where no corner is better."""
    met, _ = _met(boxes, point)
    pinned = met[boxes.m :]
    x = point.x.copy()
    x[boxes.column[pinned]] = boxes.t[boxes.m :][pinned]
    return x, np.clip(point.theta[: boxes.m], boxes.low[: boxes.m], boxes.high[: boxes.m])


def _met(boxes: Boxes, point: Point) -> tuple[np.ndarray, Vector]:
    """Which rows are met exactly, and the dual with the others on their sides."""
    sigma, tau = point.slacks(boxes)
    width = boxes.high - boxes.low
    typical = float(np.abs(point.theta).max(initial=0.0)) or 1.0
    width = np.where(np.isfinite(width) & (width > 0), width, typical)
    size = boxes.size(point.above - point.below) or 1.0
    at_high = point.above / size >= sigma / width
    at_low = ~at_high & (point.below / size >= tau / width)
    theta = np.where(at_high, boxes.high, np.where(at_low, boxes.low, point.theta))
    return ~(at_high | at_low), theta


def step(A: np.ndarray, D: np.ndarray, primal: Vector, dual: Vector, room: Vector) -> tuple[Vector, Vector]:
    """``A dx = primal`` and ``A' dtheta = D dx + dual``, each of the smallest size where it is not unique."""
    m, k = A.shape
    if m == 0 and not D.any():
        return np.zeros(k), np.zeros(0)
    if not D.any():
        dx = _least(A, primal)
        return dx, room * _least(A.T * room, dual)
    scale = np.concatenate([np.ones(k), room])
    K = np.zeros((k + m, k + m))
    K[:k, :k] = -np.diag(D) if D.ndim == 1 else -D
    K[:k, k:] = A.T
    K[k:, :k] = A
    found = scale * _least(K * scale, np.concatenate([dual, primal]))
    return found[:k], found[k:]


def _least(A: np.ndarray, b: Vector) -> Vector:
    """The smallest solution of a system that may be singular."""
    if A.shape[0] == A.shape[1]:
        size = np.abs(A).max(axis=0)
        scale = 1.0 / np.where(size > 0, size, 1.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", linalg.LinAlgWarning)  # the steps are looked at below
            lu, pivots = linalg.lu_factor(A * scale, check_finite=False)
        steps = np.abs(np.diag(lu))
        if steps.min(initial=np.inf) > SINGULAR * steps.max(initial=0.0):
            return scale * linalg.lu_solve((lu, pivots), b, check_finite=False)
    found: Any = linalg.lstsq(A, b, cond=SINGULAR, lapack_driver="gelsy", check_finite=False)
    return np.asarray(found[0])

r"""A primal-dual interior point for box duals: Frisch and Newton's idea with l1, l2 and bounds as further rows.

With z the parts of the residuals above and below, sigma = high - theta and tau = theta - low, it follows

.. math:: A x + z^+ - z^- = t, \quad A^\top\theta + h = D x, \quad z^+\sigma = z^-\tau = \mu

to mu = 0 (Mehrotra's predictor and corrector). A step costs one Cholesky factor of ``A' Q A + diagonal`` (k x k) or,
where columns outnumber rows and all but a few have something on the diagonal, of its Woodbury twin on the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from ..._typing import Vector
from .boxes import Boxes

__all__ = ["Point", "descend", "start"]

STEPS = 80  # of one descent; twenty are usual
BACK = 0.9995  # of the way to the nearest wall
JITTER = 1e-14
EQUAL = 1e-10  # a row that must be met exactly gives way so little in a step; the next one puts it right
TINY = 1e-17  # of the largest dual: a distance below it is rounding
FAR_BELOW = 1e-5  # of the goal: where the gap is so small, what is left of the equations will not go either
FIRM = 1e-4  # of a column's own square: a quadratic part above it may be divided by

Solve = Callable[[Vector, Vector], tuple[Vector, Vector]]


@dataclass(eq=False)
class Point:
    """Where the descent is: coefficients, dual, and the parts of the residuals."""

    x: Vector
    theta: Vector
    above: Vector
    below: Vector

    def slacks(self, boxes: Boxes) -> tuple[Vector, Vector]:
        """Distances of the dual to the upper and the lower side of its box, never quite 0."""
        least = TINY * float(np.abs(self.theta).max(initial=0.0)) + 1e-300
        return np.maximum(boxes.high - self.theta, least), np.maximum(self.theta - boxes.low, least)

    def measure(self, boxes: Boxes) -> float:
        """The sum of all complementarities: the duality gap of a feasible point."""
        sigma, tau = self.slacks(boxes)
        up, down = np.isfinite(sigma), np.isfinite(tau)
        return float(self.above[up] @ sigma[up] + self.below[down] @ tau[down])


def start(boxes: Boxes, x: Vector, theta: Vector, push: float, least: float = 1e-12) -> Point:
    """Return a point inside all boxes near a guess; ``push`` is how far from walls, relative to the boxes.

    ``least`` is how far the parts of the residuals are from 0 in any case.
    """
    low, high = boxes.low, boxes.high
    finite = np.where(np.isfinite(high), high, 0.0) - np.where(np.isfinite(low), low, 0.0)
    sides = np.isfinite(high).astype(int) + np.isfinite(low)
    both = (sides == 2) & (finite > 0)
    rows = both[: boxes.m].any()
    usual = float(np.median(finite[: boxes.m] if rows else finite[both])) if both.any() else 1.0
    reach = np.where(both, finite, usual)
    inner_low = np.where(np.isfinite(low), low + push * reach, -np.inf)
    inner_high = np.where(np.isfinite(high), high - push * reach, np.inf)
    theta = np.clip(theta, inner_low, np.maximum(inner_high, inner_low))
    r = boxes.t - boxes.forward(x)
    room = push * boxes.size(r) + least
    up, down = np.isfinite(high), np.isfinite(low)
    return Point(
        x,
        theta,
        np.where(up, np.maximum(r, 0) + room, 0.0),
        np.where(down, np.maximum(-r, 0) + room, 0.0),
    )


def descend(boxes: Boxes, point: Point, goal: float) -> Point:
    """Follow the central path until all complementarities add up to ``goal`` and both equations hold as well."""
    up, down = np.isfinite(boxes.high), np.isfinite(boxes.low)
    pairs = float(up.sum() + down.sum())
    together = bool(boxes.D.any())  # x is in both equations: one step length serves both
    for _ in range(STEPS):
        sigma, tau = point.slacks(boxes)
        primal = boxes.t - boxes.forward(point.x) - point.above + point.below
        dual = boxes.curve(point.x) - boxes.backward(point.theta) - boxes.h
        gap = point.measure(boxes)
        force = np.where(up & down, np.where(up & down, boxes.high - boxes.low, 0.0), np.abs(point.theta))
        off = float(np.abs(primal) @ force) + float(np.abs(dual) @ np.abs(point.x))
        if gap <= goal and (off <= goal or gap <= FAR_BELOW * goal):
            break
        # A side that is infinite has no part of the residual: its ratio is 0.
        over, under = point.above / sigma, point.below / tau
        solve = _factor(boxes, 1.0 / np.maximum(over + under, np.where(up | down, 1e-300, EQUAL)))

        dx, dtheta, dup, ddown = _direction(solve, primal, dual, over, under, -point.above, -point.below)
        p, d = _lengths(point, sigma, tau, dtheta, dup, ddown, together)
        after = float(
            ((point.above + p * dup)[up] @ (sigma - d * dtheta)[up])
            + ((point.below + p * ddown)[down] @ (tau + d * dtheta)[down])
        )
        mu = gap / pairs * (max(after, 0.0) / gap) ** 3
        corrected_up = np.where(up, (mu + dup * dtheta) / sigma, 0.0) - point.above
        corrected_down = np.where(down, (mu - ddown * dtheta) / tau, 0.0) - point.below
        step = _direction(solve, primal, dual, over, under, corrected_up, corrected_down)
        if not all(np.isfinite(part).all() for part in step):
            break
        dx, dtheta, dup, ddown = step
        p, d = (BACK * length for length in _lengths(point, sigma, tau, dtheta, dup, ddown, together))
        p, d = min(p, 1.0), min(d, 1.0)
        point = Point(
            point.x + p * dx, point.theta + d * dtheta, point.above + p * dup, point.below + p * ddown
        )
        if max(p, d) < 1e-9:
            break
    return point


def _direction(
    solve: Solve,
    primal: Vector,
    dual: Vector,
    over: Vector,
    under: Vector,
    centre_up: Vector,
    centre_down: Vector,
) -> tuple[Vector, Vector, Vector, Vector]:
    """Newton's step, with what the two complementarities are centred on."""
    dx, dtheta = solve(primal - centre_up + centre_down, dual)
    return dx, dtheta, centre_up + over * dtheta, centre_down - under * dtheta


def _lengths(
    point: Point, sigma: Vector, tau: Vector, dtheta: Vector, dup: Vector, ddown: Vector, together: bool
) -> tuple[float, float]:
    """How far the parts of the residuals and the dual can go before one meets its wall; at most 1 / BACK."""
    p = min(_reach(point.above, dup), _reach(point.below, ddown))
    d = min(_reach(sigma, -dtheta), _reach(tau, dtheta))
    return (min(p, d), min(p, d)) if together else (p, d)


def _reach(value: Vector, change: Vector) -> float:
    with np.errstate(invalid="ignore"):  # 0 / 0 on an infinite side, which fmax passes over
        worst = float(np.fmax.reduce(-change / value))
    return 1.0 / worst if worst > BACK else 1.0 / BACK  # nan: every side is infinite


def _factor(boxes: Boxes, Q: Vector) -> Solve:
    """Solve ``A dx + dtheta / Q = right``, ``D dx - A' dtheta = -dual`` -> (dx, dtheta)."""
    diagonal, rows = boxes.diagonal(Q), Q[: boxes.m]
    if boxes.D.ndim == 1 and len(diagonal) > boxes.m and int((boxes.D > 0).sum()) > boxes.m:
        # A kink's part of the diagonal goes to 0 where its column is active, and must not be divided by.
        held = FIRM * (rows @ boxes.A**2) < boxes.D
        if int(held.sum()) > boxes.m // 2:
            return _by_rows(boxes, Q, diagonal, held)
    H = (boxes.A * rows[:, None]).T @ boxes.A
    H[np.diag_indices_from(H)] += diagonal
    if boxes.D.ndim == 2:
        H += boxes.D
    scale = 1.0 / np.sqrt(np.maximum(np.diag(H), 1e-300))
    H *= scale
    H *= scale[:, None]
    inverse = _cholesky(H)

    def solve(right: Vector, dual: Vector) -> tuple[Vector, Vector]:
        # D dx - A'dtheta = -(D x - A'theta - h), so (A'QA + D) dx = A'Q right - dual
        dx = scale * inverse(scale * (boxes.backward(Q * right) - dual))
        return dx, Q * (right - boxes.forward(dx))

    return solve


def _by_rows(boxes: Boxes, Q: Vector, diagonal: Vector, held: np.ndarray) -> Solve:
    """The same on the rows: the columns with something on the diagonal are eliminated, the others border."""
    free = np.flatnonzero(~held)
    inverse = np.where(held, 1.0 / np.where(held, diagonal, 1.0), 0.0)
    S = (boxes.A * inverse) @ boxes.A.T
    S[np.diag_indices_from(S)] += 1.0 / Q[: boxes.m]
    scale = 1.0 / np.sqrt(np.diag(S))
    S *= scale
    S *= scale[:, None]
    plain = _cholesky(S)
    F = boxes.A[:, free]
    turned = scale[:, None] * plain(scale[:, None] * F)
    rest_of = F.T @ turned
    rest_of[np.diag_indices_from(rest_of)] += diagonal[free]
    size = 1.0 / np.sqrt(np.maximum(np.diag(rest_of), 1e-300))
    border = _cholesky(rest_of * size * size[:, None])

    def solve(right: Vector, dual: Vector) -> tuple[Vector, Vector]:
        # With dx_H = diagonal^-1 (A'dtheta + kinks' Q right - dual) in A dx + dtheta / Q = right
        known = np.bincount(boxes.column, Q[boxes.m :] * right[boxes.m :], minlength=len(diagonal)) - dual
        r = right[: boxes.m] - boxes.A @ (inverse * known)
        dtheta = scale * plain(scale * r)
        dx = np.zeros(len(diagonal))
        dx[free] = size * border(size * (F.T @ dtheta + known[free]))
        dtheta = dtheta - turned @ dx[free]
        dx[held] = (inverse * (boxes.A.T @ dtheta + known))[held]
        rest = Q[boxes.m :] * (right[boxes.m :] - dx[boxes.column])
        return dx, np.concatenate([dtheta, rest])

    return solve


def _cholesky(H: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Solve with a positive definite matrix of unit diagonal; what is not quite definite is made so."""
    jitter = 0.0
    while True:
        try:
            factor = linalg.cho_factor(H, lower=True, check_finite=False)
            return lambda b: linalg.cho_solve(factor, b, check_finite=False)
        except linalg.LinAlgError:
            jitter = max(10 * jitter, JITTER)
            if jitter > 1:
                return lambda b: np.full_like(b, np.nan)
            H = H + jitter * np.eye(len(H))

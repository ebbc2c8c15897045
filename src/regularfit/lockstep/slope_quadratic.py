r"""SLOPE on a Gram matrix: proximal steps find which coefficients are equal, Newton's step on their values ends it.

While signs, order and ties of b stand still the objective is a quadratic in the few distinct sizes. A proximal step
says who leaves zero or a tie; the quadratic's own minimum, drawn back to sizes in the same order (which ties some of
them), is a step that large condition numbers do not slow down. Every step lowers the objective.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg as sla

from .._typing import Vector
from ..penalties.slope import pooled, sorted_kkt, sorted_prox

__all__ = ["solve_slope"]

STEPS = 500  # the caller looks again at where that led, and goes on
PATIENCE = 4  # proximal steps without a change of signs before Newton's, which cost more
FACES = 3  # Newton steps between two proximal ones: each ties sizes that would have passed each other
RIDGE = 1e-11  # of the diagonal, where distinct sizes tell the same columns


def solve_slope(H: np.ndarray, c: Vector, weights: Vector, start: Vector, tol: float) -> Vector:
    r"""Minimise :math:`b^\top H b/2 - c^\top b + \sum_i \lambda_i |b|_{(i)}` to a violation of ``tol``.

    After 500 steps it returns where it is: call it again from there.

    Parameters
    ----------
    H, c : (m, m), (m,) arrays
        Positive semidefinite Gram matrix and cross product, divided by n.
    weights : (m,) decreasing, >= 0; the strength is in them.
    start : (m,) where to begin.

    Examples
    --------
    >>> solve_slope(np.eye(2), np.array([3.0, 2.9]), np.array([1.0, 0.5]), np.zeros(2), 1e-9).round(3)
    array([2.2, 2.2])

    References
    ----------
    Bogdan et al. (2015), SLOPE; Beck and Teboulle (2009), A fast iterative shrinkage-thresholding algorithm.
    """
    b = ahead = start.copy()
    grad = far = H @ b - c  # at b, and at the point ahead of it
    steep, t = float(np.max(np.diag(H), initial=0.0)) or 1.0, 1.0
    signs, quiet, wait, near = np.sign(b), 0, max(PATIENCE, np.count_nonzero(b) // 12), True
    for _ in range(STEPS):
        if near and sorted_kkt(b, grad, weights).max(initial=0.0) <= tol:
            break
        new, fresh, steep = _proximal(H, weights, ahead, far, steep)
        now, near = np.sign(new), steep * float(np.abs(new - ahead).max(initial=0.0)) <= 4 * tol
        quiet = quiet + 1 if np.array_equal(now, signs) else 0
        signs = now
        if quiet >= wait:
            new, whole = _on_faces(H, weights, new, fresh)
            quiet, wait, near = 0, wait if whole else 2 * wait, True
            b = ahead = new
            grad = far = H @ b - c
            t = 1.0
            continue
        onwards = 0.5 + np.sqrt(0.25 + t * t)
        share = (t - 1) / onwards if (ahead - new) @ (new - b) <= 0 else 0.0
        t = onwards if share or t == 1 else 1.0
        ahead, far = new + share * (new - b), fresh + share * (fresh - grad)
        b, grad = new, fresh
    return b


def _proximal(
    H: np.ndarray, weights: Vector, b: Vector, grad: Vector, steep: float
) -> tuple[Vector, Vector, float]:
    """A proximal step that was short enough: the point, its gradient, and one over the step."""
    while True:
        new = sorted_prox(b - grad / steep, weights / steep)
        move = new - b
        bent = H @ move
        length = float(move @ move)
        if float(move @ bent) <= steep * length * (1 + 1e-9):
            return new, grad + bent, steep
        steep = max(1.5 * steep, float(move @ bent) / length)


def _on_faces(H: np.ndarray, weights: Vector, b: Vector, grad: Vector) -> tuple[Vector, bool]:
    """Newton steps over the distinct sizes until one is taken whole; whether that was so."""
    whole = False
    for _ in range(FACES):
        b, grad, whole = _on_face(H, weights, b, grad)
        if whole:
            break
    return b, whole


def _on_face(H: np.ndarray, weights: Vector, b: Vector, grad: Vector) -> tuple[Vector, Vector, bool]:
    """A Newton step over the distinct sizes of ``b``; whether it was taken whole, so that another has no use."""
    order = np.argsort(-np.abs(b), kind="stable")[: np.count_nonzero(b)]
    if not len(order):
        return b, grad, True
    sizes, sign = np.abs(b[order]), np.sign(b[order])
    first = np.flatnonzero(np.diff(sizes, prepend=np.inf))
    counts = np.diff(np.append(first, len(order)))
    inner = H[np.ix_(order, order)] * np.outer(sign, sign)
    if len(first) < len(order):
        inner = np.add.reduceat(np.add.reduceat(inner, first, axis=0), first, axis=1)
    slope = np.add.reduceat(grad[order] * sign + weights[: len(order)], first)
    wanted = sizes[first] - _solved(inner, slope)
    reached = np.maximum(pooled(wanted, counts), 0.0)
    step = reached - sizes[first]
    descent, bend = float(slope @ step), float(step @ inner @ step)
    if not descent < 0:
        return b, grad, True
    share = min(1.0, -descent / bend) if bend > 0 else 1.0
    new = b.copy()
    new[order] = sign * np.repeat(reached if share == 1 else sizes[first] + share * step, counts)
    moved = new - b
    return new, grad + H @ moved, share == 1 and np.array_equal(wanted, reached)


def _solved(inner: np.ndarray, slope: Vector) -> Vector:
    """Newton's step, a hair damped where distinct sizes tell the same columns."""
    potrf, potrs = sla.get_lapack_funcs(("potrf", "potrs"), (inner,))
    for ridge in (0.0, RIDGE, 1e-6):
        lifted = inner.copy()
        lifted[np.diag_indices_from(lifted)] *= 1 + ridge
        lifted[np.diag_indices_from(lifted)] += ridge * float(np.trace(inner)) / len(inner)
        factor, failed = potrf(lifted, lower=1)
        if failed == 0 and np.diag(factor).min() > 1e-8 * np.diag(factor).max():
            return potrs(factor, slope, lower=1)[0]
    return slope / np.maximum(np.abs(inner).sum(axis=1), 1e-300)

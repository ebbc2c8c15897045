"""A path on one Gram matrix for penalties with a small solver of their own: groups.

At every strength the solver sees only the columns that matter; all others are checked, and taken in where they are
pulled away from zero.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._typing import Vector
from .prox_newton.parts import Kind
from .proximal import ProximalPath

__all__ = ["quadratic_path"]

ROUNDS = 60
EASIER = 0.05  # share of the violation that the next call of the small solver may leave
NEAR = 1e-2  # share of the strength that is violated from which on it is asked whether that is enough
Enough = Callable[[Vector, Vector, float], bool]


def quadratic_path(
    H: np.ndarray,
    c: Vector,
    kind: Kind,
    strengths: Vector,
    *,
    tol: float = 1e-8,
    enough: Enough | None = None,
) -> ProximalPath:
    r"""Minimise :math:`b^\top H b/2 - c^\top b + s\,P(b)` for decreasing strengths, each warm from the one before.

    Parameters
    ----------
    H, c : (m, m), (m,) arrays
        Positive semidefinite Gram matrix and cross product, divided by n.
    kind : the penalty.
    strengths : (L,) array
        Positive, decreasing.
    tol : float
        Largest KKT violation over the strength.
    enough : ``(b, gradient, strength) -> bool``
        Whether a point that still violates more is good enough.

    Examples
    --------
    >>> from regularfit.penalties import SLOPE
    >>> from regularfit.lockstep.prox_newton.parts import kind_of
    >>> kind = kind_of(SLOPE(weights=[1.0, 0.5]), 2)
    >>> quadratic_path(np.eye(2), np.array([3.0, 2.9]), kind, np.array([1.0])).coefs.round(3)
    array([[2.2, 2.2]])
    """
    m = len(c)
    coefs, kkt, met = np.zeros((len(strengths), m)), np.zeros(len(strengths)), np.zeros(len(strengths), bool)
    part, b, grad, at = kind.part(np.arange(m)), np.zeros(m), -np.asarray(c, dtype=np.float64), _At(H, kind)
    for k, s in enumerate(strengths.tolist()):
        for _ in range(ROUNDS):
            violation = part.kkt(b, grad, s)
            kkt[k] = violation.max(initial=0.0) / s
            met[k] = kkt[k] <= tol or (enough is not None and kkt[k] <= NEAR and enough(b, grad, s))
            if met[k]:
                break
            at.take((b != 0) | (violation > 0.3 * tol * s))
            before = b[at.held]
            found = kind.part(at.held).solve(
                at.gram, c[at.held], s, before, s * max(0.5 * tol, EASIER * kkt[k])
            )
            b = np.zeros(m)
            b[at.held] = found
            grad = at.rows @ found - c
            if np.array_equal(found, before):  # rounding is all that is left
                break
        coefs[k] = b
    return ProximalPath(coefs, kkt, met, np.zeros(len(strengths), np.intp))


class _At:
    """The columns that matter now, and their part of the matrix."""

    def __init__(self, H: np.ndarray, kind: Kind) -> None:
        self._H, self._kind = H, kind
        self.held, self.gram, self.rows = np.empty(0, np.int64), np.empty((0, 0), order="F"), H[:, :0]

    def take(self, wanted: np.ndarray) -> None:
        """See to it that they are in; those that no longer matter go where there are many of them."""
        wanted = self._kind.whole(wanted)
        inside = np.zeros(len(self._H), bool)
        inside[self.held] = True
        if not (wanted & ~inside).any():
            return
        self.held = self._kind.sorted(np.flatnonzero(wanted))
        self.gram = np.asfortranarray(self._H[np.ix_(self.held, self.held)])
        self.rows = self._H[:, self.held]

"""Shifted systems (A_f + s I) x = b_f: all shifts share a basis, all lanes f share the products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ridge import Floats

__all__ = ["ShiftedLane", "shifted_lanczos"]

_EPS = np.finfo(np.float64).eps


@dataclass(frozen=True, slots=True)
class ShiftedLane:
    """One lane's finished solutions.

    Attributes
    ----------
    lane, steps : int
        Which lane, and how many products it took.
    solutions : (L, m) array
    residuals : (L,) array
        Norm of ``b - (A + s I) x``.
    energy : (L,) array
        ``b' x``, for a positive semidefinite A a lower bound on ``b' (A + s I)^-1 b`` (Gauss quadrature).
    curvature : float
        ``v' A v`` along the (common) direction of the residuals, of the last step taken.
    finished : bool
        False when the steps ran out before the caller's test was met.
    """

    lane: int
    steps: int
    solutions: Floats
    residuals: Floats
    energy: Floats
    curvature: float
    finished: bool


class _Process:
    """One Lanczos process: a basis, and the LDL' factors of its tridiagonal matrix at every shift."""

    def __init__(self, lane: int, rhs: Floats, shifts: Floats, capacity: int) -> None:
        norm = float(np.linalg.norm(rhs))
        self.lane, self.shifts, self.steps = lane, shifts, 0
        self.basis = np.empty((capacity + 1, rhs.size))
        self.basis[0] = rhs / norm if norm > 0 else 0.0
        self.energy = np.zeros(shifts.size)
        self.curvature = 0.0
        self.exhausted = norm == 0
        self.done: Floats | None = None
        self._begin(np.full(shifts.size, norm))

    def _begin(self, scale: Floats) -> None:
        """Start on the right-hand sides ``scale[s] * basis[0]``."""
        self.scale, self.residuals = scale, np.abs(scale)
        self.pivots: list[Floats] = []
        self.forward: list[Floats] = []
        self.betas: list[float] = []

    @property
    def vector(self) -> Floats:
        return self.basis[len(self.pivots)]

    def absorb(self, product: Floats) -> None:
        """Take ``A @ vector`` in: extend the basis and the factors by one."""
        k = len(self.pivots)
        self.curvature = float(self.basis[k] @ product)
        product = product - self.curvature * self.basis[k]
        if k:
            product -= self.betas[-1] * self.basis[k - 1]
        used = self.basis[: k + 1]
        product -= (used @ product) @ used
        beta = float(np.linalg.norm(product))
        self._extend(beta)
        self.steps += 1
        self.exhausted = beta <= 16 * _EPS * (abs(self.curvature) + (self.betas[-2] if k else 0.0))
        self.basis[k + 1] = 0.0 if self.exhausted else product / beta

    def _extend(self, beta: float) -> None:
        """One step of the LDL' factorisation and forward substitution at all shifts."""
        pivot, entry = self.curvature + self.shifts, self.scale
        if self.pivots:
            ratio = self.betas[-1] / self.pivots[-1]
            pivot, entry = pivot - self.betas[-1] * ratio, -ratio * self.forward[-1]
        pivot = np.maximum(pivot, self.shifts)  # A is semidefinite: anything less is rounding
        self.pivots.append(pivot)
        self.forward.append(entry)
        self.betas.append(beta)
        self.energy += np.square(entry) / pivot
        self.residuals = beta * np.abs(entry / pivot)

    def collect(self) -> Floats:
        """Add this cycle's part to the solutions (L, m)."""
        k = len(self.pivots)
        if self.done is None:
            self.done = np.zeros((self.shifts.size, self.basis.shape[1]))
        if k:
            weights = np.empty((self.shifts.size, k))
            weights[:, k - 1] = self.forward[k - 1] / self.pivots[k - 1]
            for j in range(k - 2, -1, -1):
                weights[:, j] = (self.forward[j] - self.betas[j] * weights[:, j + 1]) / self.pivots[j]
            self.done += weights @ self.basis[:k]
        return self.done

    def restart(self) -> None:
        """Begin again from the residuals: all shifts' residuals are multiples of the next basis vector."""
        self.collect()
        scale = -self.betas[-1] * self.forward[-1] / self.pivots[-1]
        self.basis[0] = self.vector
        self._begin(scale)


def shifted_lanczos(
    apply: Callable[[Floats, NDArray[np.intp]], Floats],
    rhs: Floats,
    shifts: Floats,
    accept: Callable[[int, Floats, Floats, float], bool],
    *,
    max_iter: int,
    capacity: int,
) -> Iterator[ShiftedLane]:
    r"""Solve :math:`(A_f + s I)\,x = b_f` for all lanes f and shifts s, yielding lanes as they finish.

    The Krylov space of :math:`A + sI` does not depend on s, so one product a step serves all shifts; the
    products of all live lanes are asked for together. Bases are fully re-orthogonalised (cheap beside the
    products, and finite precision no longer delays convergence). A full basis is folded into the solutions
    and the process restarted; the residuals of all shifts are parallel, so they still share one space.

    Prefer it where products are the cost and A is not preconditioned; a preconditioner would break the
    shifts.

    Parameters
    ----------
    apply : callable
        ``apply(V, lanes)`` with V (m, k): column j is A of lane ``lanes[j]`` (positive semidefinite) times
        ``V[:, j]``.
    rhs : (m, F) array
    shifts : (F, L) array
        Positive.
    accept : callable
        ``accept(lane, residuals, energy, curvature)``, whether the lane is accurate enough (see ShiftedLane).
    max_iter, capacity : int
        Most steps of a lane; most basis vectors kept at a time.

    Yields
    ------
    ShiftedLane

    Examples
    --------
    >>> import numpy as np
    >>> lanes = shifted_lanczos(lambda V, lanes: 2.0 * V, np.ones((3, 1)), np.array([[1.0, 3.0]]),
    ...                         lambda lane, r, e, c: bool(r.max() < 1e-12), max_iter=9, capacity=9)
    >>> next(lanes).solutions.round(6)
    array([[0.333333, 0.333333, 0.333333],
           [0.2     , 0.2     , 0.2     ]])

    References
    ----------
    Lanczos (1952); Simoncini (2003), Restarted full orthogonalization method for shifted linear systems.
    """
    live = [_Process(lane, rhs[:, lane], shifts[lane], capacity) for lane in range(rhs.shape[1])]
    while live:
        waiting = []
        for process in live:
            met = process.exhausted or (
                process.steps > 0
                and accept(process.lane, process.residuals, process.energy, process.curvature)
            )
            if met or process.steps >= max_iter:
                yield ShiftedLane(process.lane, process.steps, process.collect(), process.residuals,
                                  process.energy, process.curvature, met)  # fmt: skip
            else:
                waiting.append(process)
        live = waiting
        if live:
            _advance(apply, live, capacity)


def _advance(
    apply: Callable[[Floats, NDArray[np.intp]], Floats], live: list[_Process], capacity: int
) -> None:
    """One shared product, one Lanczos step of every live lane."""
    for process in live:
        if len(process.pivots) == capacity:
            process.restart()
    lanes = np.array([process.lane for process in live])
    products = apply(np.stack([process.vector for process in live], axis=1), lanes)
    for column, process in enumerate(live):
        process.absorb(products[:, column])

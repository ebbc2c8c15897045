"""Iterative ridge for very large or sparse designs: lanes share the products, strengths a basis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .ridge import Floats, check_strengths
from .shifted_lanczos import shifted_lanczos

__all__ = ["LaneOperator", "LaneRidge", "iterate_ridge"]

Product = Callable[[Floats], Floats]
_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True, slots=True)
class LaneRidge:
    """The ridge path of one lane with the accuracy that was reached.

    Attributes
    ----------
    lane : int
        Its column in ``weights``.
    coefs : (L, p) array
        On the centred, scaled columns (divide by the lane's scales for the scale of X).
    gaps : (L,) array
        Duality gap relative to the objective; never less than the relative suboptimality (up to rounding).
    residuals : (L,) array
        Norm of the residual of the linear system that was iterated, relative to its right-hand side.
    iterations : int
        Products with X, and as many with its transpose; a strength costs none of its own.
    converged : (L,) bool array
        ``gaps <= tol``.
    """

    lane: int
    coefs: Floats
    gaps: Floats
    residuals: Floats
    iterations: int
    converged: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LaneOperator:
    r"""Products with the weighted, centred, scaled matrices of many lanes through one product with X.

    Lane f stands for :math:`A_f = (I - Q_fQ_f^\top)\,\Pi_f^{1/2}(X - 1m_f^\top) S_f^{-1} D^{-1/2}`, never
    formed: Q spans the lane's unpenalised columns, so they are projected out instead of iterated on.

    Attributes
    ----------
    matmat, rmatmat : callables
        ``X @ V`` for V (p, m) and ``X.T @ U`` for U (n, m).
    root_weights : (n, F) array
        :math:`\Pi^{1/2}`, the weights of each lane summing to 1.
    shifts, stretch : (p, F) arrays
        Column means; and :math:`S^{-1} D^{-1/2}`, 0 for unpenalised and excluded columns.
    bases : list of (n, u) arrays, or empty
    """

    matmat: Product
    rmatmat: Product
    root_weights: Floats
    shifts: Floats
    stretch: Floats
    bases: list[Floats] = field(default_factory=list)

    def plain(self, V: Floats, lanes: NDArray[np.intp]) -> Floats:
        """As :meth:`forward`, without the projection."""
        scaled = V * self.stretch[:, lanes]
        out = self.matmat(scaled) - np.einsum("pm,pm->m", self.shifts[:, lanes], scaled)
        return out * self.root_weights[:, lanes]

    def forward(self, V: Floats, lanes: NDArray[np.intp]) -> Floats:
        """Column k of the result is A of lane ``lanes[k]`` times column k of ``V`` (p, m)."""
        return self.project(self.plain(V, lanes), lanes)

    def backward(self, U: Floats, lanes: NDArray[np.intp]) -> Floats:
        """Column k of the result is A' of lane ``lanes[k]`` times column k of ``U`` (n, m)."""
        weighted = self.project(U, lanes) * self.root_weights[:, lanes]
        out = self.rmatmat(weighted) - self.shifts[:, lanes] * weighted.sum(axis=0)
        return out * self.stretch[:, lanes]

    def project(self, U: Floats, lanes: NDArray[np.intp]) -> Floats:
        """Remove the span of the unpenalised columns of lane ``lanes[k]`` from column k of ``U`` (n, m)."""
        if not self.bases:
            return U
        columns = [U[:, k] - self.bases[f] @ (self.bases[f].T @ U[:, k]) for k, f in enumerate(lanes)]
        return np.stack(columns, axis=1)


def iterate_ridge(
    matmat: Product,
    rmatmat: Product,
    y: ArrayLike,
    weights: ArrayLike,
    means: ArrayLike,
    scales: ArrayLike,
    l2: ArrayLike,
    strengths: ArrayLike,
    *,
    fit_intercept: bool = True,
    tol: float = 1e-7,
    max_iter: int = 2000,
    basis_bytes: int = 2**27,
) -> Iterator[LaneRidge]:
    r"""Ridge of all lanes and strengths by Lanczos processes that advance in lockstep.

    Minimises, for each lane, :math:`\sum_i \pi_i (y_i - \eta_i)^2/2 + s \sum_j l2_j b_j^2/2` with
    :math:`\pi = w / \sum w` and :math:`\eta = \bar y + (X - 1m^\top)S^{-1} b`. After rescaling by the
    factors, every strength is a shift of one matrix and shifted systems share their Krylov space: **one**
    product with X and one with its transpose per step serve all strengths of a lane, laid side by side they
    serve all lanes. The system with fewer unknowns is iterated (p coefficients or n duals). The orthonormal
    basis is kept and re-orthogonalised, so finite precision does not delay convergence; when it outgrows
    ``basis_bytes`` the process restarts from the residuals, which are parallel for all shifts.

    Prefer it for sparse X, or where n and p both exceed a few thousand; otherwise the exact roads are
    faster. Warm starts along the strengths would not help: they would destroy the shared space.

    Parameters
    ----------
    matmat, rmatmat : callables
        ``X @ V`` for V (p, m) -> (n, m) and ``X.T @ U`` for U (n, m) -> (p, m), X as stored.
    y : (n,) array
        The target, less any offset.
    weights : (n, F) array
        Row weights of each lane, >= 0; 0 holds a row out.
    means, scales : (p, F) arrays
        Centring (0 without an intercept) and positive scales of each lane's columns; an infinite scale leaves a
        column out of its lane.
    l2 : (p,) array
        Penalty factors >= 0; 0 is unpenalised (exactly eliminated), ``inf`` is excluded.
    strengths : (L,) or (F, L) array
        Positive, any order.
    fit_intercept : bool
        Centre y by each lane's weighted mean; ``means`` must then be the weighted column means.
    tol : float
        Stop a lane when the duality gap of each of its strengths is at most ``tol`` times its objective.
    max_iter : int
        Most steps of a lane; what was reached by then is returned with ``converged`` False.
    basis_bytes : int
        Memory for the bases of all lanes.

    Yields
    ------
    LaneRidge
        In the order in which lanes finish, one at a time, so that all coefficients need not be held at once.

    Raises
    ------
    InputError
        Strengths that are not positive or factors that are negative.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([1.0, 1.0])
    >>> zero, one = np.zeros((2, 1)), np.ones((2, 1))
    >>> path = next(iterate_ridge(lambda V: X @ V, lambda U: X.T @ U, y, one, zero, one, [1.0, 1.0], [0.5],
    ...                           fit_intercept=False))
    >>> path.coefs.round(6), bool(path.converged.all())
    (array([[0.5, 0.4]]), True)

    References
    ----------
    Simoncini (2003), Restarted full orthogonalization method for shifted linear systems; Paige and Saunders
    (1982).
    """
    weights, means, scales = (np.asarray(array, dtype=np.float64) for array in (weights, means, scales))
    l2, grid = _check(l2, strengths, weights)
    root = np.sqrt(weights / weights.sum(axis=0))
    penalised = np.isfinite(l2) & (l2 > 0)
    shrink = np.divide(1.0, np.sqrt(l2), out=np.zeros(l2.size), where=penalised)
    y = np.asarray(y, dtype=np.float64)[:, None]
    target = root * (y - (np.square(root) * y).sum(axis=0) if fit_intercept else y)
    plain = LaneOperator(matmat, rmatmat, root, means, 1.0 / scales)
    free = [_FreeColumns.build(plain, lane, np.flatnonzero(l2 == 0)) for lane in range(root.shape[1])]
    bases = [columns.basis for columns in free] if np.any(l2 == 0) else []
    operator = LaneOperator(matmat, rmatmat, root, means, shrink[:, None] / scales, bases)
    solved = _iterate(operator, target, grid, tol, max_iter, basis_bytes)
    return (_complete(lane, free[lane.lane], operator, target, shrink) for lane in solved)


def _complete(
    solved: LaneRidge, free: _FreeColumns, operator: LaneOperator, target: Floats, shrink: Floats
) -> LaneRidge:
    """Undo the scaling by the penalty factors and fill the unpenalised columns in (in place)."""
    unpenalised = free.coefs(operator, solved, target)
    solved.coefs[:] *= shrink
    solved.coefs[:, free.columns] = unpenalised
    return solved


def _iterate(
    operator: LaneOperator, target: Floats, grid: Floats, tol: float, max_iter: int, basis_bytes: int
) -> Iterator[LaneRidge]:
    """Iterate on the smaller side; coefficients are still multiplied by the root of their factors."""
    everyone, dual = np.arange(target.shape[1]), target.shape[0] < operator.stretch.shape[0]
    opened = operator.project(target, everyone)
    total = 0.5 * np.square(opened).sum(axis=0)
    rhs = opened if dual else operator.backward(opened, everyone)
    size = np.maximum(np.linalg.norm(rhs, axis=0), _TINY)

    def apply(V: Floats, live: NDArray[np.intp]) -> Floats:
        if dual:
            return operator.forward(operator.backward(V, live), live)
        return operator.backward(operator.forward(V, live), live)

    def gap(lane: int, residuals: Floats, energy: Floats, curvature: float) -> Floats:
        return _relative_gap(dual, grid[lane], float(total[lane]), residuals, energy, curvature)

    def accept(lane: int, residuals: Floats, energy: Floats, curvature: float) -> bool:
        return bool(np.all(gap(lane, residuals, energy, curvature) <= tol))

    capacity = int(np.clip(basis_bytes // (8 * rhs.size), 20, max_iter))
    for done in shifted_lanczos(apply, rhs, grid, accept, max_iter=max_iter, capacity=capacity):
        lane, coefs = done.lane, done.solutions
        if dual:
            coefs = operator.backward(coefs.T, np.full(coefs.shape[0], lane)).T
        gaps = gap(lane, done.residuals, done.energy, done.curvature)
        yield LaneRidge(lane, coefs, gaps, done.residuals / size[lane], done.steps, gaps <= tol)


def _relative_gap(
    dual: bool, strengths: Floats, total: float, residuals: Floats, energy: Floats, curvature: float
) -> Floats:
    r"""Duality gap over the objective.

    On the coefficients the gap is :math:`\|r\|^2/2s` and the objective :math:`(\|y\|^2 - b'x)/2`; on the
    duals they are :math:`\|A'r\|^2/2s` (never reported below the suboptimality bound :math:`\|r\|^2/2`) and
    :math:`s\,b'x/2`.
    """
    objective = 0.5 * strengths * energy if dual else total - 0.5 * energy
    factor = np.maximum(curvature / strengths, 1.0) if dual else 1.0 / strengths
    return (
        0.5 * np.square(residuals) * factor / np.maximum(objective, max(np.finfo(float).eps * total, _TINY))
    )


@dataclass(frozen=True, slots=True)
class _FreeColumns:
    """The unpenalised columns of one lane: a basis of their span and the way back to coefficients."""

    columns: NDArray[np.intp]
    basis: Floats
    back: Floats

    @classmethod
    def build(cls, plain: LaneOperator, lane: int, columns: NDArray[np.intp]) -> _FreeColumns:
        if columns.size == 0:
            return cls(columns, np.zeros((plain.root_weights.shape[0], 0)), np.zeros((0, 0)))
        select = np.zeros((plain.stretch.shape[0], columns.size))
        select[columns, np.arange(columns.size)] = 1.0
        block = plain.plain(select, np.full(columns.size, lane))
        norms = np.linalg.norm(block, axis=0)
        inverse = np.divide(1.0, norms, out=np.zeros(columns.size), where=norms > 0)
        left, values, right = np.linalg.svd(block * inverse, full_matrices=False)
        kept = values > max(block.shape) * np.finfo(np.float64).eps
        return cls(columns, left[:, kept], inverse[:, None] * (right[kept] / values[kept, None]).T)

    def coefs(self, operator: LaneOperator, solved: LaneRidge, target: Floats) -> Floats:
        """Least squares coefficients (L, u) on what the penalised columns leave over."""
        if self.columns.size == 0:
            return np.zeros((solved.coefs.shape[0], 0))
        fitted = operator.plain(solved.coefs.T, np.full(solved.coefs.shape[0], solved.lane))
        return (self.back @ (self.basis.T @ (target[:, solved.lane, None] - fitted))).T


def _check(l2: ArrayLike, strengths: ArrayLike, weights: Floats) -> tuple[Floats, Floats]:
    """Factors (p,) and strengths (F, L), refused unless they define a problem."""
    l2, grid = np.asarray(l2, dtype=np.float64), np.asarray(strengths, dtype=np.float64)
    if not np.all(l2 >= 0):
        raise InputError(
            "l2 has negative factors or NaN; give 0 (unpenalised), positive numbers, or inf (excluded)."
        )
    if np.any(weights < 0) or not np.all(weights.sum(axis=0) > 0):
        raise InputError("Each lane needs row weights >= 0 that are not all 0.")
    check_strengths(grid.ravel())
    if not np.all(grid > 0):
        raise InputError("strengths must be positive here; the iterative road has no answer at strength 0.")
    return l2, np.broadcast_to(grid, (weights.shape[1], grid.shape[-1]))

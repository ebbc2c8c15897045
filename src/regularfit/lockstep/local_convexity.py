"""Where along a nonconvex path the objective is locally convex, so that no better point lies nearby."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.linalg as sla

from .._typing import Vector
from ..losses import CoupledLoss, Squared
from ..penalties import L0, Folded, GroupMCP, GroupSCAD, Penalty
from .cox.ground import Ground
from .path import Path
from .problem import Problem
from .result import LaneResult
from .standard import inverse_scale

__all__ = ["locally_convex", "marked"]

MOST = 2000  # active columns beyond which a factor a strength costs too much; they count as not convex


SEARCHED = "no column added, dropped or exchanged improves it; a better subset may exist"
STOOD = "no column added, dropped or exchanged improves its quadratic model; a better subset may exist"


def marked(problem: Problem, weights: Vector, penalty: Penalty, found: LaneResult) -> LaneResult:
    """The result, its path with a mark where the objective is locally convex, for penalties without a normal form.

    The norm of a group bends down no more than its penalty does, so the bound for single columns holds for groups.
    """
    path = found.path
    if path is None or not isinstance(penalty, (L0, GroupMCP, GroupSCAD)):
        return found
    if isinstance(penalty, L0):  # beside the columns in use it is a ridge part
        form = Folded.of(problem.p, 1.0, "mcp", np.inf)
        reason = SEARCHED if isinstance(problem.loss, Squared) else STOOD
        told = zip(path.reasons, path.converged, strict=True)
        path = replace(path, reasons=tuple(reason if ok else old for old, ok in told))
    else:
        form = Folded.of(problem.p, 1.0, *penalty.bend)
    return replace(found, path=replace(path, convex=locally_convex(problem, weights, form, path)))


def locally_convex(problem: Problem, weights: Vector, form: Folded, path: Path) -> np.ndarray:
    r"""Return for every strength whether the objective is convex on the columns that are active there, (L,).

    .. math:: \lambda_{\min}(X_A^\top W X_A - D) > 0, \qquad D = 1/\gamma \text{ (MCP)},\; 1/(a-1) \text{ (SCAD)}

    for penalised columns, X centred and scaled as the lane sees it, W its row weights times the loss's curvature.

    References
    ----------
    Breheny and Huang (2011), Coordinate descent algorithms for nonconvex penalized regression, section 4.
    """
    mean, deviation = (found[0] for found in problem.design.moments(weights[None, :]))
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept, problem.unit)
    bent = np.where((form.l1 > 0) & np.isfinite(form.l1), form.concavity, 0.0)
    active = [
        np.unique(row.indices[row.data != 0]) for row in map(path.sparse_coefs.getrow, range(len(path)))
    ]
    if isinstance(problem.loss, Squared):
        return _on_one_gram(problem, weights, mean, inverse, bent, active)
    if isinstance(problem.loss, CoupledLoss):
        return _on_coupled_rows(problem, weights, mean, inverse, bent, active, path)
    every = np.arange(problem.n)
    eta = problem.design.rows_times(every, path.coefs.T) + path.intercepts + problem.offset[:, None]
    curved = weights[:, None] * problem.loss.curvature(problem.y[:, None], eta)
    out = np.zeros(len(path), bool)
    for k, columns in enumerate(active):
        h = np.ascontiguousarray(curved[:, k])
        total = float(h.sum())
        if len(columns) and total > 0 and len(columns) <= MOST:
            own = problem.design.moments(h[None, :] / total)[0][0]
            out[k] = _positive(_gram(problem, h, own, inverse, columns), bent[columns])
        else:
            out[k] = len(columns) == 0
    return out


def _on_one_gram(
    problem: Problem, weights: Vector, mean: Vector, inverse: Vector, bent: Vector, active: list[np.ndarray]
) -> np.ndarray:
    """The squared loss has one Gram matrix for all strengths."""
    small = [columns for columns in active if len(columns) <= MOST]
    union = np.unique(np.concatenate([*small, np.empty(0, np.int64)])).astype(np.int64)
    if not len(union):
        return np.array([len(columns) == 0 for columns in active])
    gram = _gram(problem, weights, mean, inverse, union)
    gram[np.diag_indices_from(gram)] -= bent[union]
    return _with_parts(
        gram, [np.searchsorted(union, columns) if len(columns) <= MOST else None for columns in active]
    )


def _with_parts(matrix: np.ndarray, chosen: list[np.ndarray | None]) -> np.ndarray:
    """Whether the block of each choice of columns is positive definite; False where there is none.

    All blocks of a definite one are definite, and none that contains one that is not. The choices of a path nearly
    contain each other, so few of them need a factor, the largest first.
    """
    out, within, beyond = np.zeros(len(chosen), bool), list[np.ndarray](), list[np.ndarray]()
    for k in sorted(range(len(chosen)), key=lambda k: -_length(chosen[k])):
        columns = chosen[k]
        if columns is None:
            continue
        used = np.zeros(len(matrix), bool)
        used[columns] = True
        if any(used[few].all() for few in beyond):
            continue
        out[k] = any(many[columns].all() for many in within)
        if out[k]:
            continue
        order = _first_failure(matrix[np.ix_(columns, columns)])
        out[k] = order == 0
        if out[k]:
            within.append(used)
        else:
            beyond.append(columns[:order])
    return out


def _length(columns: np.ndarray | None) -> int:
    return 0 if columns is None else len(columns)


def _on_coupled_rows(
    problem: Problem,
    weights: Vector,
    mean: Vector,
    inverse: Vector,
    bent: Vector,
    active: list[np.ndarray],
    path: Path,
) -> np.ndarray:
    """Rows that hang together have a Hessian of their own at every strength."""
    ground = Ground(problem, weights)
    out = np.zeros(len(active), bool)
    for k, columns in enumerate(active):
        if len(columns) <= MOST:
            eta = problem.design.rows_times(ground.rows, path.coefs[k][:, None]) + ground.offset[:, None]
            Z = ground.columns(np.ascontiguousarray(columns, dtype=np.int64), mean, inverse)
            out[k] = _positive(ground.likelihood.hessian(ground.likelihood.at(eta), Z), bent[columns])
    return out


def _gram(
    problem: Problem, weights: Vector, mean: Vector, inverse: Vector, columns: np.ndarray
) -> np.ndarray:
    centre = mean if problem.fit_intercept else np.zeros_like(mean)
    columns = np.ascontiguousarray(columns, dtype=np.int64)
    return problem.design.gram(weights, columns, columns, centre, inverse, 1)


def _positive(gram: np.ndarray, bent: Vector) -> bool:
    """Whether the matrix less the diagonal is positive definite."""
    shifted = np.array(gram, dtype=np.float64)
    shifted[np.diag_indices_from(shifted)] -= bent
    return _first_failure(shifted) == 0


def _first_failure(matrix: np.ndarray) -> int:
    """The order of the first leading block that is not positive definite; 0 where all are."""
    if not len(matrix):
        return 0
    (potrf,) = sla.get_lapack_funcs(("potrf",), (matrix,))
    return int(potrf(matrix, lower=1)[1])

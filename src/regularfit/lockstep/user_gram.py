"""A lane of the NumPy road on its Gram matrix: solution, certificate and scores without a pass over X."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._typing import Vector
from ..penalties import L0, Fused, Penalty
from .atoms import Atoms
from .certificate import Numbers, fenchel_gap, judge
from .fused_gram import fused_degrees, fused_lasso
from .fused_sparse import fused_sparse
from .gram_scores import held_out_errors
from .group_quadratic import bend_of
from .groups_path import groups_path
from .moments import Moments, moments_of
from .problem import Lane, Problem
from .prox_newton.parts import GroupKind, Kind, kind_of
from .proximal import ProximalPath, proximal_quadratic
from .quadratic_path import quadratic_path
from .result import LaneResult, Score, make_path
from .subset import subset_path
from .subset_rounds import most_columns

__all__ = ["fit_on_gram"]

# Columns in groups that the core takes whole; of more, those that matter are chosen strength by strength. What bends
# takes more sweeps, and so gains from having fewer columns in them.
SMALL, SMALL_BENT = 600, 300


def fit_on_gram(
    problem: Problem,
    penalty: Penalty,
    grid: Vector,
    lanes: Sequence[Lane],
    which: int,
    atoms: Atoms,
    strict: float,
    tol: float,
    score: Score | None,
) -> LaneResult:
    """Fit one lane; ``strict`` is the tolerance for the violation that the solver aims at."""
    found = moments_of(problem, lanes, [which], atoms)
    data = found.lane(0)
    most = most_columns(problem, lanes[which].weights(problem))
    fit, gaps, df = solve(data, penalty, grid, strict, tol, most)
    grid = grid[: len(fit.coefs)]
    raw = fit.coefs * data.inverse
    level = np.full(len(grid), data.mean_y) - raw @ data.mean
    scores = held_out_errors(problem, lanes, [which], atoms, raw[None], level[None], score)[0]
    proved, explained = certify(data, penalty, grid, fit.coefs)
    gaps = proved if gaps is None else gaps
    path = None
    if lanes[which].keep:
        centre = atoms.centre
        intercepts = level + centre[problem.p] - raw @ centre[: problem.p]
        intercepts = intercepts if problem.fit_intercept else np.zeros(len(grid))
        path = make_path(problem, grid, raw, intercepts, explained, df, gaps, fit.kkt, tol)
    return LaneResult(path, scores, gaps, fit.kkt, judge(gaps, fit.kkt, tol))


def solve(
    data: Moments, penalty: Penalty, grid: Vector, strict: float, tol: float, most: float
) -> tuple[ProximalPath, Vector | None, Vector]:
    """The solver that knows this penalty: solutions, gaps where it has its own, and degrees of freedom (L,)."""
    if isinstance(penalty, Fused) and not penalty.l1_ratio:
        return fused_lasso(data, penalty, grid, tol)
    if isinstance(penalty, Fused):
        fit = fused_sparse(data, penalty, grid, strict)
        return fit, None, fused_degrees(penalty, fit.coefs)
    if isinstance(penalty, L0):
        diagonal = np.diag(data.gram)
        fit = subset_path(data.c, penalty, grid, diagonal, lambda columns: data.gram[columns], most)
    else:
        kind = kind_of(penalty, len(data.c))
        fit = (
            _with_kind(data, kind, grid, strict)
            if kind is not None
            else proximal_quadratic(data.gram, data.c, penalty, grid, tol=strict)
        )
    return fit, None, np.count_nonzero(fit.coefs, axis=1).astype(float)


def _with_kind(data: Moments, kind: Kind, grid: Vector, strict: float) -> ProximalPath:
    """A path by the small solver of the penalty, each strength to a gap where there is one."""
    if isinstance(kind, GroupKind) and len(data.c) <= (
        SMALL if bend_of(kind.penalty) is None else SMALL_BENT
    ):

        def gaps(B: np.ndarray, G: np.ndarray, size: Vector, ratio: Vector) -> Vector:
            return np.asarray(_gaps(data, B, G, size, ratio))

        return groups_path(data.gram, data.c, kind, grid, tol=strict, gaps=gaps)
    part = kind.part(np.arange(len(data.c)))

    def enough(b: Vector, grad: Vector, s: float) -> bool:
        ratio = part.ratio(grad, s)
        return ratio is not None and float(_gaps(data, b, -grad, part.value(b, s), ratio)) <= strict

    return quadratic_path(data.gram, data.c, kind, grid, tol=strict, enough=enough)


def certify(data: Moments, penalty: Penalty, grid: Vector, B: np.ndarray) -> tuple[Vector, Vector]:
    """Relative duality gaps (nan where the penalty is not a norm) and deviance ratios, (L,) each."""
    G = data.c - B @ data.gram
    rr = np.maximum(data.yy - B @ data.c - np.einsum("lp,lp->l", B, G), 0.0)
    explained = 1 - rr / data.yy if data.yy > 0 else np.zeros(len(grid))
    polars = [penalty.polar(g) for g in G]
    if any(polar is None for polar in polars):
        return np.full(len(grid), np.nan), explained
    ratio = np.array(polars, dtype=np.float64) / grid
    size = grid * np.array([penalty.value(b) for b in B])
    return _gaps(data, B, G, size, ratio), explained


def _gaps(data: Moments, B: np.ndarray, G: np.ndarray, size: Numbers, ratio: Numbers) -> Numbers:
    """Relative duality gaps of coefficients (..., p) with scores G, whose penalty at the strength is ``size``."""
    bg = (B * G).sum(axis=-1)
    rr = np.maximum(data.yy - B @ data.c - bg, 0.0)
    gaps = np.maximum(fenchel_gap(rr, bg, size, 0.0 * rr, ratio), 0.0)
    return gaps / np.maximum(0.5 * rr + size, 0.5e-12 * data.yy + 1e-300)

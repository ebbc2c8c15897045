"""Leave-one-out and generalised cross-validation of ridge in closed form: no fold is ever fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._typing import Vector
from ..designs import Dense
from ..errors import UnsupportedError
from ..losses import Squared
from ..penalties import Penalty
from .atoms import collect_atoms
from .moments import reduce
from .problem import Lane, Problem
from .ridge import GramRidge, gcv, leave_one_out
from .ridge_kernel import KernelRidge
from .ridge_lanes import kernel_of
from .standard import inverse_scale, lane_terms
from .threads import thread_count, workers

__all__ = ["ClosedForm", "closed_form_scores"]


@dataclass(frozen=True, eq=False)
class ClosedForm:
    """Scores of ridge at every strength.

    Parameters
    ----------
    residuals : (n, L) leave-one-out residuals, nan on rows of weight 0. Column scales are those of all rows,
        and the
        total penalty is kept when a row is left out.
    loo : (L,) weighted mean of their squares.
    gcv : (L,) generalised cross-validation score.
    df : (L,) trace of the hat matrix, without the intercept.
    coefs, intercepts : (L, p) and (L,) of the fits on all rows, on the scale of X.
    """

    residuals: np.ndarray
    loo: Vector
    gcv: Vector
    df: Vector
    coefs: np.ndarray
    intercepts: Vector


def closed_form_scores(
    problem: Problem, penalty: Penalty, strengths: Vector, threads: int | None = None
) -> ClosedForm:
    """Return leave-one-out and GCV scores of ridge along strengths (Allen 1974; Golub, Heath & Wahba 1979).

    Raises
    ------
    UnsupportedError
        For a loss other than Squared, or a penalty with an l1 part or bounds: there is no closed form.
    """
    if problem.constraints is not None:
        raise UnsupportedError(
            'select="loo" has no closed form beside linear_constraints; use select="min" with cv.'
        )
    normal = penalty.coordinates(problem.p)
    if (
        normal is None
        or not isinstance(problem.loss, Squared)
        or not lane_terms(normal, np.ones(problem.p)).smooth
    ):
        raise UnsupportedError(
            "select='loo' and 'gcv' have a closed form for L2 penalties with the squared loss only, "
            f"not for {penalty!r} with {type(problem.loss).__name__}; use select='min' with "
            "cv=sklearn.model_selection.LeaveOneOut(), or select='bic'."
        )
    strengths = np.asarray(strengths, dtype=np.float64)
    with workers(thread_count(threads)) as team:
        if problem.n > problem.p or not isinstance(problem.design, Dense):
            return _from_gram(problem, normal, strengths, team)
        return _from_kernel(problem, normal, strengths)


def _summary(
    problem: Problem, residuals: np.ndarray, score: Vector, df: Vector, coefs: np.ndarray, intercepts: Vector
) -> ClosedForm:
    w = problem.sample_weight
    used = w > 0
    loo = w[used] @ residuals[used] ** 2 / w.sum()
    return ClosedForm(residuals, loo, score, df, coefs, intercepts)


def _from_gram(problem: Problem, normal, strengths: Vector, team) -> ClosedForm:  # type: ignore[no-untyped-def]
    every = np.arange(problem.n)
    atoms = collect_atoms(problem, [Lane(every)], team)
    data = reduce(problem, atoms.grams[0])
    keep = np.flatnonzero(np.isfinite(normal.l1) & (data.inverse > 0))
    spectrum = GramRidge.decompose(data.gram[np.ix_(keep, keep)], normal.l2[keep])
    B = spectrum.coefs(data.c[keep], strengths)
    df = spectrum.df(strengths)
    w = problem.sample_weight / problem.n
    shift = float(problem.fit_intercept)
    centre = atoms.centre[: problem.p] + data.mean
    y = problem.y - problem.offset - (atoms.centre[problem.p] + data.mean_y)
    back = np.zeros((problem.p, len(keep)))
    back[keep, np.arange(len(keep))] = data.inverse[keep]
    residuals = np.empty((problem.n, len(strengths)))
    fitted = np.empty_like(residuals)

    def block(rows: np.ndarray) -> None:
        if isinstance(problem.design, Dense):
            Z = problem.design.gather(rows, keep, centre[keep], data.inverse[keep])
        else:
            Z = problem.design.rows_times(rows, back) - centre[keep] * data.inverse[keep]
        h = spectrum.leverages(Z, w[rows], strengths) + shift * w[rows][:, None]
        fitted[rows] = y[rows, None] - Z @ B.T
        residuals[rows] = leave_one_out(fitted[rows], h)

    step = max(64, (16 << 20) // (8 * max(problem.p, len(strengths))))
    list(team.map(block, [every[start : start + step] for start in range(0, problem.n, step)]))
    residuals[w == 0] = np.nan
    score = gcv(w @ fitted**2, df + shift, float(np.count_nonzero(w)))
    coefs = B @ back.T
    level = atoms.centre[problem.p] + data.mean_y
    return _summary(problem, residuals, score, df, coefs, level - coefs @ centre)


def _from_kernel(problem: Problem, normal, strengths: Vector) -> ClosedForm:  # type: ignore[no-untyped-def]
    w = problem.sample_weight / problem.n
    mean, deviation = problem.design.moments(w[None, :])
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept)[0]
    centre = mean[0] if problem.fit_intercept else np.zeros(problem.p)
    dead = np.isinf(normal.l1)
    K = kernel_of(problem.design, np.where(dead, 0.0, normal.l2), inverse, centre)
    fixed = np.ones((problem.n, 1)) if problem.fit_intercept else np.empty((problem.n, 0))
    free = np.flatnonzero((normal.l2 == 0) & ~dead)
    if len(free):
        fixed = np.column_stack([fixed, problem.design.gather(np.arange(problem.n), free, centre[free])])  # type: ignore[attr-defined]
    fit = KernelRidge.decompose(K, w, fixed).fit(K, problem.y - problem.offset, strengths, fixed)
    shift = int(problem.fit_intercept)
    d = np.divide(inverse**2, normal.l2, out=np.zeros(problem.p), where=(normal.l2 > 0) & ~dead)
    coefs = problem.design.rmatmat(0, problem.p, np.ascontiguousarray(fit.duals)) * d
    coefs[:, free] = fit.fixed_coefs[shift:].T
    level = fit.fixed_coefs[0] if shift else np.zeros(len(strengths))
    return _summary(problem, fit.loo, fit.gcv, fit.df - shift, coefs, level - coefs @ centre)

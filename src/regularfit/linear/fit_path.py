"""The path alone: every strength fitted, nothing chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InputError
from ..inputs.table import read_table
from ..inputs.targets import read_constraints, read_offset, read_weights
from ..lockstep import (
    Lane,
    LinearConstraints,
    Path,
    fit_lanes,
    is_count,
    look_ahead,
    make_problem,
    relaxed_paths,
    strength_grid,
)
from ..lockstep.problem import columns_of
from ..lockstep.refit import check_relaxable
from ..losses import Loss, get_several
from ..penalties import L1, Penalty
from ._checks import check_rows, check_varies, warn_path
from ._params import candidates
from ._progress import progress_bar

__all__ = ["fit_path"]


def fit_path(
    X: Any,
    y: Any,
    penalty: Penalty = L1(),  # noqa: B008 - a frozen value
    *,
    loss: str | Loss = "squared",
    strengths: Any = 100,
    min_ratio: float | None = None,
    standardize: bool = True,
    fit_intercept: bool = True,
    tol: float = 1e-7,
    n_jobs: int | None = None,
    verbose: bool | None = False,
    sample_weight: Any = None,
    offset: Any = None,
    relax: bool = False,
    linear_constraints: LinearConstraints | None = None,
) -> Path:
    r"""Return the solutions along decreasing strengths; nothing is chosen.

    .. math:: \min_{b_0, b}\; \frac1n \sum_i w_i\, \ell(y_i, o_i + b_0 + x_i^\top b) + s \cdot P(b)
              \qquad\text{for every strength } s

    Prefer it to look at a path, or to choose by a rule of your own. To have a strength chosen use
    :class:`PenalizedRegressor` or :class:`PenalizedClassifier`.

    Parameters
    ----------
    X : (n, p) array, SciPy sparse matrix, or pandas / polars / pyarrow table of numbers
    y : (n,) numbers; 0 and 1 (or shares between) for the logistic loss, 0 or above for counts and amounts. (n, K) for
        several targets with the squared loss; class numbers 0, 1, 2, ... or shares (n, K) for the multinomial loss.
    penalty : one Penalty.
    loss : "squared", "logistic", "multinomial", "poisson", "gamma", "tweedie", "negative_binomial", "huber",
        "squared_hinge" or a Loss.
    strengths, min_ratio, standardize, fit_intercept, tol, n_jobs, verbose
        As in :class:`PenalizedRegressor`.
    sample_weight, offset : (n,) or None; offset (n, K) with several predictors.
    relax : also refit the columns of every strength without a penalty: ``path.relaxed``, ``path.blend(gamma)``; with
        several predictors the columns of each. Not for the quantile loss.
    linear_constraints : LinearConstraints or None
        On the coefficients together, for the squared loss.

    Raises
    ------
    InputError
        For data or parameters that cannot be used.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> X = np.random.default_rng(0).normal(size=(50, 5))
    >>> path = rf.fit_path(X, X[:, 0] - X[:, 1], strengths=[1.0, 0.1])
    >>> path.strengths, path.coefs.shape
    (array([1. , 0.1]), (2, 5))

    References
    ----------
    Friedman, Hastie & Tibshirani (2010), Regularization paths for generalized linear models via coordinate
    descent.
    """
    table = read_table(X)
    check_rows(table)
    if fit_intercept:
        check_varies(table)
    weights = read_weights(sample_weight, table.n)
    several = get_several(loss, columns_of(y))
    known = offset if several else read_offset(offset, table.n)
    problem = make_problem(
        table.values,
        y,
        loss,
        sample_weight=weights,
        offset=known,
        fit_intercept=fit_intercept,
        standardize=standardize,
        constraints=read_constraints(linear_constraints),
    )
    found = candidates(penalty)
    if len(found) != 1:
        raise InputError(
            f"fit_path fits one penalty; {len(found)} were given. Call it for each, or let "
            "PenalizedRegressor choose."
        )
    resolved = found[0].resolve(table.names)
    if relax:
        check_relaxable(problem, [resolved])
    lane = Lane(np.arange(problem.n), keep=True)
    shared = look_ahead(problem, [resolved], [lane], n_jobs)
    grid = strength_grid(problem, resolved, strengths, min_ratio, shared)
    with progress_bar(verbose) as progress:
        results = fit_lanes(
            problem,
            [resolved],
            [grid],
            [lane],
            tol=tol,
            threads=n_jobs,
            progress=progress,
            cut=is_count(strengths),
            shared=shared,
        )
    path = results[0][0].path
    assert path is not None  # it was asked for with keep=True
    warn_path(path, tol)
    if relax:
        path = relaxed_paths(problem, resolved, [lane], [path], tol=tol, threads=n_jobs, shared=shared)[0]
    return path.named(table.names)

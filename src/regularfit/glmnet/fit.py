"""The function glmnet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .call import read_call
from .paths import fit_rows
from .relaxed import check_relax, relax_rows
from .result import Glmnet, result_of

__all__ = ["glmnet"]


def glmnet(
    x: Any,
    y: Any,
    family: str = "gaussian",
    weights: Any = None,
    offset: Any = None,
    alpha: float = 1.0,
    nlambda: int = 100,
    lambda_min_ratio: float | None = None,
    lambda_: Any = None,
    standardize: bool = True,
    intercept: bool = True,
    thresh: float = 1e-7,
    dfmax: int | None = None,
    pmax: int | None = None,
    exclude: Any = None,
    penalty_factor: Any = None,
    lower_limits: Any = -np.inf,
    upper_limits: Any = np.inf,
    maxit: int = 100_000,
    type_gaussian: str | None = None,
    type_logistic: str = "Newton",
    standardize_response: bool = False,
    type_multinomial: str = "ungrouped",
    relax: bool = False,
    *,
    n_jobs: int | None = None,
) -> Glmnet:
    r"""Fit a path of lasso, ridge or elastic net, with the arguments, defaults and numbers of R's glmnet.

    .. math:: \min_{\beta_0, \beta} \sum_i \frac{w_i}{\sum_k w_k} \ell(y_i, \beta_0 + x_i \beta) + \lambda \sum_j f_j
              \Big(\alpha |\tilde\beta_j| + \frac{1 - \alpha}2 \tilde\beta_j^2\Big)

    with factors f that sum to p and coefficients of standardised columns; for gaussian the ridge part is divided by
    sd(y), because glmnet scales y inside. Prefer it where R code is ported; :func:`regularfit.fit_path` has one
    convention for all losses.

    Parameters
    ----------
    x : (n, p >= 2) array, sparse matrix or table of numbers
    y : (n,); for binomial two labels, or (n, 2) counts of both classes, the second being what is predicted; for
        multinomial labels or (n, K) counts; for mgaussian (n, K) numbers; for cox what :func:`regularfit.survival`
        makes, or columns (time, event) or (start, stop, event).
    family : "gaussian", "binomial", "poisson", "multinomial", "cox" or "mgaussian".
    weights : (n,) or None
    offset : (n,), for multinomial and mgaussian (n, K), or None
    alpha : in [0, 1]; 1 is the lasso, 0 ridge.
    nlambda, lambda_min_ratio : of the automatic sequence, which ends early where R's does.
    lambda_ : the user's own, which is never cut short.
    standardize, intercept : as in R.
    exclude : positions (from 0) of columns that are left out.
    penalty_factor : (p,) >= 0, rescaled to sum to p; 0 leaves a column unpenalised, inf excludes it.
    lower_limits, upper_limits : numbers or (p,), around 0; not where a column is in for all outputs or for none.
    dfmax, pmax : end the path where more coefficients are not zero (have ever been).
    thresh, maxit, type_gaussian, type_logistic : without effect: every solution has a duality gap below 1e-10.
    standardize_response : for mgaussian, divide every target by its standard deviation first.
    type_multinomial : "ungrouped", or "grouped": a column is in for all classes or for none, as it is for mgaussian.
    relax : also refit the columns of every lambda without penalty, within the limits:
        ``fit.relaxed``. Where columns depend on one another the refit is the one next to the penalised solution; as in
        R a support of more than n - 3 columns is not refitted, and the last one that was stands for it; a column that
        any class or target has is free for all of them.
    n_jobs : threads; None for all cores.

    Returns
    -------
    Glmnet

    Raises
    ------
    UnsupportedError
        For ``relax`` with limits and several outputs, and limits where a column is in for all outputs or for none.
    InputError
        For data or settings that cannot be used.

    Examples
    --------
    >>> x = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
    >>> fit = glmnet(x, [0.0, 1.0, 2.0, 3.5], nlambda=5)
    >>> fit.df.tolist()[:2]
    [0, 1]

    References
    ----------
    Friedman, J., Hastie, T. & Tibshirani, R. (2010). Regularization paths for generalized linear models via coordinate
    descent. Journal of Statistical Software 33.
    """
    call = read_call(
        x,
        y,
        family,
        weights=weights,
        offset=offset,
        alpha=alpha,
        nlambda=nlambda,
        lambda_min_ratio=lambda_min_ratio,
        lambda_=lambda_,
        standardize=standardize,
        intercept=intercept,
        dfmax=dfmax,
        pmax=pmax,
        exclude=exclude,
        penalty_factor=penalty_factor,
        lower_limits=lower_limits,
        upper_limits=upper_limits,
        standardize_response=standardize_response,
        type_multinomial=type_multinomial,
        n_jobs=n_jobs,
    )
    if relax:
        check_relax(call)
    found = fit_rows(call, call.problem)
    fit = result_of(call, found)
    return replace(fit, relaxed=relax_rows(call, found)) if relax else fit

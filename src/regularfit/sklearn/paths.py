"""Paths of lasso and elastic net as functions."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from ._solve import fit_strengths, mixed_penalty, plain_problem, sharp

__all__ = ["alpha_grid", "enet_path", "lasso_path", "row_grid"]

_SOLVER_ONLY = ("X_offset", "X_scale", "max_iter", "random_state", "selection", "do_screening")


def lasso_path(
    X: Any,
    y: Any,
    *,
    eps: float = 1e-3,
    n_alphas: Any = "deprecated",
    alphas: Any = "warn",
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: Any = False,
    return_n_iter: bool = False,
    positive: bool = False,
    **params: Any,
) -> tuple[Any, ...]:
    r"""Return the lasso path as scikit-learn does: :func:`enet_path` at ``l1_ratio=1``, without an intercept.

    >>> alphas, coefs, gaps = lasso_path([[1.0], [2.0]], [1.0, 2.0], alphas=[0.5, 1.0])
    >>> alphas, coefs
    (array([1. , 0.5]), array([[0.6, 0.8]]))
    """
    return enet_path(
        X,
        y,
        l1_ratio=1.0,
        eps=eps,
        alphas=_asked(n_alphas, alphas),
        precompute=precompute,
        Xy=Xy,
        copy_X=copy_X,
        coef_init=coef_init,
        verbose=verbose,
        return_n_iter=return_n_iter,
        positive=positive,
        **params,
    )


def enet_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 0.5,
    eps: float = 1e-3,
    n_alphas: Any = "deprecated",
    alphas: Any = "warn",
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: Any = False,
    return_n_iter: bool = False,
    positive: bool = False,
    check_input: bool = True,
    **params: Any,
) -> tuple[Any, ...]:
    r"""Return the elastic net path as scikit-learn does, without an intercept.

    .. math:: \min_b \frac1{2n} \|y - X b\|^2 + \alpha\rho \|b\|_1 + \frac{\alpha (1 - \rho)}2 \|b\|_2^2

    Parameters
    ----------
    X, y : (n, p) and (n,); an (n, k) target is the multi-task model, whose coefs are (k, p, L).
    l1_ratio : in [0, 1].
    eps : smallest over largest alpha of a grid from the data.
    alphas : how many, or the alphas themselves, in any order.
    positive : hold coefficients at or above zero.
    return_n_iter : return a list of ones as well.
    sample_weight, tol : further keywords.
    precompute, Xy, copy_X, coef_init, verbose, check_input, max_iter, selection, random_state : without effect.

    Returns
    -------
    alphas (L,) decreasing, coefs (p, L), dual_gaps (L,), and n_iters if asked for

    Examples
    --------
    >>> enet_path([[1.0], [2.0]], [1.0, 2.0], alphas=[1.0])[1].round(4)
    array([[0.6667]])
    """
    asked = _asked(n_alphas, alphas)
    weights, tol = params.pop("sample_weight", None), params.pop("tol", 1e-4)
    for name in _SOLVER_ONLY:
        params.pop(name, None)
    if params:
        raise ValueError("Unexpected parameters in params", params.keys())
    if check_input:
        accept: Any = {"accept_sparse": ("csr", "csc"), "dtype": [np.float64, np.float32]}
        X = check_array(X, **accept)
        y = check_array(y, dtype=X.dtype.type, ensure_2d=False)
    several = y.ndim == 2 and y.shape[1] > 1
    if several and positive:
        raise ValueError("positive=True is not allowed for multi-output (y.ndim != 1)")
    penalty: Any = mixed_penalty(l1_ratio, positive)
    if several:
        penalty = penalty.across_outputs()
    if isinstance(asked, Integral) and y.ndim == 2:
        grid = row_grid(X, y, l1_ratio, False, eps, int(asked), weights)
    elif isinstance(asked, Integral):
        grid = alpha_grid(X, y, l1_ratio, False, eps, int(asked), weights, positive)
    else:
        grid = np.sort(np.asarray(asked, dtype=np.float64))[::-1]
    problem = plain_problem(X, y if several else y.ravel(), "squared", weights, False)
    found = fit_strengths(problem, penalty, grid, sharp(tol))
    coefs = np.moveaxis(found.coefs, 0, -1)
    coefs = coefs[None] if y.ndim == 2 and not several else coefs
    answer = grid, np.asarray(coefs, dtype=X.dtype), found.gaps
    return (*answer, [1] * len(grid)) if return_n_iter else answer


def alpha_grid(
    X: Any,
    y: np.ndarray,
    l1_ratio: float,
    fit_intercept: bool,
    eps: float,
    count: int,
    sample_weight: Any,
    positive: bool,
) -> np.ndarray:
    """Return scikit-learn's grid: from the smallest alpha at which everything is zero, evenly on the log scale."""
    if l1_ratio == 0:
        raise ValueError(
            "There is no grid from the data for l1_ratio=0: ridge has no alpha at which everything is zero. "
            "Give alphas=."
        )
    scores, total = _scores(X, y, fit_intercept, sample_weight)
    largest = max(0.0, float(np.max(scores))) if positive else float(np.abs(scores).max())
    return _below(largest / (total * l1_ratio), eps, count)


def row_grid(
    X: Any, y: np.ndarray, l1_ratio: float, fit_intercept: bool, eps: float, count: int, sample_weight: Any
) -> np.ndarray:
    """Return the same grid for several targets (n, K), where a column enters for all of them."""
    if l1_ratio == 0:
        raise ValueError("There is no grid from the data for l1_ratio=0; give alphas=.")
    found = [_scores(X, y[:, k], fit_intercept, sample_weight) for k in range(y.shape[1])]
    rows = np.sqrt(sum(np.square(scores) for scores, _ in found))
    return _below(float(rows.max()) / (found[0][1] * l1_ratio), eps, count)


def _scores(X: Any, y: np.ndarray, fit_intercept: bool, sample_weight: Any) -> tuple[np.ndarray, float]:
    """``X' w (y - mean)`` about the means of the columns, (p,), and the sum of the weights."""
    w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    target = np.asarray(y, dtype=np.float64)
    target = w * (target - np.average(target, weights=w)) if fit_intercept else w * target
    scores = X.T @ target
    if fit_intercept:  # the target is centred up to rounding; what is left must not meet a large column mean
        mean = np.asarray(w @ X if not sparse.issparse(X) else X.T @ w).ravel() / w.sum()
        scores = scores - mean * target.sum()
    return np.asarray(scores), float(w.sum())


def _below(top: float, eps: float, count: int) -> np.ndarray:
    least = np.finfo(np.float64).resolution
    return np.full(count, least) if top <= least else np.geomspace(top, top * eps, num=count)


def _asked(n_alphas: Any, alphas: Any) -> Any:
    """How many alphas, or which: scikit-learn is between two ways of saying it, and warns of the older."""
    count: Any = 100
    if not (isinstance(n_alphas, str) and n_alphas == "deprecated"):
        warnings.warn(
            "'n_alphas' was deprecated in scikit-learn 1.9 and goes in 1.11; give the number as 'alphas'.",
            FutureWarning,
            stacklevel=3,
        )
        count = n_alphas
    if isinstance(alphas, str) and alphas == "warn":
        return count
    if alphas is None:
        warnings.warn(
            "'alphas=None' is deprecated and goes in scikit-learn 1.11; 'alphas=100' says the same.",
            FutureWarning,
            stacklevel=3,
        )
        return count
    return alphas

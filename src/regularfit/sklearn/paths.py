"""Paths of lasso and elastic net as functions."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from ..errors import UnsupportedError
from ._solve import fit_strengths, mixed_penalty, plain_problem, sharp

__all__ = ["alpha_grid", "enet_path", "lasso_path"]

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
    X, y : (n, p) and (n,); an (n, k) target is the multi-task model, which is not built yet.
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
        X = check_array(X, accept_sparse=("csr", "csc"), dtype=[np.float64, np.float32])
        y = check_array(y, dtype=X.dtype.type, ensure_2d=False)
    if y.ndim != 1:
        raise UnsupportedError(
            "enet_path with several targets is the multi-task elastic net, which is not built yet; call it once for "
            "each column of y for independent fits, or use sklearn.linear_model.enet_path."
        )
    if isinstance(asked, Integral):
        grid = alpha_grid(X, y, l1_ratio, False, eps, int(asked), weights, positive)
    else:
        grid = np.sort(np.asarray(asked, dtype=np.float64))[::-1]
    problem = plain_problem(X, y, "squared", weights, False)
    found = fit_strengths(problem, mixed_penalty(l1_ratio, positive), grid, sharp(tol))
    answer = grid, np.asarray(found.coefs.T, dtype=X.dtype), found.gaps
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
    w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    target = np.asarray(y, dtype=np.float64)
    target = w * (target - np.average(target, weights=w)) if fit_intercept else w * target
    scores = X.T @ target
    if fit_intercept:  # the target is centred up to rounding; what is left must not meet a large column mean
        mean = np.asarray(w @ X if not sparse.issparse(X) else X.T @ w).ravel() / w.sum()
        scores = scores - mean * target.sum()
    largest = max(0.0, float(np.max(scores))) if positive else float(np.abs(scores).max())
    top = largest / (w.sum() * l1_ratio)
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

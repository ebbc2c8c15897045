"""R's two pictures: coefficients along the path, and the cross-validation curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import check_choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .cross_validation import CVGlmnet
    from .result import Glmnet

__all__ = ["plot_cv", "plot_path"]


def plot_path(fit: Glmnet, xvar: str, ax: Any) -> Axes:
    """Draw one line a coefficient that is ever not zero."""
    check_choice(xvar, ("lambda", "norm", "dev"), "xvar")
    coefs = fit.beta.T.toarray()
    with np.errstate(divide="ignore"):
        values = {
            "lambda": -np.log(fit.lambda_),
            "norm": np.abs(coefs).sum(axis=1),
            "dev": fit.dev_ratio,
        }[xvar]
    labels = {"lambda": "-Log Lambda", "norm": "L1 Norm", "dev": "Fraction Deviance Explained"}
    axes = _axes(ax)
    for j in np.flatnonzero(coefs.any(axis=0)):
        axes.plot(values, coefs[:, j], label=fit.names[j], linewidth=1)
    axes.set(xlabel=labels[xvar], ylabel="Coefficients")
    return axes


def plot_cv(cv: CVGlmnet, ax: Any) -> Axes:
    """Draw the curve, its bars and the two choices."""
    axes = _axes(ax)
    x = -np.log(cv.lambda_)
    axes.errorbar(x, cv.cvm, yerr=cv.cvsd, fmt="o", markersize=3, color="tab:red", ecolor="darkgrey")
    for chosen in (cv.lambda_min, cv.lambda_1se):
        axes.axvline(-np.log(chosen), linestyle=":", color="black", linewidth=1)
    axes.set(xlabel="-Log Lambda", ylabel=cv.name)
    return axes


def _axes(ax: Any) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots()[1]

"""R's two pictures: coefficients along the path, and the cross-validation curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import check_choice
from .outputs import merged

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .cross_validation import CVGlmnet
    from .result import Glmnet

__all__ = ["plot_cv", "plot_path"]


def plot_path(fit: Glmnet, xvar: str, ax: Any) -> Axes:
    """Draw one line a coefficient (of every output) that is ever not zero."""
    check_choice(xvar, ("lambda", "norm", "dev"), "xvar")
    coefs, names = merged(fit.beta).toarray(), fit.names
    if isinstance(fit.beta, dict):
        names = tuple(f"{label}: {name}" for label in fit.beta for name in fit.names)
    with np.errstate(divide="ignore"):
        values = {
            "lambda": -np.log(fit.lambda_),
            "norm": np.abs(coefs).sum(axis=1),
            "dev": fit.dev_ratio,
        }[xvar]
    labels = {"lambda": "-Log Lambda", "norm": "L1 Norm", "dev": "Fraction Deviance Explained"}
    axes = _axes(ax)
    for j in np.flatnonzero(coefs.any(axis=0)):
        axes.plot(values, coefs[:, j], label=names[j], linewidth=1)
    axes.set(xlabel=labels[xvar], ylabel="Coefficients")
    return axes


def plot_cv(cv: CVGlmnet, ax: Any) -> Axes:
    """Draw the curve, its bars and the two choices; one curve a gamma for relaxed fits."""
    if cv.relaxed is not None:
        return _relaxed(cv, ax)
    axes = _axes(ax)
    x = -np.log(cv.lambda_)
    axes.errorbar(x, cv.cvm, yerr=cv.cvsd, fmt="o", markersize=3, color="tab:red", ecolor="darkgrey")
    for chosen in (cv.lambda_min, cv.lambda_1se):
        axes.axvline(-np.log(chosen), linestyle=":", color="black", linewidth=1)
    axes.set(xlabel="-Log Lambda", ylabel=cv.name)
    return axes


def _relaxed(cv: CVGlmnet, ax: Any) -> Axes:
    """One curve a gamma with its band; the two choices."""
    from matplotlib import colormaps

    axes, relaxed = _axes(ax), cv.relaxed
    assert relaxed is not None  # the caller looked
    x, colours = -np.log(cv.lambda_), colormaps["viridis"](np.linspace(0, 0.9, len(relaxed.gamma)))
    for gamma, curve, colour in zip(relaxed.gamma, relaxed.statlist, colours, strict=True):
        axes.fill_between(
            x, curve.cvm - curve.cvsd, curve.cvm + curve.cvsd, color=colour, alpha=0.08, linewidth=0
        )
        axes.plot(x, curve.cvm, color=colour, label=f"gamma {gamma:g}")
    for chosen in (relaxed.lambda_min, relaxed.lambda_1se):
        axes.axvline(-np.log(chosen), linestyle=":", color="black", linewidth=1)
    axes.set(xlabel="-Log Lambda", ylabel=cv.name)
    axes.legend(fontsize="small")
    return axes


def _axes(ax: Any) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots()[1]

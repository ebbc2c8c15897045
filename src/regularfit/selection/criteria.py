"""Information criteria and generalised cross-validation: a strength chosen from one path, without folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaln  # pyright: ignore[reportMissingTypeStubs]

from .._checks import check_choice, check_fraction
from .._typing import Vector
from ..errors import InputError

__all__ = ["CRITERIA", "Criterion", "aic", "bic", "criterion", "ebic", "gcv"]

CRITERIA = ("aic", "bic", "ebic", "gcv", "loo")


@dataclass(frozen=True, eq=False)
class Criterion:
    """A criterion along a path; the smallest value wins.

    Parameters
    ----------
    name : one of ``aic``, ``bic``, ``ebic``, ``gcv``, ``loo``.
    strengths : (L,) decreasing.
    values : (L,); inf where the criterion does not apply (a saturated fit).

    Examples
    --------
    >>> Criterion("bic", np.array([1.0, 0.1]), np.array([3.0, 2.0])).strength_min
    0.1
    """

    name: str
    strengths: Vector
    values: Vector

    def __post_init__(self) -> None:
        """Refuse values that do not fit the strengths."""
        object.__setattr__(self, "strengths", np.asarray(self.strengths, dtype=np.float64))
        object.__setattr__(self, "values", np.asarray(self.values, dtype=np.float64))
        if self.strengths.shape != self.values.shape or self.values.ndim != 1 or not self.values.size:
            raise InputError(f"{self.name}: {self.strengths.shape} strengths but {self.values.shape} values.")
        if np.isnan(self.values).any() or not (self.values < np.inf).any():
            raise InputError(
                f"{self.name} cannot be computed: no strength of this path leaves a residual degree of "
                "freedom, or its "
                'degrees of freedom are unknown. Give larger strengths, or use select="min".'
            )

    @cached_property
    def index_min(self) -> int:
        """Index of the smallest value; of ties, the strongest penalty."""
        return int(np.argmin(self.values))

    @property
    def strength_min(self) -> float:
        """The strength of the smallest value."""
        return float(self.strengths[self.index_min])


def aic(deviance: Vector, df: Vector, *, n: float, squared: bool, intercept: bool = True) -> Vector:
    r"""Return Akaike's criterion, which aims at prediction.

    .. math:: n \log(\mathrm{RSS} / n) + 2\,\mathrm{df} \quad\text{(squared loss, variance unknown)}, \qquad
              D + 2\,\mathrm{df} \quad\text{(other losses)}

    Prefer it when n is large against p and folds are too dear. With p near n or above it, it is far too
    generous: use cross-validation or :func:`ebic`.

    Parameters
    ----------
    deviance : (L,) total deviance D on the training rows (RSS for squared loss), weights summing to n.
    df : (L,) degrees of freedom, the intercept not counted.
    n : number of rows (the sum of the weights), > 0.
    squared : whether the loss is squared error.
    intercept : whether an intercept was fitted.

    Returns
    -------
    (L,) values; inf for squared loss where df (+ intercept) reaches n, since RSS = 0 there says nothing.

    Examples
    --------
    >>> aic(np.array([100.0, 50.0]), np.array([0.0, 3.0]), n=100, squared=True).round(2)
    array([  0.  , -63.31])

    References
    ----------
    Akaike (1974); Zou, Hastie & Tibshirani (2007) for df = number of non-zeros of the lasso.
    """
    return _fit_term(deviance, df, n, squared, intercept) + 2.0 * np.asarray(df)


def bic(deviance: Vector, df: Vector, *, n: float, squared: bool, intercept: bool = True) -> Vector:
    r"""Return Schwarz's criterion, which aims at the true columns: as :func:`aic`, with log(n) in place of 2.

    Prefer it to find which of a moderate number of columns matter; with thousands of columns use
    :func:`ebic`, for prediction alone use cross-validation. Parameters, returns as for :func:`aic`.

    Examples
    --------
    >>> bic(np.array([100.0, 50.0]), np.array([0.0, 3.0]), n=100, squared=True).round(2)
    array([  0.  , -55.5])

    References
    ----------
    Schwarz (1978).
    """
    return _fit_term(deviance, df, n, squared, intercept) + np.log(n) * np.asarray(df)


def ebic(
    deviance: Vector,
    df: Vector,
    *,
    n: float,
    p: int,
    squared: bool,
    intercept: bool = True,
    gamma: float = 0.5,
) -> Vector:
    r"""Return the extended BIC, which also counts how many models of a size there are.

    .. math:: \mathrm{BIC} + 2 \gamma \log \binom{p}{\mathrm{df}}

    (the binomial through the gamma function where df is not whole). ``gamma=0`` is BIC; ``gamma=1`` is
    consistent whatever polynomial p is in n; the default 0.5 is consistent for p below about n and is the
    usual compromise. Prefer it with many columns, to find the ones that matter; it is too strict for
    prediction.

    Parameters
    ----------
    p : number of columns, >= 1.
    gamma : in [0, 1].
    deviance, df, n, squared, intercept : as for :func:`aic`.

    Examples
    --------
    >>> ebic(np.array([100.0, 50.0]), np.array([0.0, 1.0]), n=100, p=1000, squared=True).round(2)
    array([  0.  , -57.8])

    References
    ----------
    Chen & Chen (2008). Extended Bayesian information criteria for model selection with large model spaces.
    """
    check_fraction(gamma, "gamma")
    size = np.clip(np.asarray(df, dtype=np.float64), 0.0, p)
    models = gammaln(p + 1.0) - gammaln(size + 1.0) - gammaln(p - size + 1.0)
    return bic(deviance, df, n=n, squared=squared, intercept=intercept) + 2.0 * gamma * models


def gcv(deviance: Vector, df: Vector, *, n: float, intercept: bool = True) -> Vector:
    r"""Return generalised cross-validation, a rotation-free stand-in for leave-one-out.

    .. math:: \frac{D / n}{(1 - (\mathrm{df} + 1) / n)^2}

    (without the 1 when there is no intercept). Prefer it for ridge, where df is the trace of the hat
    matrix and the value is close to leave-one-out at no cost. For the lasso it ignores that the columns
    were chosen; with df near n it becomes unreliable.

    Parameters
    ----------
    deviance, df, n, intercept : as for :func:`aic`.

    Returns
    -------
    (L,) on the scale of a mean squared error; inf where df (+ 1) reaches n.

    Examples
    --------
    >>> gcv(np.array([100.0, 50.0]), np.array([0.0, 9.0]), n=100).round(3)
    array([1.02 , 0.617])

    References
    ----------
    Craven & Wahba (1979); Golub, Heath & Wahba (1979).
    """
    left = 1.0 - (np.asarray(df, dtype=np.float64) + intercept) / n
    value = np.asarray(deviance) / n / np.where(left <= 0, np.nan, left) ** 2
    return np.where(left <= 0, np.inf, value)  # so that a df of nan (unknown) stays visible


def criterion(
    name: str,
    strengths: Vector,
    deviance: Vector,
    df: Vector,
    *,
    n: float,
    p: int,
    squared: bool,
    intercept: bool = True,
    gamma: float = 0.5,
) -> Criterion:
    """Return the criterion called ``name`` (``aic``, ``bic``, ``ebic`` or ``gcv``) along a path.

    Leave-one-out has its own closed form in the engine; wrap its values as ``Criterion("loo", strengths,
    values)``. Parameters as for :func:`aic` and :func:`ebic`.

    Examples
    --------
    >>> path = dict(strengths=np.array([1.0, 0.1]), deviance=np.array([100.0, 50.0]), df=np.array([0.0, 3.0]))
    >>> criterion("bic", **path, n=100, p=10, squared=True).strength_min
    0.1
    """
    check_choice(name, ("aic", "bic", "ebic", "gcv"), "criterion")
    rules: dict[str, Callable[[], Vector]] = {
        "aic": lambda: aic(deviance, df, n=n, squared=squared, intercept=intercept),
        "bic": lambda: bic(deviance, df, n=n, squared=squared, intercept=intercept),
        "ebic": lambda: ebic(deviance, df, n=n, p=p, squared=squared, intercept=intercept, gamma=gamma),
        "gcv": lambda: gcv(deviance, df, n=n, intercept=intercept),
    }
    return Criterion(name, strengths, rules[name]())


def _fit_term(deviance: Vector, df: Vector, n: float, squared: bool, intercept: bool) -> Vector:
    """Minus twice the log-likelihood, up to a constant of the data."""
    if n <= 0:
        raise InputError(f"n must be positive; {n!r} was given.")
    deviance = np.asarray(deviance, dtype=np.float64)
    if not squared:
        return deviance
    # An exact fit has log(0); rounding must not decide between exact fits, so all stop at the same floor.
    floor = max(float(deviance.max(initial=0.0)) * 1e-15, np.finfo(np.float64).tiny)
    value = n * np.log(np.maximum(deviance, floor) / n)
    # nan df (not computed) must stay visible, so the comparison is written to be false for it.
    return np.where(np.asarray(df) + intercept >= n, np.inf, value)

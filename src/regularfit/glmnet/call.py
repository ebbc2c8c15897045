"""One call of glmnet, read and checked: everything a fit of all rows or of a fold needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._checks import check_choice, check_fraction, check_weights
from .._typing import Vector
from ..designs import as_design
from ..errors import InputError, UnsupportedError
from ..linear.conventions import from_glmnet, glmnet_factors, target_deviation
from ..lockstep import Problem, make_problem
from ..penalties import Penalty

__all__ = ["Call", "read_call"]

FAMILIES = ("gaussian", "binomial", "poisson")
LOSSES = {"gaussian": "squared", "binomial": "logistic", "poisson": "poisson"}
LATER = ("multinomial", "cox", "mgaussian")


@dataclass(frozen=True, eq=False)
class Call:
    """The data and settings of one call.

    Parameters
    ----------
    problem : data, loss and conventions; its weights sum to n.
    weights : (n,) as they were given (times the counts, for a two-column target).
    classnames : the two labels of a binomial target, or None.
    """

    problem: Problem
    weights: Vector
    family: str
    alpha: float
    nlambda: int
    lambda_min_ratio: float
    lambda_: Vector | None
    factors: Vector
    lower: Vector
    upper: Vector
    dfmax: int
    pmax: int
    has_offset: bool
    classnames: tuple[Any, Any] | None
    names: tuple[str, ...]
    threads: int | None

    def penalty(self, problem: Problem) -> tuple[Penalty, float]:
        """Return the penalty for rows with the problem's weights, and what lambda is multiplied by."""
        deviation = 1.0
        if self.family == "gaussian":
            deviation = target_deviation(
                problem.y, problem.sample_weight, problem.offset, problem.fit_intercept
            )
        if not deviation > 0:
            raise InputError("y is constant (less its offset), so a gaussian fit has nothing to explain.")
        words = from_glmnet(1.0, self.alpha, family=self.family, y_sd=deviation)
        penalty: Penalty = words.penalty
        if not (self.factors == 1).all():
            penalty = penalty.weighted(self.factors)
        if np.isfinite(self.lower).any() or np.isfinite(self.upper).any():
            penalty = penalty.bounded(self.lower, self.upper)
        return penalty, words.strength

    def without(self, rows: np.ndarray) -> Problem:
        """Return the problem on all rows but these."""
        weights = self.problem.sample_weight.copy()
        weights[rows] = 0.0
        if not weights.any():
            raise InputError("A fold leaves no row with a positive weight; check foldid and weights.")
        return replace(self.problem, sample_weight=weights * (self.problem.n / weights.sum()))

    def at(self, lambdas: Any) -> Call:
        """Return the same call at given lambdas."""
        return replace(self, lambda_=np.sort(np.asarray(lambdas, dtype=np.float64))[::-1])


def read_call(x: Any, y: Any, family: str, **given: Any) -> Call:
    """Check everything; ``given`` are the other arguments of :func:`glmnet`."""
    check_family(family)
    design = as_design(x.to_numpy() if hasattr(x, "to_numpy") else x, "x")
    n, p = design.n, design.p
    if p < 2:
        raise InputError("x should be a matrix with 2 or more columns, as in R.")
    names = tuple(map(str, x.columns)) if hasattr(x, "columns") else tuple(f"V{j + 1}" for j in range(p))
    weights = check_weights(given["weights"], n, "weights")
    target, counts, classnames = _binomial(y, n) if family == "binomial" else (y, None, None)
    if counts is not None:
        weights = weights * counts
    problem = make_problem(
        design,
        np.ravel(np.asarray(target, dtype=np.float64)) if np.ndim(target) == 2 else target,
        LOSSES[family],
        sample_weight=weights,
        offset=None if given["offset"] is None else np.ravel(np.asarray(given["offset"], dtype=np.float64)),
        fit_intercept=bool(given["intercept"]),
        standardize=bool(given["standardize"]),
    )
    ratio = given["lambda_min_ratio"]
    ratio = (1e-2 if n < p else 1e-4) if ratio is None else float(ratio)
    if not 0 < ratio < 1:
        raise InputError(f"lambda_min_ratio={ratio} must lie strictly between 0 and 1.")
    dfmax = p + 1 if given["dfmax"] is None else int(given["dfmax"])
    lower, upper = (_limits(given[name], p, name) for name in ("lower_limits", "upper_limits"))
    if (lower > 0).any() or (upper < 0).any():
        raise InputError("lower_limits must be <= 0 and upper_limits >= 0, as in R.")
    if int(given["nlambda"]) < 1:
        raise InputError(f"nlambda={given['nlambda']} must be at least 1; 100 is usual.")
    return Call(
        problem=problem,
        weights=weights,
        family=family,
        alpha=check_fraction(given["alpha"], "alpha"),
        nlambda=int(given["nlambda"]),
        lambda_min_ratio=ratio,
        lambda_=_lambdas(given["lambda_"]),
        factors=_factors(given["penalty_factor"], given["exclude"], p),
        lower=lower,
        upper=upper,
        dfmax=dfmax,
        pmax=min(2 * dfmax + 20, p) if given["pmax"] is None else int(given["pmax"]),
        has_offset=given["offset"] is not None,
        classnames=classnames,
        names=names,
        threads=given["n_jobs"],
    )


def check_family(family: str) -> None:
    """Refuse families whose loss is not built, and name those that are."""
    if family in LATER:
        raise UnsupportedError(
            f"family={family!r} is not built yet; what exists: 'gaussian', 'poisson' and 'binomial' (two classes, or "
            "two columns of counts). R's glmnet has the others."
        )
    check_choice(family, FAMILIES, "family")


def _lambdas(lambda_: Any) -> Vector | None:
    if lambda_ is None:
        return None
    values = np.atleast_1d(np.asarray(lambda_, dtype=np.float64))
    if values.ndim != 1 or not values.size or not (np.isfinite(values) & (values >= 0)).all():
        raise InputError("lambda_ must be finite numbers >= 0.")
    return np.sort(values)[::-1]


def _limits(value: Any, p: int, name: str) -> Vector:
    limits = np.ravel(np.asarray(value, dtype=np.float64))
    if limits.size not in (1, p):
        raise InputError(f"{name} must be one number or {p}, one for every column; {limits.size} were given.")
    return np.broadcast_to(limits, p).copy()


def _factors(penalty_factor: Any, exclude: Any, p: int) -> Vector:
    factors = np.ones(p) if penalty_factor is None else np.array(penalty_factor, dtype=np.float64)
    if exclude is not None and np.size(exclude):
        out = np.asarray(exclude, dtype=np.intp)
        if (out < 0).any() or (out >= p).any():
            raise InputError(f"exclude holds positions outside 0 to {p - 1} (they count from 0 here).")
        factors[out] = np.inf
    return glmnet_factors(factors, p)


def _binomial(y: Any, n: int) -> tuple[np.ndarray, Vector | None, tuple[Any, Any]]:
    """Return shares of the second class, the counts of two columns, and the two labels."""
    target = np.asarray(y)
    if target.ndim == 2 and target.shape[1] == 2:
        counts = target.sum(axis=1).astype(np.float64)
        if target.shape[0] != n or (target < 0).any():
            raise InputError(f"A two-column y holds counts >= 0 of both classes, one row each for {n} rows.")
        shares = np.divide(target[:, 1], counts, out=np.zeros(n), where=counts > 0)
        labels = tuple(y.columns) if hasattr(y, "columns") else (0, 1)
        return shares, counts, (labels[0], labels[1])
    classes, codes = np.unique(target.ravel(), return_inverse=True)
    if len(classes) != 2:
        raise InputError(
            f"family='binomial' needs two classes; y has {len(classes)}. More than two need 'multinomial', which "
            "is not built yet."
        )
    if np.bincount(codes).min() <= 1:
        raise InputError("One class has 1 or 0 rows, which glmnet does not allow either.")
    return codes.astype(np.float64), None, (classes[0], classes[1])

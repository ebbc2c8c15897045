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
from .targets import LOSSES, read_target

__all__ = ["Call", "read_call"]

FAMILIES = ("gaussian", "binomial", "poisson", "multinomial", "cox", "mgaussian")


@dataclass(frozen=True, eq=False)
class Call:
    """The data and settings of one call.

    Parameters
    ----------
    problem : data, loss and conventions; its weights sum to n.
    weights : (n,) as they were given (times the counts, for a two-column target).
    labels : of the classes of a binomial or multinomial target or of several targets, or None.
    joint : whether a column is in for all outputs or for none.
    scaled : whether every one of several targets is divided by its standard deviation.
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
    labels: tuple[Any, ...] | None
    joint: bool
    scaled: bool
    names: tuple[str, ...]
    threads: int | None

    @property
    def outputs(self) -> int | None:
        """How many linear predictors there are; None for the usual one."""
        return self.problem.outputs

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
        return penalty.across_outputs() if self.joint else penalty, words.strength

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
    check_choice(family, FAMILIES, "family")
    design = as_design(x.to_numpy() if hasattr(x, "to_numpy") else x, "x")
    n, p = design.n, design.p
    if p < 2:
        raise InputError("x should be a matrix with 2 or more columns, as in R.")
    names = tuple(map(str, x.columns)) if hasattr(x, "columns") else tuple(f"V{j + 1}" for j in range(p))
    weights = check_weights(given["weights"], n, "weights")
    target = read_target(y, n, family)
    if target.counts is not None:
        weights = weights * target.counts
    problem = make_problem(
        design,
        target.y,
        LOSSES[family],
        sample_weight=weights,
        offset=_offset(given["offset"], family),
        fit_intercept=bool(given["intercept"])
        or family == "cox",  # Cox has none, but its columns are centred
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
    kind = check_choice(given["type_multinomial"], ("ungrouped", "grouped"), "type_multinomial")
    joint = family == "mgaussian" or (family == "multinomial" and kind == "grouped")
    if joint and (np.isfinite(lower).any() or np.isfinite(upper).any()):
        raise UnsupportedError(
            "lower_limits and upper_limits are not built where a column is in for all outputs or for none; "
            "family='multinomial' with type_multinomial='ungrouped' has them."
        )
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
        labels=target.labels,
        joint=joint,
        scaled=family == "mgaussian" and bool(given["standardize_response"]),
        names=names,
        threads=given["n_jobs"],
    )


def _offset(offset: Any, family: str) -> np.ndarray | None:
    if offset is None:
        return None
    array = np.asarray(offset, dtype=np.float64)
    return array if family in ("multinomial", "mgaussian") else np.ravel(array)


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

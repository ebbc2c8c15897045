"""From scikit-learn's words to the engine and back: strengths in any order, answers in the same order."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._typing import Vector
from ..designs import Dense
from ..errors import FitError
from ..lockstep import Lane, Path, Problem, Shared, fit_lanes, make_problem
from ..losses import Loss, Squared, SquaredOutputs
from ..penalties import L1, L2, ElasticNet, Penalty

__all__ = [
    "JOINT",
    "NEWTON",
    "SHARP",
    "Solutions",
    "centred",
    "fit_folds",
    "fit_strengths",
    "mixed_penalty",
    "newton_tol",
    "plain_problem",
    "sharp",
]

SHARP = 1e-9  # relative duality gap: coefficients then agree with an exact solver to about 1e-5
# A gap is first order in the violation, so Newton ends far sharper than it says; asking for 1e-9 costs six times.
NEWTON = 1e-7
JOINT = 1e-11  # of several classes or targets, whose descent ends where it may
LEAST = 1e-10  # of the largest strength: stands for scikit-learn's alpha = 0


@dataclass(frozen=True, eq=False)
class Solutions:
    """Coefficients (L, p), intercepts (L,) and absolute duality gaps (L,) in the order that was asked for."""

    coefs: np.ndarray
    intercepts: Vector
    gaps: Vector


def newton_tol(loss: str, tol: float) -> float:
    """Return the gap to ask of Newton's method: with several classes it stops where it is told, so be told sharply."""
    return sharp(tol, NEWTON if loss == "logistic" else JOINT)


def centred(levels: Any, several: bool) -> np.ndarray:
    """Return intercepts (..., K) of several classes with mean 0 over them, as scikit-learn's solvers leave them."""
    levels = np.asarray(levels, dtype=np.float64)
    return levels - levels.mean(axis=-1, keepdims=True) if several else levels


def sharp(tol: float, loosest: float = SHARP) -> float:
    """Return the relative gap to solve to: scikit-learn's ``tol``, but never looser than ours."""
    return float(np.clip(tol, 1e-13, loosest))


def mixed_penalty(l1_ratio: float, positive: bool = False) -> Penalty:
    """Return the penalty of scikit-learn's ``l1_ratio``, which is ours."""
    penalty = L1() if l1_ratio == 1 else L2() if l1_ratio == 0 else ElasticNet(float(l1_ratio))
    return penalty.nonnegative() if positive else penalty


def plain_problem(X: Any, y: Any, loss: str | Loss, sample_weight: Any, fit_intercept: bool) -> Problem:
    """Return a problem on the columns as they are: scikit-learn never standardises."""
    checked = isinstance(X, np.ndarray) and X.dtype in (np.float64, np.float32)  # by validate_data
    return make_problem(
        Dense(X) if checked else X,
        np.asarray(y, dtype=np.float64),
        loss,
        sample_weight=None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64),
        fit_intercept=bool(fit_intercept),
        standardize=False,
    )


def fit_strengths(
    problem: Problem, penalty: Penalty, strengths: Any, tol: float, *, threads: int | None = None
) -> Solutions:
    """Fit all rows at every strength; they may come in any order, repeat, and be zero."""
    grid, back = decreasing(strengths)
    lanes = [Lane(np.arange(problem.n), keep=True)]
    path = fit_lanes(problem, [penalty], [grid], lanes, tol=tol, threads=threads, full_df=None)[0][0].path
    warn_unconverged(path)
    return solutions(problem, penalty, path, back)


def fit_folds(
    problem: Problem,
    penalties: Sequence[Penalty],
    trains: list[np.ndarray],
    inverse_costs: Any,
    tol: float,
    threads: int | None = None,
) -> list[list[Path]]:
    """Fit every penalty on every training set where the loss is a sum: strength = 1 / (cost * weight of the rows).

    Training sets of one weight advance in lockstep; under a sum other weights mean other strengths.

    Returns
    -------
    per training set, per penalty: its path, along decreasing ``inverse_costs`` (1 over what multiplies the sum of
    losses, with the problem's weights, which sum to n).
    """
    costs, _ = decreasing(inverse_costs)
    weights = np.array([problem.sample_weight[train].sum() for train in trains])
    shared = Shared(problem)
    answers: list[Any] = [None] * len(trains)
    for total in np.unique(weights):
        members = np.flatnonzero(weights == total)
        lanes = [Lane(trains[int(k)], keep=True) for k in members]
        grids = [costs / total] * len(penalties)
        found = fit_lanes(problem, penalties, grids, lanes, tol=tol, threads=threads, shared=shared)
        for at, k in enumerate(members):
            answers[k] = [kept(results[at].path) for results in found]
    return answers


def decreasing(strengths: Any) -> tuple[Vector, np.ndarray]:
    """Return a decreasing positive grid and, for every entry that was given, its place in the grid."""
    given = np.atleast_1d(np.asarray(strengths, dtype=np.float64))
    top = given.max(initial=0.0) or 1.0
    grid, back = np.unique(-np.maximum(given, LEAST * top), return_inverse=True)
    return -grid, back.ravel()


def kept(path: Path | None) -> Path:
    """Return the path, which lanes that keep their coefficients always have."""
    if path is None:
        raise FitError("The engine kept no path.")  # a broken promise inside, never the user's doing
    return path


def solutions(problem: Problem, penalty: Penalty, path: Path | None, back: np.ndarray) -> Solutions:
    """Return the answers of a path in the order of ``back``."""
    path = kept(path)
    return Solutions(
        path.coefs[back], np.asarray(path.intercepts)[back], absolute_gaps(problem, penalty, path)[back]
    )


def absolute_gaps(problem: Problem, penalty: Penalty, path: Path) -> Vector:
    """Return gaps in units of the objective, as scikit-learn reports them; nan for other than squared loss."""
    if isinstance(problem.loss, SquaredOutputs):
        return _joint_gaps(problem, penalty, path)
    if not isinstance(problem.loss, Squared):
        return np.full(len(path), np.nan)
    w = problem.sample_weight / problem.n
    y = problem.y - (w @ problem.y if problem.fit_intercept else 0.0)
    fit = 0.5 * (w @ y**2) * np.maximum(1 - path.deviance_ratio, 0.0)
    sizes = np.array([penalty.value(coef) for coef in path.coefs])
    return np.maximum(path.gaps, 0.0) * (fit + path.strengths * np.where(np.isfinite(sizes), sizes, 0.0))


def _joint_gaps(problem: Problem, penalty: Any, path: Path) -> Vector:
    """The same for several targets; the penalty is on rows of coefficients where it says so."""
    w = problem.sample_weight / problem.n
    y = problem.y - (w @ problem.y if problem.fit_intercept else 0.0)
    fit = 0.5 * float((w @ y**2).sum()) * np.maximum(1 - path.deviance_ratio, 0.0)
    sizes = np.array([penalty.value(coef) for coef in path.coefs])
    return np.maximum(path.gaps, 0.0) * (fit + path.strengths * sizes)


def warn_unconverged(path: Path | None, loosest: float = 1e-4) -> None:
    """Warn as scikit-learn does where even its own usual tolerance was missed."""
    found = kept(path)
    missed = np.where(np.isnan(found.gaps), found.kkt, found.gaps)
    if (missed > loosest).any():
        worst = int(np.nanargmax(missed))
        warnings.warn(f"Not converged: {found.reasons[worst]}.", ConvergenceWarning, stacklevel=4)


def with_target(problem: Problem, y: np.ndarray) -> Problem:
    """Return the same problem for another target."""
    return replace(problem, y=np.asarray(y, dtype=np.float64))

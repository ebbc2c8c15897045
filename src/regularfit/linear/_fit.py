"""From checked data and settings to fitted lanes and a choice, without any estimator state."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import check_choice, check_positive
from .._typing import Vector
from ..designs import Design
from ..errors import ConvergenceWarning, InputError
from ..lockstep import (
    Lane,
    LaneResult,
    Path,
    Problem,
    Shared,
    closed_form_scores,
    fit_lanes,
    is_count,
    look_ahead,
    strength_grid,
)
from ..lockstep.null import null_eta
from ..lockstep.refit import check_relaxable
from ..lockstep.several import one_target
from ..losses import CoupledLoss, Squared, SquaredOutputs
from ..penalties import Penalty
from ..selection import (
    CRITERIA,
    SELECT,
    Choice,
    Criterion,
    CVResult,
    Fold,
    RelaxedCV,
    choose,
    choose_relaxed,
    criterion,
    fold_weights,
    grid_edge,
    make_folds,
    warn_grid_edge,
)
from ._progress import progress_bar
from ._relaxed import relax_candidate
from ._scoring import Scoring

_FAR = 1e3  # a held-out score cannot tell a solution this many tolerances off from an exact one

__all__ = ["Found", "Settings", "fit_and_choose", "make_grids"]


@dataclass(frozen=True, eq=False)
class Settings:
    """What to try and how to choose; the estimators' parameters of the same names, checked and resolved."""

    penalties: tuple[Penalty, ...]
    strength: float | None
    select: str
    strengths: Any
    min_ratio: float | None
    cv: Any
    scoring: Scoring
    tol: float
    threads: int | None
    random_state: Any
    verbose: bool | None
    names: tuple[str, ...] | None
    gammas: tuple[float, ...] | None = None  # of relaxed fits

    def __post_init__(self) -> None:
        """Refuse unknown rules and settings out of range."""
        check_choice(self.select, SELECT, "select")
        check_positive(self.tol, "tol", "1e-7 is usual.")
        if self.strength is not None:
            advice = "Give a positive number, or strength=None to let the data choose."
            check_positive(self.strength, "strength", advice)
        if self.gammas is not None and self.select in CRITERIA:
            raise InputError(
                f"relax=True is chosen by folds, select={self.select!r} by a criterion: a refit of chosen columns has "
                "no known degrees of freedom. Use select='min' or '1se'."
            )

    @property
    def folds_wanted(self) -> bool:
        """Whether anything is left for cross-validation to choose."""
        blends = len(self.gammas or (1.0,))
        return self.select not in CRITERIA and (self.strength is None or len(self.penalties) * blends > 1)

    @property
    def cut(self) -> bool:
        """Whether paths end where they reproduce their training rows: the grid is then not the user's own."""
        return self.strength is None and is_count(self.strengths)


@dataclass(frozen=True, eq=False)
class Found:
    """The path of every candidate, what the choice was made from, and the choice."""

    paths: tuple[Path, ...]
    curves: tuple[CVResult, ...] | tuple[Criterion, ...] | None
    choice: Choice
    relaxed: tuple[RelaxedCV, ...] | None = None  # behind the choice, where relaxed fits were compared
    gamma: float = 1.0


def fit_and_choose(
    problem: Problem,
    settings: Settings,
    *,
    labels: np.ndarray | None = None,
    X: Any = None,
    groups: Any = None,
) -> Found:
    """Fit all candidates on all rows and, where folds choose, on all folds, in one call of the engine.

    Parameters
    ----------
    labels : (n,) classes of a classifier, for stratified folds; None for a regressor.
    X : the table as it was given, for splitters that look at it.
    groups : (n,) labels of rows that belong together.
    """
    if settings.gammas is not None:
        check_relaxable(problem, settings.penalties)
    folds = _folds(problem, settings, labels, X, groups) if settings.folds_wanted else []
    lanes = [Lane(np.arange(problem.n), keep=True)] + [
        Lane(train, (test,), keep=settings.gammas is not None) for train, test in folds
    ]
    shared = look_ahead(problem, settings.penalties, lanes, settings.threads)
    grids = make_grids(problem, settings, shared)
    with progress_bar(settings.verbose) as progress:
        results = fit_lanes(
            problem,
            settings.penalties,
            grids,
            lanes,
            tol=settings.tol,
            threads=settings.threads,
            progress=progress,
            score=settings.scoring.score,
            full_df=settings.select in CRITERIA,
            cut=settings.cut,
            shared=shared,
        )
    if settings.gammas is not None:
        return _relaxed(problem, settings, lanes, results, folds, shared)
    paths = tuple(_path(lanes_of[0]).named(settings.names) for lanes_of in results)
    curves = _curves(problem, settings, paths, results, folds)
    choice = (
        Choice(0, 0, float(paths[0].strengths[0]), float("nan"))
        if curves is None
        else choose(settings.select, curves)
    )
    if curves is not None and settings.strength is None:
        _warn_edge(paths[choice.candidate], curves[choice.candidate])
    _warn_unconverged(paths, results, choice, settings.tol)
    return Found(paths, curves, choice)


def make_grids(problem: Problem, settings: Settings, shared: Shared | None = None) -> list[Vector]:
    """Return one decreasing grid a candidate; a fixed strength is a grid of one."""
    if settings.strength is not None:
        return [np.array([float(settings.strength)]) for _ in settings.penalties]
    asked = settings.strengths, settings.min_ratio
    return [strength_grid(problem, p, *asked, shared) for p in settings.penalties]


def _relaxed(
    problem: Problem,
    settings: Settings,
    lanes: Sequence[Lane],
    results: Sequence[Sequence[LaneResult]],
    folds: Sequence[Fold],
    shared: Shared,
) -> Found:
    """The same with refits: paths that carry them, and the choice of strength and gamma."""
    gammas = settings.gammas or (1.0,)
    weights = _counted(problem, settings, list(folds)) if folds else None
    both = [
        relax_candidate(
            problem,
            penalty,
            lanes,
            lanes_of,
            folds,
            gammas,
            weights,
            settings.scoring,
            settings.tol,
            settings.threads,
            shared,
        )
        for penalty, lanes_of in zip(settings.penalties, results, strict=True)
    ]
    paths = tuple(path.named(settings.names) for path, _ in both)
    found = tuple(cv for _, cv in both if cv is not None)
    if not found:
        choice = Choice(0, 0, float(paths[0].strengths[0]), float("nan"))
        _warn_unconverged(paths, results, choice, settings.tol)
        return Found(paths, None, choice, None, gammas[0])
    choice, own = choose_relaxed(settings.select, found)
    curves = tuple(cv.curve(k) for cv, k in zip(found, own, strict=True))
    if settings.strength is None:
        _warn_edge(paths[choice.candidate], curves[choice.candidate])
    _warn_unconverged(paths, results, choice, settings.tol)
    return Found(paths, curves, choice, found, gammas[own[choice.candidate]])


# --- the choice ----------------------------------------------------------------------------------


def _folds(
    problem: Problem, settings: Settings, labels: np.ndarray | None, X: Any, groups: Any
) -> list[Fold]:
    classifier = labels is not None
    folds = make_folds(
        settings.cv,
        problem.n,
        labels if classifier else problem.y,
        X=None if isinstance(X, Design) else X,
        groups=groups,
        classifier=classifier,
        random_state=settings.random_state,
        sample_weight=problem.sample_weight,
    )
    if labels is not None and problem.outputs is not None:
        _check_classes(folds, labels, problem.sample_weight)
    for k, weight in enumerate(_counted(problem, settings, folds)):
        if not weight > 0:
            raise InputError(
                f"The held-out rows of fold {k} have no event, so there is nothing to score; spread the events."
            )
    return folds


def _counted(problem: Problem, settings: Settings, folds: list[Fold]) -> Vector:
    """What every fold counts in the mean: the weight of its rows, or of its events where those are scored."""
    loss, weights = problem.loss, problem.sample_weight
    if isinstance(loss, CoupledLoss) and settings.scoring.name.endswith(loss.score_name):
        weights = loss.fold_weights(problem.y, weights)
    return fold_weights(folds, weights)


def _check_classes(folds: Sequence[Fold], labels: np.ndarray, weights: Vector) -> None:
    """Refuse folds of which one learns nothing about some class, by its label."""
    for k, (train, _) in enumerate(folds):
        missing = np.setdiff1d(labels, labels[train][weights[train] > 0])
        if len(missing):
            raise InputError(
                f"Class {missing[:1].tolist()[0]!r} has no row with a positive weight among the training rows of fold "
                f"{k}, so nothing can be learned about it there. Use fewer folds, a stratified splitter, or merge "
                "rare classes."
            )


def _curves(
    problem: Problem,
    settings: Settings,
    paths: Sequence[Path],
    results: Sequence[Sequence[LaneResult]],
    folds: Sequence[Fold],
) -> tuple[CVResult, ...] | tuple[Criterion, ...] | None:
    if settings.select in CRITERIA:
        many = len(paths) > 1 or len(paths[0]) > 1
        pairs = zip(settings.penalties, paths, strict=True)
        return (
            tuple(_criterion(problem, settings, penalty, path) for penalty, path in pairs) if many else None
        )
    if not folds:
        return None
    weights = _counted(problem, settings, list(folds))
    return tuple(
        _cv_result(path, lanes_of[1:], weights, settings.scoring)
        for path, lanes_of in zip(paths, results, strict=True)
    )


def _cv_result(path: Path, fold_results: Sequence[LaneResult], weights: Vector, scoring: Scoring) -> CVResult:
    """The held-out scores along the path, as far as the path and all folds go: any may saturate and end early."""
    reached = [np.flatnonzero(np.isfinite(result.scores[:, 0])) for result in fold_results]
    common = min(len(path), *(int(found[-1]) + 1 if found.size else len(path) for found in reached))
    columns = [result.scores[:common, 0] for result in fold_results]
    return CVResult(
        path.strengths[:common], np.column_stack(columns), weights, scoring.name, scoring.greater_is_better
    )


def _criterion(problem: Problem, settings: Settings, penalty: Penalty, path: Path) -> Criterion:
    if settings.select == "loo":
        return Criterion("loo", path.strengths, _left_out(problem, penalty, path.strengths, settings.threads))
    null_deviance, n = _null_deviance(problem)
    deviance = null_deviance * np.maximum(1.0 - path.deviance_ratio, 0.0)
    targets = (
        problem.outputs if isinstance(problem.loss, SquaredOutputs) else None
    )  # each row is so many numbers
    return criterion(
        settings.select,
        path.strengths,
        deviance,
        path.df if targets is None else path.df + (targets - 1) * problem.fit_intercept,
        n=n * (targets or 1),
        p=problem.p * (problem.outputs or 1),
        squared=isinstance(problem.loss, (Squared, SquaredOutputs)),
        intercept=problem.fit_intercept,
    )


def _null_deviance(problem: Problem) -> tuple[float, float]:
    """Total deviance of the null model, and what a criterion counts as n: rows, or events where rows are coupled."""
    loss, weights = problem.loss, problem.sample_weight
    if isinstance(loss, CoupledLoss):
        deviance = loss.deviance_of(problem.y, problem.offset[:, None], weights)[0] * problem.n
        return float(deviance), float(loss.fold_weights(problem.y, weights).sum())
    eta = null_eta(problem, weights / problem.n)
    return float(weights @ loss.deviance(problem.y, eta)), float(problem.n)


def _left_out(problem: Problem, penalty: Penalty, strengths: Vector, threads: int | None) -> Vector:
    """Exact leave-one-out errors of ridge, (L,); of several targets the mean."""
    several = problem.outputs is not None and isinstance(problem.loss, SquaredOutputs)
    parts = [one_target(problem, k) for k in range(problem.outputs or 0)] if several else [problem]
    return np.mean([closed_form_scores(part, penalty, strengths, threads).loo for part in parts], axis=0)


# --- what the user should hear of ----------------------------------------------------------------


def _warn_edge(path: Path, curve: CVResult | Criterion) -> None:
    values = curve.mean if isinstance(curve, CVResult) else curve.values
    null = bool(path.nonzeros[0] == 0)
    warn_grid_edge(
        grid_edge(curve.strengths, curve.index_min, values, null_at_top=null, ended=path.ended), stacklevel=4
    )


def _warn_unconverged(
    paths: Sequence[Path], results: Sequence[Sequence[LaneResult]], choice: Choice, tol: float
) -> None:
    """One warning a fit: about the chosen model, else about fits so inexact that the choice may suffer."""
    certificate = paths[choice.candidate].certificate(choice.index)
    if not certificate.converged:
        message = (
            f"The chosen model (strength {choice.strength:.3g}) is not proved to {tol:g}: "
            f"{certificate.reason}. See certificate_; standardise the columns, drop duplicated ones, raise "
            "strength or raise tol."
        )
    else:
        lanes = [lane for lanes_of in results for lane in lanes_of]
        loose = sum(_far_off(lane, tol) for lane in lanes)
        if not loose:
            return
        message = (
            f"{loose} of {sum(len(lane.gaps) for lane in lanes)} fits along the paths and folds are more "
            f"than {_FAR:g} times off the tolerance {tol:g}, so the comparison of strengths may suffer; the "
            "chosen model is exact. A larger min_ratio leaves the weakest penalties out; see path_.reasons."
        )
    warnings.warn(message, ConvergenceWarning, stacklevel=4)


def _far_off(lane: LaneResult, tol: float) -> int:
    measured = np.where(np.isnan(lane.gaps), lane.kkt, lane.gaps)
    return int((measured > _FAR * tol).sum())


def _path(result: LaneResult) -> Path:
    if result.path is None:
        raise InputError(
            "The engine kept no path for the full data."
        )  # a broken promise inside, never the user's doing
    return result.path

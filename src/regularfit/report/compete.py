"""The competition: every candidate's facts, differences on the same folds, the simplest model that holds up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regularfit.lockstep import Path
from regularfit.penalties import L1, L2, ElasticNet
from regularfit.report.collect_classes import columns_kept
from regularfit.report.data import CandidateFacts, CertificateFacts, Choice, CurveFacts, HonestFacts
from regularfit.selection import CVResult, fold_mean, fold_se

__all__ = ["candidate_facts", "honest_facts", "penalty_name", "selected", "simplest"]

_MOST_FOLDS = 30  # fold curves that are kept; with more, a picture shows fog


def penalty_name(penalty: Any) -> str:
    """Return the name people know a penalty by.

    Examples
    --------
    >>> penalty_name(L1()), penalty_name(ElasticNet(0.5)), penalty_name(L1().nonnegative())[:9]
    ('Lasso', 'Elastic net 0.5', 'L1(streng')
    """
    if isinstance(penalty, L1):
        return "Lasso"
    if isinstance(penalty, L2):
        return "Ridge"
    return f"Elastic net {penalty.l1_ratio:g}" if isinstance(penalty, ElasticNet) else repr(penalty)


def selected(estimator: Any) -> list[int]:
    """Return where on its path each candidate's own strength lies, by the estimator's rule; the first if none chose."""
    if estimator.cvs_ is not None:
        return [cv.index_1se if estimator.select == "1se" else cv.index_min for cv in estimator.cvs_]
    if estimator.criteria_ is not None:
        return [found.index_min for found in estimator.criteria_]
    return [0 for _ in estimator.paths_]


def candidate_facts(
    estimator: Any, names: Sequence[str], null: float, honest: Any, level: float
) -> list[CandidateFacts]:
    """Return the facts of every candidate; ``null`` is the training error at a deviance ratio of zero."""
    at = selected(estimator)
    cvs: Sequence[CVResult | None] = estimator.cvs_ or [None] * len(at)
    held = [None if cv is None else cv.folds[i] for cv, i in zip(cvs, at, strict=True)]
    base = _best(cvs, at)
    alone = honest.candidates if honest is not None else ()
    return [
        _candidate(
            names[i], estimator.paths_[i], at[i], cvs[i], _apart(held[i], base, cvs[i]), null,
            honest_facts(alone[i], level) if i < len(alone) else None, estimator.tol,
        )
        for i in range(len(at))
    ]  # fmt: skip


def _best(cvs: Sequence[CVResult | None], at: Sequence[int]) -> Any:
    """Fold errors of the candidate with the lowest mean at its own strength."""
    means = [np.inf if cv is None else cv.mean[i] for cv, i in zip(cvs, at, strict=True)]
    k = int(np.argmin(means))
    cv = cvs[k]
    return None if cv is None else cv.folds[at[k]]


def _apart(errors: Any, base: Any, cv: CVResult | None) -> tuple[float, float]:
    """Mean and standard error of the differences within folds."""
    if cv is None:
        return float("nan"), float("nan")
    return float(fold_mean(errors - base, cv.weights)), float(fold_se(errors - base, cv.weights))


def _candidate(
    name: str, path: Path, at: int, cv: CVResult | None, apart: tuple[float, float], null: float,
    honest: HonestFacts | None, tol: float,
) -> CandidateFacts:  # fmt: skip
    train = null * np.maximum(1 - path.deviance_ratio, 0.0)
    error = float("nan") if cv is None else float(cv.mean[at])
    return CandidateFacts(
        name=name,
        strength=float(path.strengths[at]),
        error=error,
        se=float("nan") if cv is None else float(cv.se[at]),
        difference=apart[0],
        difference_se=apart[1],
        train_error=float(train[at]),
        gap=(error - float(train[at])) / float(train[at]) if train[at] > 0 else float("nan"),
        kept=int(columns_kept(path)[at]),
        honest=honest,
        curve=None if cv is None else _curve(cv, train, path),
        certificate=_certificate(path, at, tol),
    )


def _curve(cv: CVResult, train: np.ndarray, path: Path) -> CurveFacts:
    scored = len(cv.strengths)  # fewer than the path has where a fold ended before
    return CurveFacts(
        strengths=tuple(cv.strengths.tolist()),
        mean=tuple(cv.mean.tolist()),
        se=tuple(cv.se.tolist()),
        folds=tuple(tuple(fold.tolist()) for fold in cv.folds.T[:_MOST_FOLDS]),
        best=cv.index_min,
        one_se=cv.index_1se,
        train=tuple(train[:scored].tolist()),
        kept=tuple(columns_kept(path)[:scored].tolist()),
        n_folds=int(cv.folds.shape[1]),
    )


def _certificate(path: Path, at: int, tol: float) -> CertificateFacts:
    proof = path.certificate(at)
    return CertificateFacts(
        gap=proof.gap,
        kkt=proof.kkt,
        converged=proof.converged,
        reason=proof.reason,
        strengths=tuple(path.strengths.tolist()),
        gaps=tuple(path.gaps.tolist()),
        failed=int((~path.converged).sum()),
        tol=tol,
        ended=path.ended,
    )


def honest_facts(score: Any, level: float, procedure: str = "") -> HonestFacts:
    """Return the facts of an honest score."""
    low, high = score.interval(level)
    return HonestFacts(score.mean, low, high, level, score.optimism, procedure)


def simplest(estimator: Any, chosen: Choice, better: Any = None) -> Choice | None:
    """Return the model with the fewest columns that is within one paired standard error of the lowest error of all.

    ``better``, (K,), are the fold errors of a model of another kind that has the lowest error, if one has; every linear
    one then counts as simpler.

    Every strength of every candidate takes part that is no weaker than the candidate's own best; of equally few columns
    the lower error wins. None where no such model has fewer columns than the chosen one.
    """
    if estimator.cvs_ is None:
        return None
    base = _best(estimator.cvs_, [cv.index_min for cv in estimator.cvs_]) if better is None else better
    found: list[tuple[int, float, int, float]] = []
    for k, (cv, path) in enumerate(zip(estimator.cvs_, estimator.paths_, strict=True)):
        apart = cv.folds - base
        fine = fold_mean(apart, cv.weights) <= fold_se(apart, cv.weights)
        fine &= np.arange(len(fine)) <= cv.index_min
        kept = columns_kept(path)
        found += [(int(kept[i]), float(cv.mean[i]), k, float(cv.strengths[i])) for i in np.flatnonzero(fine)]
    if not found:
        return None
    fewest, error, candidate, strength = min(found)
    reason = "fewest columns within one standard error of the lowest error"
    return (
        Choice(candidate, strength, error, fewest, reason)
        if fewest < chosen.kept or better is not None
        else None
    )

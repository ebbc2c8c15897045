"""What a lane hands back, and how its pieces become a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from .._typing import Vector
from .certificate import explain, judge
from .path import Path
from .problem import Problem

__all__ = ["LaneResult", "Score", "held_out", "make_path", "reaching"]

Score = Callable[[Vector, Vector, Vector], float]


@dataclass(frozen=True, eq=False)
class LaneResult:
    """One lane's answers along its strengths.

    Parameters
    ----------
    path : the solutions, or None where they were not kept.
    scores : (L, number of test groups) held-out scores; nan for strengths that were not reached.
    gaps, kkt, converged : (L,) certificates.
    """

    path: Path | None
    scores: np.ndarray
    gaps: Vector
    kkt: Vector
    converged: np.ndarray


def make_path(
    problem: Problem,
    strengths: Vector,
    coefs: Any,
    intercepts: Vector,
    deviance_ratio: Vector,
    df: Vector,
    gaps: Vector,
    kkt: Vector,
    tol: float,
    ended: str | None = None,
) -> Path:
    """Assemble a path; ``coefs`` may be dense or sparse, (L, p) or with several outputs (L, K p)."""
    converged = judge(gaps, kkt, tol)
    reasons = explain(gaps, kkt, converged, tol, deviance_ratio)
    return Path(
        strengths,
        intercepts,
        sparse.csr_matrix(coefs) if sparse.issparse(coefs) else _rows(coefs),
        deviance_ratio,
        df,
        gaps,
        kkt,
        converged,
        reasons,
        problem.loss,
        None,
        ended,
        outputs=problem.outputs,
    )


def _rows(coefs: np.ndarray) -> Any:
    """Dense coefficients as CSR, in a third of the time that scipy takes by way of its coordinate form."""
    count, p = coefs.shape
    at = np.flatnonzero(coefs != 0)
    rows, columns = np.divmod(at, p)
    starts = np.searchsorted(rows, np.arange(count + 1))
    return sparse.csr_matrix((coefs.ravel()[at], columns, starts), shape=coefs.shape)


def reaching(found: LaneResult, count: int, why: str) -> LaneResult:
    """The answers of a path that ended early, with nan up to ``count`` strengths and the reason for its end."""
    short = count - len(found.gaps)
    if not short:
        return found
    rest = np.full(short, np.nan)
    return LaneResult(
        None if found.path is None else replace(found.path, ended=why),
        np.vstack([found.scores, np.full((short, found.scores.shape[1]), np.nan)]),
        np.append(found.gaps, rest),
        np.append(found.kkt, rest),
        np.append(found.converged, np.zeros(short, bool)),
    )


def held_out(problem: Problem, rows: np.ndarray, eta: np.ndarray, score: Score | None) -> Vector:
    """Held-out scores of the strengths of ``eta``, (rows, L) or with several outputs (rows, L, K).

    The loss's own weighted mean, or the caller's function.
    """
    y, w = problem.y[rows], problem.sample_weight[rows]
    if score is not None:
        return np.array([score(y, eta[:, k], w) for k in range(eta.shape[1])])
    if not w.any():
        return np.full(eta.shape[1], np.nan)  # nothing to score on
    return w @ problem.loss.score(y[:, None], eta) / w.sum()

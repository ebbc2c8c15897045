"""Relaxed fits: the columns that a path has chosen, fitted again without a penalty, lane by lane.

A support is fitted once, at the strongest penalty that has it. Squared lanes take their Gram matrix from the pass over
X that all lanes share, and one growing Cholesky factor serves all supports of a lane (``refit_squared.py``); other
losses go by Newton from support to support (``refit_newton.py``, ``refit_cox.py``, ``refit_several.py``); bounds stay
in force and are left to the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from .._typing import Indices, Vector
from ..errors import UnsupportedError
from ..losses import CoupledLoss, Multinomial, Quantile, Squared
from ..penalties import L1, Penalty
from ..penalties.coordinates import Coordinates
from .certificate import PERFECT
from .engine import fit_lanes
from .partial import collect
from .path import Path
from .problem import Lane, Problem
from .refit_cox import refit_cox
from .refit_newton import refit_newton
from .refit_several import refit_classes, refit_targets
from .refit_squared import refit_squared
from .shared import Shared
from .threads import Workers, thread_count, workers

__all__ = ["Refits", "Supports", "check_relaxable", "refit_supports", "relaxed_paths", "supports_of"]

SPARE = 3  # rows that a refit must have more than columns, as in glmnet
FULL = f"more columns than rows less {SPARE} are active from here on; the refit before stands for theirs"


@dataclass(frozen=True, eq=False)
class Supports:
    """The distinct sets of columns along a path, in the order in which they appear.

    Parameters
    ----------
    sets : column indices of each, those first that entered first; column + p * output where there are several outputs.
    near : their penalised coefficients where each appears first; a refit that has no single answer stays near them.
    place : (L,) which set every strength has; the last that is fitted where its own has too many columns.
    full : the first strength whose own set has too many columns, or None.
    """

    sets: list[Indices]
    near: list[Vector]
    place: Indices
    full: int | None


@dataclass(frozen=True, eq=False)
class Refits:
    """One refit a support: coefficients (S, p) on the scale of X, intercepts, explained deviance, violation.

    With K outputs coefficients are (S, K p), one output after the other, and intercepts (S, K).
    ``kkt`` is the largest gradient of a column in the support, over the largest of any column at the null model.
    """

    coefs: np.ndarray
    intercepts: Vector
    deviance_ratio: Vector
    kkt: Vector
    reasons: tuple[str, ...]


def relaxed_paths(
    problem: Problem,
    penalty: Penalty,
    lanes: Sequence[Lane],
    paths: Sequence[Path],
    *,
    tol: float = 1e-7,
    threads: int | None = None,
    shared: Shared | None = None,
) -> list[Path]:
    """Return every lane's path with ``relaxed`` set: the refits of its supports at the same strengths.

    Parameters
    ----------
    paths : one a lane, fitted on the lane's rows.
    tol : largest violation that counts as converged.
    shared : as in :func:`fit_lanes`; a pass over X made there is used again.
    """
    check_relaxable(problem, [penalty])
    supports = [
        supports_of(path.sparse_coefs, lane, problem) for path, lane in zip(paths, lanes, strict=True)
    ]
    found = refit_supports(problem, penalty, lanes, supports, tol=tol, threads=threads, shared=shared)
    return [
        replace(path, relaxed=_relaxed(path, own, refits, tol))
        for path, own, refits in zip(paths, supports, found, strict=True)
    ]


def check_relaxable(problem: Problem, penalties: Sequence[Penalty]) -> None:
    """Refuse what has no refit on a support."""
    if isinstance(problem.loss, Quantile):
        raise UnsupportedError(
            f"Relaxed fits need a loss that bends, which loss={problem.loss.name!r} does not; 'huber' does. "
            "Else fit again with L1().weighted(factors), factors 0 for the columns that are active and inf for others."
        )
    if problem.outputs is not None and any(_bounds(penalty, problem.p) is not None for penalty in penalties):
        raise UnsupportedError(
            "Relaxed fits with several classes or targets take no bounds; leave the bounds out, or fit one class or "
            "target at a time."
        )


def refit_supports(
    problem: Problem,
    penalty: Penalty,
    lanes: Sequence[Lane],
    supports: Sequence[Supports],
    *,
    tol: float = 1e-7,
    threads: int | None = None,
    shared: Shared | None = None,
) -> list[Refits]:
    """Return one refit a support for every lane; of the penalty only its bounds count."""
    bounds = _bounds(penalty, problem.p)
    if bounds is not None:
        return [
            _bounded(problem, *bounds, lane, own, tol, threads)
            for lane, own in zip(lanes, supports, strict=True)
        ]
    jobs = list(range(len(lanes)))
    with workers(thread_count(threads)) as team:
        return collect(team, _refit(problem, lanes, supports, tol, team, shared), jobs)


def _refit(
    problem: Problem,
    lanes: Sequence[Lane],
    supports: Sequence[Supports],
    tol: float,
    team: Workers,
    shared: Shared | None,
) -> Callable[[int], Refits]:
    """The function that refits a lane, given by its number."""
    if isinstance(problem.loss, Multinomial):
        return refit_classes(problem, lanes, supports, tol)
    if problem.outputs is not None:
        return refit_targets(problem, lanes, supports, team)
    if isinstance(problem.loss, CoupledLoss):
        return refit_cox(problem, lanes, supports, tol)
    if isinstance(problem.loss, Squared):
        return refit_squared(problem, lanes, supports, team, shared)
    return refit_newton(problem, lanes, supports, tol)


def supports_of(coefs: Any, lane: Lane, problem: Problem) -> Supports:
    """Return the supports of coefficients (L, p), CSR, as far as the lane has rows enough for a refit."""
    most = int((lane.weights(problem) > 0).sum()) - SPARE
    count = coefs.shape[0]
    first = np.full(coefs.shape[1], count)
    known: dict[bytes, int] = {}
    sets: list[Indices] = []
    near: list[Vector] = []
    place = np.zeros(count, np.intp)
    full = None
    for k in range(count):
        span = slice(coefs.indptr[k], coefs.indptr[k + 1])
        there = coefs.data[span] != 0
        cols, values = coefs.indices[span][there], coefs.data[span][there]
        first[cols] = np.minimum(first[cols], k)
        if len(np.unique(cols % problem.p)) > max(most, 0):  # columns, of any output
            full = k if full is None else full
            place[k] = len(sets) - 1  # -1: nothing was refitted at all
            continue
        key = np.sort(cols).tobytes()
        if key not in known:
            known[key] = len(sets)
            order = np.lexsort((cols, first[cols]))
            sets.append(cols[order].astype(np.intp))
            near.append(values[order])
        place[k] = known[key]
    return Supports(sets, near, place, full)


def _bounds(penalty: Penalty, p: int) -> tuple[Vector, Vector] | None:
    """The bounds of a penalty that says so, or None where there are none."""
    normal = penalty.coordinates(p)
    if not isinstance(normal, Coordinates) or (np.isinf(normal.lower) & np.isinf(normal.upper)).all():
        return None
    return normal.lower, normal.upper


def _bounded(
    problem: Problem,
    lower: Vector,
    upper: Vector,
    lane: Lane,
    supports: Supports,
    tol: float,
    threads: int | None,
) -> Refits:
    """Refits within bounds: one candidate a support, which leaves its columns free and excludes the others."""

    def alone(cols: Indices) -> Penalty:
        factors = np.full(problem.p, np.inf)
        factors[cols] = 0.0
        return L1().weighted(factors).bounded(lower, upper)

    every = [alone(cols) for cols in supports.sets]
    only = replace(lane, tests=(), keep=True, most=None)
    found = fit_lanes(problem, every, [np.ones(1)] * len(every), [only], tol=tol, threads=threads)
    paths = [results[0].path for results in found]
    kept = [path for path in paths if path is not None]  # all of them: asked for with keep=True
    return Refits(
        np.array([path.coefs[0] for path in kept]).reshape(len(kept), problem.p),
        np.array([path.intercepts[0] for path in kept]),
        np.array([path.deviance_ratio[0] for path in kept]),
        np.array([path.kkt[0] for path in kept]),
        tuple(path.reasons[0] for path in kept),
    )


def _relaxed(path: Path, supports: Supports, refits: Refits, tol: float) -> Path:
    """The refits as a path of their own, at the strengths of the penalised one."""
    at, alone = supports.place, supports.place < 0
    if alone.any():  # no support was small enough: the penalised solutions stand for themselves
        return replace(path, ended=FULL, relaxed=None)
    violation = refits.kkt[at]
    reasons = tuple(refits.reasons[k] for k in at)
    finite = np.array([reason != PERFECT for reason in reasons])  # a vanishing gradient may lie at infinity
    return replace(
        path,
        intercepts=refits.intercepts[at],
        sparse_coefs=sparse.csr_matrix(refits.coefs)[at],
        deviance_ratio=refits.deviance_ratio[at],
        df=np.array([len(supports.sets[k]) for k in at], dtype=np.float64),
        gaps=np.full(len(path), np.nan),
        kkt=violation,
        converged=(violation <= tol) & finite,
        reasons=reasons,
        ended=None if supports.full is None else FULL,
        convex=None,
        relaxed=None,
        _dense=[],
    )

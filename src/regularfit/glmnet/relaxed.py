"""Relaxed fits as R's glmnet has them: refits of the columns of a path, blends with it, and their cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from .._typing import Vector
from ..errors import InputError, UnsupportedError
from ..lockstep import Lane, Refits, Supports, refit_supports, supports_of
from .call import Call
from .measures import Curve
from .outputs import centred_refits, merged, parted
from .paths import Solved, unit_targets

if TYPE_CHECKING:
    from .result import Glmnet

__all__ = [
    "GAMMAS",
    "CVRelaxed",
    "Relaxed",
    "blend",
    "check_gamma",
    "check_relax",
    "chosen",
    "relax_folds",
    "relax_rows",
]

GAMMAS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEAST = 1e-5  # R blends with at least this share of the penalised fit
SHARP = 1e-9


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Refits at the lambdas of a path, as R's ``fit$relaxed``.

    Parameters
    ----------
    lambda_ : (M,) the lambdas whose support had at most n - 3 columns.
    a0, beta, dev_ratio, df : (M,), sparse (p, M), (M,), (M,): the unpenalised refits, within the limits. With K
        outputs a0 is (K, M) and beta a dict by label.
    place : (L,) where the refit for every lambda of the path is; a support with too many columns has the last one.
    """

    lambda_: Vector
    a0: Vector
    beta: Any
    dev_ratio: Vector
    df: np.ndarray
    place: np.ndarray


@dataclass(frozen=True, eq=False)
class CVRelaxed:
    """Cross-validation over lambda and gamma, as R's ``cv$relaxed``.

    Parameters
    ----------
    gamma : (G,) increasing.
    statlist : one :class:`Curve` a gamma.
    lambda_min, gamma_min : where the measure is best; of ties the largest lambda, then the largest gamma.
    lambda_1se, gamma_1se : the largest lambda, and for it the largest gamma, within one standard error of it.
    nzero_min, nzero_1se : number of columns there.
    index : positions ((lambda, gamma) of min, (lambda, gamma) of 1se).
    """

    gamma: Vector
    statlist: tuple[Curve, ...]
    lambda_min: float
    lambda_1se: float
    gamma_min: float
    gamma_1se: float
    nzero_min: int
    nzero_1se: int
    index: tuple[tuple[int, int], tuple[int, int]]


def check_gamma(gamma: Any) -> Vector:
    """Return the gammas in [0, 1]; R warns of others and leaves them out."""
    values = np.atleast_1d(np.asarray(gamma, dtype=np.float64))
    inside = (values >= 0) & (values <= 1)
    if not inside.all():
        warnings.warn("gamma outside [0, 1] is left out.", UserWarning, stacklevel=3)
    if not inside.any():
        raise InputError("gamma must hold numbers between 0 (refits) and 1 (the penalised path).")
    return values[inside]


def check_relax(call: Call) -> None:
    """Refuse limits where every class has coefficients of its own."""
    limited = np.isfinite(call.lower).any() or np.isfinite(call.upper).any()
    if call.outputs is not None and limited:
        raise UnsupportedError(
            f"relax=True with family={call.family!r} takes no limits; leave out lower_limits and upper_limits, or "
            "relax one class at a time with family='binomial'."
        )


def relax_rows(call: Call, found: Solved) -> Relaxed:
    """Refit the supports of a path on all rows."""
    lane = Lane(np.flatnonzero(call.problem.sample_weight > 0), keep=True)
    return _relaxed(call, [lane], [found])[0]


def relax_folds(call: Call, folds: Sequence[np.ndarray], solved: Sequence[Solved]) -> list[Relaxed]:
    """Refit the supports of every fold's own path on its training rows, all folds in one call."""
    every = np.arange(call.problem.n)
    return _relaxed(call, [Lane(np.setdiff1d(every, rows), keep=True) for rows in folds], solved)


def _relaxed(call: Call, lanes: list[Lane], solved: Sequence[Solved]) -> list[Relaxed]:
    problem, unit = call.problem, np.ones(call.outputs or 1)
    if call.scaled:
        problem, unit = unit_targets(problem)
    penalty, _ = call.penalty(call.problem)
    supports = [
        _whole(supports_of(one.coefs, lane, problem), call) for one, lane in zip(solved, lanes, strict=True)
    ]
    refits = refit_supports(problem, penalty, lanes, supports, tol=SHARP, threads=call.threads)
    return [
        _at_lambdas(call, one, own, centred_refits(call, found, unit))
        for one, own, found in zip(solved, supports, refits, strict=True)
    ]


def _whole(supports: Supports, call: Call) -> Supports:
    """The same where a column that any output has is free for all of them, as in R."""
    if call.outputs is None:
        return supports
    p, K = call.problem.p, call.outputs
    sets, near = [], []
    for pairs, values in zip(supports.sets, supports.near, strict=True):
        cols, first = np.unique(pairs % p, return_index=True)
        cols = cols[np.argsort(first)]
        known = np.zeros(K * p)
        known[pairs] = values
        sets.append((cols + p * np.arange(K)[:, None]).ravel())
        near.append(known[sets[-1]])
    return replace(supports, sets=sets, near=near)


def _at_lambdas(call: Call, found: Solved, supports: Supports, refits: Refits) -> Relaxed:
    place = supports.place
    if (place < 0).any():
        raise InputError(
            "relax=True needs at least 3 rows more than columns are active; the path begins with more."
        )
    used = (found.coefs != 0).toarray().reshape(len(place), call.outputs or 1, -1)
    active = used.any(axis=1).sum(axis=1)
    fitted = np.ones(len(place), bool)
    if supports.full is not None:
        counts = np.array([len(own) // (call.outputs or 1) for own in supports.sets])
        fitted = active == counts[place]
        fitted[supports.full] = False
    kept = np.flatnonzero(fitted)
    back = np.searchsorted(kept, np.arange(len(place)), side="right") - 1
    at = place[kept]
    return Relaxed(
        found.lambdas[kept],
        refits.intercepts[at].T,
        parted(call, sparse.csr_matrix(refits.coefs[at])),
        refits.deviance_ratio[at],
        active[kept],
        back,
    )


def blend(fit: Glmnet, gamma: float) -> Glmnet:
    """Return ``gamma`` times the path plus ``1 - gamma`` times its refits, as R's ``blend.relaxed``.

    R never goes below a gamma of 1e-5, and mixes the explained deviances in the same shares.
    """
    relaxed = fit.relaxed
    if relaxed is None:
        raise InputError("gamma is for relaxed fits: say relax=True in glmnet or cv_glmnet.")
    if gamma == 1:
        return replace(fit, relaxed=None)
    share, at = max(gamma, LEAST), relaxed.place
    return replace(
        fit,
        a0=share * fit.a0 + (1 - share) * relaxed.a0[..., at],
        beta=parted(fit.call, share * merged(fit.beta) + (1 - share) * merged(relaxed.beta)[at]),
        dev_ratio=share * fit.dev_ratio + (1 - share) * relaxed.dev_ratio[at],
        relaxed=None,
    )


def blended(found: Solved, relaxed: Relaxed, gamma: float) -> Solved:
    """The same for the solutions of a fold."""
    if gamma == 1:
        return found
    share, at = max(gamma, LEAST), relaxed.place
    return replace(
        found,
        a0=share * found.a0 + (1 - share) * relaxed.a0.T[at],
        coefs=(share * found.coefs + (1 - share) * merged(relaxed.beta)[at]).tocsr(),
    )


def chosen(gamma: Vector, curves: Sequence[Curve], lambdas: Vector, df: np.ndarray) -> CVRelaxed:
    """Return R's choice over all lambdas and gammas."""
    cvm = np.array([curve.cvm for curve in curves])  # (G, L)
    losses = -cvm if curves[0].greater_is_better else cvm
    bars = np.array([curve.cvsd for curve in curves])

    def first(allowed: np.ndarray) -> tuple[int, int]:
        """The largest lambda, then the largest gamma."""
        at = int(np.argmax(allowed.any(axis=0)))
        return at, int(np.flatnonzero(allowed[:, at])[-1])

    best = first(losses <= np.nanmin(losses))
    near = first(losses <= losses[best[1], best[0]] + bars[best[1], best[0]])
    return CVRelaxed(
        gamma,
        tuple(curves),
        float(lambdas[best[0]]),
        float(lambdas[near[0]]),
        float(gamma[best[1]]),
        float(gamma[near[1]]),
        int(df[best[0]]),
        int(df[near[0]]),
        (best, near),
    )

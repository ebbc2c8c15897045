r"""Duality gaps of the partial likelihood, from the gradient at a solution.

The loss f (see losses/_partial_likelihood.py) is a sum of log-sum-exps of eta less a linear term, and never negative.
With u its gradient at eta, f*(u) = u'eta - f(eta), and f*(0) = -inf f <= 0. So by convexity f*(c u) <= c (u'eta -
f(eta)) for 0 <= c <= 1, and with scores g = -X'u the dual point c u proves

    gap <= (1 - c) f(eta) + s pen(b) - c b'g + conjugate of s pen at c g,        c = 1 / max(1, max |g| / (s l1)).

Unpenalised columns F need F'u = 0 exactly. There is u1 = u + H t with t = F d, H the Hessian at eta and
F'HF d = -F'u. It is feasible: the gradient of every log-sum-exp is a mean of its rows under probabilities pi, H t is
what sum m (pi (1 + t - mean of t)) adds to sum m pi, and that is a probability again while t spans at most 1. Its
price: pi enters f* as its entropy, and (1 + x) log(1 + x) <= x + x^2, so f*(u1) <= u1'eta - f(eta) + t'Ht.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..._typing import Vector
from ..free_ends import open_columns
from ..newton.batch import violations
from ..scores import Verdict
from .batch import CoxBatch
from .ground import Ground

__all__ = ["close_free_columns", "record"]

TINY, INSIDE = (
    1e-8,
    1e-5,
)  # strengths at which rounding is seen, and the share by which scores are drawn in there
FAR = 0.9  # span of t that is still a proof; a column that runs away is moved by 1 in every Newton step
NOTHING = 1e-13  # curvature, as a share of the largest, of a direction of free columns that no risk set sees


def close_free_columns(
    ground: Ground, batch: CoxBatch, Z: np.ndarray, R: np.ndarray
) -> tuple[Vector, Vector]:
    """Move the residuals R (n, m) of a batch to dual points that are feasible for free columns (see ``_excess``).

    Returns the prices (m,), and what b'g lost by it.
    """
    l1, l2, _, _ = batch.terms
    price, lost = np.zeros(len(batch)), np.zeros(len(batch))
    hopeful = (l1 == 0).any() or (batch.strengths < TINY).any()
    for k in range(len(batch) if hopeful else 0):
        excess = _excess(batch, k)
        open_ = np.flatnonzero(excess)
        if len(open_):
            away = Z @ batch.b[k]
            at = ground.likelihood.at((away + ground.offset)[:, None])
            F = Z[:, open_]
            t = None if at.wide[0] else _shift(ground.likelihood.hessian(at, F), F, excess[open_])
            moved = None if t is None else ground.likelihood.hessian_times(at, t)
            if t is not None and moved is not None:
                price[k] = float(t @ moved)
                R[ground.rows, k] -= moved
                lost[k] = moved @ away
            elif ((l1 == 0) & (l2 == 0))[open_].any():
                price[k] = np.inf
    return np.maximum(price, 0.0), lost


def _excess(batch: CoxBatch, k: int) -> Vector:
    """How far the scores of one solution are outside what its dual allows, (w,).

    Where a strength is so small that rounding in the scores is no small share of it, those at the boundary are drawn
    in as well: shrinking all scores for them would cost that share of the loss.
    """
    l1, l2, lower, upper = batch.terms
    g, s = batch.descent[k], batch.strengths[k]
    free = np.flatnonzero((l1 == 0) & (l2 == 0))
    out = np.zeros(len(g))
    some = free[open_columns(g[free], np.zeros(len(free)), l1[free], l2[free], lower[free], upper[free])]
    out[some] = g[some]
    if s < TINY:
        held = (l1 > 0) & (l2 == 0) & (batch.b[k] != 0) & np.isinf(lower) & np.isinf(upper)
        over = np.abs(g[held]) - (1 - INSIDE) * s * l1[held]
        out[held] = np.sign(g[held]) * np.maximum(over, 0.0)
    return out


def _shift(K: np.ndarray, F: np.ndarray, g: Vector) -> Vector | None:
    """T = F d that makes the scores g of the free columns zero, None where it would have to be too long."""
    scale = np.sqrt(np.maximum(np.diag(K), 0.0))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(K / np.outer(scale, scale))
    turned = vectors.T @ (g / scale)
    known = values > NOTHING * max(values[-1], 0.0)
    if (np.abs(turned[~known]) > 1e-12).any():
        return None
    d = (vectors[:, known] @ (turned[known] / values[known])) / scale
    t: Vector = F @ d
    return t if np.ptp(t) <= FAR else None


def record(
    ground: Ground,
    batch: CoxBatch,
    verdicts: Sequence[Verdict],
    moved: tuple[Vector, Vector],
    count: int,
    least: float,
) -> None:
    """Gaps, violations and deviance ratios of the first strengths of a batch, into its front."""
    front, (price, lost) = batch.front, (part[:count] for part in moved)
    value, s = batch.value[:count], batch.strengths[:count]
    b, penalty = batch.b[:count], s * batch.penalty[:count]
    on_eta = np.einsum("mw,mw->m", b, batch.descent[:count]) - lost  # b'g

    def gap(pairs: list[tuple[float, float]]) -> Vector:
        ratio, conjugate = np.array(pairs).reshape(-1, 2).T
        c = 1.0 / np.maximum(ratio, 1.0)
        return (1 - c) * value + penalty + c * (np.where(np.isinf(price), 0.0, price) - on_eta) + conjugate

    best = np.minimum(
        gap([v.duals[0] for v in verdicts[:count]]), gap([v.duals[-1] for v in verdicts[:count]])
    )
    primal = value + penalty
    size = np.maximum(primal, least)
    at = slice(front.position, front.position + count)
    unknown = np.isinf(price) | ~np.isfinite(best)
    front.gaps[at] = np.where(unknown, primal, np.minimum(np.maximum(best, 0.0), primal)) / size
    inside = violations(b, batch.descent[:count], s, *batch.terms) / s
    front.kkt[at] = np.maximum(inside, [v.violation for v in verdicts[:count]])
    front.deviance_ratio[at] = 1 - value / ground.null_value if ground.null_value > least else 0.0
    front.df[at] = (b != 0).sum(axis=1) if not batch.terms[1].any() else np.nan
    if count:
        front.objective = float(size[-1])

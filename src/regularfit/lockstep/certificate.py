"""Proof that a point solves its problem: a duality gap where all is convex, and the KKT violation.

For the squared loss with residual r, coefficients b and scores g = X'Wr on the penalised scale, any c in [0, 1]
for which the penalty's conjugate is finite gives the dual point c r, and the primal minus the dual value is

    gap = (1 - c)^2 rr / 2 + pen(b) + pen*(c g) - c b'g.

An unpenalised column without bounds has b'g = 0 at its optimum; its part of b'g is taken in absolute value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np

from .._typing import Vector

PERFECT = (
    "the training rows are reproduced all but exactly, so no finite coefficients are best, or digits run out before "
    "they are found (separable classes, or as many unpenalised columns as rows); use a larger strength or penalise "
    "more columns"
)
# Where free columns cannot be closed nothing bounds the gap but the objective itself, so it is 1.
RUN_AWAY = (
    "the optimality conditions hold, but no finite coefficients may be best: an unpenalised column tells some rows for "
    "certain (a dummy of one row, say); penalise it, bound it or leave it out"
)
PROVED = "duality gap within tolerance"
SMALL = 1e-6  # a violation that a column on its way to infinity leaves

Numbers = TypeVar("Numbers", float, Vector)  # of one lane, or of several

__all__ = ["Certificate", "explain", "fenchel_gap", "judge", "loose_ends"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is proved about a solution.

    Parameters
    ----------
    gap : duality gap over the objective value (nan where no dual is known): the objective is at most this
        fraction too high.
    kkt : largest violation of the optimality conditions, divided by the strength.
    converged : whether ``gap`` (or, where it is nan, ``kkt``) meets the tolerance that was asked for.
    reason : why it holds, or why not and what to do.
    """

    gap: float
    kkt: float
    converged: bool
    reason: str


def judge(gaps: Vector, kkt: Vector, tol: float) -> np.ndarray:
    """Say of every strength whether it converged."""
    return np.where(np.isnan(gaps), kkt, gaps) <= tol


def explain(
    gaps: Vector, kkt: Vector, converged: np.ndarray, tol: float, explained: Vector | None = None
) -> tuple[str, ...]:
    """Say why every strength converged, or why not and what to do; ``explained`` are the deviance ratios."""
    if converged.all() and not np.isnan(gaps).any():  # as nearly always, for hundreds of lanes
        return (PROVED,) * len(gaps)
    share = np.zeros_like(gaps) if explained is None else explained
    facts = zip(gaps, kkt, converged, share, strict=True)
    return tuple(PERFECT if not ok and s > 0.999 else _reason(g, k, ok, tol) for g, k, ok, s in facts)


def _reason(gap: float, kkt: float, ok: bool, tol: float) -> str:
    if ok:
        return PROVED if not np.isnan(gap) else "optimality conditions within tolerance"
    if not (np.isfinite(gap) or np.isfinite(kkt)):
        return "the iterates left the finite numbers; standardise the columns or use a larger strength"
    if gap >= 1 and kkt <= SMALL:
        return RUN_AWAY
    return (
        f"not solved to {tol:g} (gap {gap:.1e}, violation {kkt:.1e}); a larger tol or strength, "
        "or fewer collinear columns, would do"
    )


def fenchel_gap(rr: Numbers, bg: Numbers, penalty: Numbers, conjugate: Numbers, ratio: Numbers) -> Numbers:
    """Duality gaps of squared-loss lanes from sums; ``ratio`` is the largest |g| / (s l1), at least 0."""
    c = 1.0 / np.maximum(ratio, 1.0)
    return cast("Numbers", 0.5 * rr * (1 - c) ** 2 + penalty + conjugate - c * bg)


def loose_ends(
    B: np.ndarray, G: np.ndarray, l1: Vector, l2: Vector, lower: Vector, upper: Vector
) -> np.ndarray:
    """What unpenalised columns leave open, for every row of coefficients B (..., m) with gradients G.

    Their conjugate is infinite unless g is exactly 0, so their b g is left out of the gap and ``|b g|`` put in. Where
    g pushes against a bound the conjugate is finite, and counted with the others.
    """
    free = np.flatnonzero((l1 == 0) & (l2 == 0))
    g = G[..., free]
    open_end = np.isinf(np.where(g > 0, upper[free], lower[free]))
    return 2 * np.where(open_end, np.abs(B[..., free] * g), 0.0).sum(axis=-1)

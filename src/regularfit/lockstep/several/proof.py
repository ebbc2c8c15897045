r"""Proof that a solution with several linear predictors is best: an exactly feasible dual point, and its gap.

The dual of the multinomial loss has a distribution q_i for every row; the gap is finite where the residuals y - q are
orthogonal to the intercepts and the free columns, and within the penalty's dual ball on the others. The probabilities
p of a solution miss the first by what Newton's last step left, so they are moved: q = p - V t with V = diag(p) - pp'
and t chosen so that the orthogonality holds exactly. Its entropy is bounded, without a logarithm, by

    sum q log q  <=  sum p log p - (V t)' eta + t' V t      (the last term is the chi-square distance),

and c q + (1 - c) y brings it into the ball.
"""

from __future__ import annotations

import numpy as np

from ..._typing import Vector
from .frame import LaneTerms

__all__ = ["conjugate", "dual_ratio", "penalty_value", "violations"]


def penalty_value(B: np.ndarray, terms: LaneTerms, cols: np.ndarray, rows: bool) -> float:
    """The penalty of coefficients (K, columns) at strength one."""
    l1 = np.where(np.isinf(terms.l1[cols]), 0.0, terms.l1[cols])
    squares = np.einsum("kj,kj->j", B, B)
    size = np.sqrt(squares) if rows else np.abs(B).sum(axis=0)
    return float(size @ l1 + 0.5 * squares @ terms.l2[cols])


def dual_ratio(G: np.ndarray, s: float, terms: LaneTerms, cols: np.ndarray, rows: bool) -> float:
    """How many times too large the scores (K, columns) are for the penalty's dual ball, at least 1."""
    l1, l2 = terms.l1[cols], terms.l2[cols]
    size = np.linalg.norm(G, axis=0) if rows else _pull(G, terms, cols, np.isinf).max(axis=0, initial=0.0)
    limited = np.isfinite(l1) & (l1 > 0) & (l2 == 0)
    with np.errstate(over="ignore"):
        return float((size[limited] / (s * l1[limited])).max(initial=1.0))


def _pull(G: np.ndarray, terms: LaneTerms, cols: np.ndarray, ends) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Sizes of scores that pull towards an end of that kind (open, or a bound), zero for the others."""
    up = np.where(ends(terms.upper[cols]), np.maximum(G, 0.0), 0.0)
    return up + np.where(ends(terms.lower[cols]), np.maximum(-G, 0.0), 0.0)


def conjugate(
    G: np.ndarray, B: np.ndarray, s: float, terms: LaneTerms, cols: np.ndarray, rows: bool
) -> float:
    """``(s P)*`` at scores (K, columns) that lie in the ball, plus what open ends of unpenalised columns leave."""
    l1, l2 = terms.l1[cols], terms.l2[cols]
    usable = np.isfinite(l1)
    G, B, l1, l2 = G[:, usable], B[:, usable], l1[usable], l2[usable]
    lower, upper = terms.lower[cols][usable], terms.upper[cols][usable]
    size = np.linalg.norm(G, axis=0) if rows else G
    rest = size - np.clip(size, -s * l1, s * l1)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.clip(np.where(rest == 0, 0.0, rest / (s * l2)), lower, upper)
        reached = best * (rest - 0.5 * s * l2 * best)
    ball = np.isinf(best) & (l1 > 0)  # in the ball but for rounding
    open_end = np.isinf(best) & (l1 == 0)
    total = float(np.where(np.isinf(best), 0.0, reached).sum())
    if ball.any():
        reach = np.linalg.norm(B, axis=0) if rows else np.abs(B)
        total += float((np.where(ball, np.abs(rest), 0.0) * reach).sum())
    return total + (float(2 * np.abs(np.where(open_end, B * G, 0.0)).sum()) if open_end.any() else 0.0)


def violations(
    G: np.ndarray, B: np.ndarray, s: float, terms: LaneTerms, cols: np.ndarray, rows: bool
) -> np.ndarray:
    """Distance of scores (K, columns) from the subdifferential of ``s P``, on the lane's own scale."""
    l1, l2, ratio = s * terms.l1[cols], s * terms.l2[cols], terms.ratio[cols]
    out_of = np.isinf(l1)
    l1 = np.where(out_of, 0.0, l1)
    pull = G - l2 * B
    if rows:
        size, length = np.linalg.norm(B, axis=0), np.linalg.norm(G, axis=0)
        at_zero = np.maximum(length - l1, 0.0) * np.ones_like(G)
        distance = np.where(size > 0, np.abs(pull - l1 * B / np.where(size > 0, size, 1.0)), at_zero)
    else:
        lower, upper = terms.lower[cols], terms.upper[cols]
        least = np.where(B > 0, l1, -l1)
        most = np.where(B < 0, -l1, l1)
        least = np.where(lower >= B, -np.inf, least)
        most = np.where(upper <= B, np.inf, most)
        distance = np.maximum(np.maximum(least - pull, pull - most), 0.0)
    return np.where(out_of, 0.0, distance) / ratio


def worst(distance: np.ndarray, s: float) -> Vector:
    """Largest violation over the strength."""
    return np.max(distance, initial=0.0) / s

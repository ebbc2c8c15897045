"""One product X'R for the residuals of all lanes.

Read block by block and turned into certificates on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .. import _core
from ..designs import Design
from .front import Front
from .rowwise import CACHE
from .threads import Workers

__all__ = ["Verdict", "centred_scores", "score_columns"]

SLACK = 1e-8  # a violation below this share of the threshold is rounding, not a missing column


@dataclass(eq=False)
class Verdict:
    """What X'r says about one solution of one lane."""

    ratio: float = 0.0  # largest |g| / (s l1)
    conjugate: float = 0.0  # sum of finite conjugates at g
    violation: float = 0.0  # of columns outside the working set, over s
    violators: list[int] = field(default_factory=list)
    near_ratio: float = (
        0.0  # largest |g| / (s l1) of columns with a finite conjugate that g exceeds by rounding
    )
    far_conjugate: float = 0.0  # sum of the others' conjugates

    @property
    def duals(self) -> tuple[tuple[float, float], ...]:
        """(ratio, conjugate) of the dual points worth trying.

        A bound of 1e12 makes rounding in g dear; a dual point that is shrunk for that column as well does not pay it.
        """
        plain = (self.ratio, self.conjugate)
        other = (max(self.ratio, self.near_ratio), self.far_conjugate)
        return (plain, other) if self.near_ratio > 1 else (plain,)


def score_columns(
    design: Design,
    R: np.ndarray,
    fronts: list[Front],
    strengths: list[float],
    team: Workers,
    gradients: np.ndarray,
) -> list[Verdict]:
    """Judge the columns of R (n, m), one a (lane, strength); gradients (m, p) float32 are filled in."""
    totals = R.sum(axis=0)
    means = [front.mean if design.far is None else front.mean - design.far for front in fronts]
    verdicts = [Verdict() for _ in fronts]
    noise, parts = _rounding(R), _side_by_side(design, R)

    def block(first: int) -> list[tuple[float, float, float, list[int], float, float]]:
        last = min(first + design.block, design.p)
        found: list[tuple[float, float, float, list[int], float, float]] = []
        for part in parts:
            S = design.rmatmat_near(first, last, part)
            for scores in S[: len(fronts) - len(found)]:
                k = len(found)
                front = fronts[k]
                found.append(
                    _core.scan(
                        scores,
                        first,
                        means[k],
                        front.inverse,
                        totals[k],
                        strengths[k],
                        *front.terms.arrays,
                        SLACK,
                        noise[k],
                        front.inside,
                        gradients[k],
                    )
                )
        return found

    for found in team.map(block, range(0, design.p, design.block)):
        for verdict, (ratio, conjugate, violation, violators, near, far) in zip(verdicts, found, strict=True):
            verdict.near_ratio = max(verdict.near_ratio, near)
            verdict.far_conjugate += far
            verdict.ratio = max(verdict.ratio, ratio)
            verdict.conjugate += conjugate
            verdict.violation = max(verdict.violation, violation)
            verdict.violators.extend(violators)
    return verdicts


def _side_by_side(design: Design, R: np.ndarray) -> list[np.ndarray]:
    """The columns of R in as many pieces as products want, the last filled up with zeros."""
    width = design.abreast
    if width is None:
        return [R]
    count = -(-R.shape[1] // width)
    parts = np.zeros((count, len(R), width))
    for part, start in zip(parts, range(0, R.shape[1], width), strict=True):
        part[:, : min(width, R.shape[1] - start)] = R[:, start : start + width]
    return list(parts)


def _rounding(R: np.ndarray) -> list[float]:
    """What rounding may leave of a sum over each column of R (n, m); some rows at a time, for the room they take."""
    step = max(1, CACHE // max(1, R.shape[1]))
    total = np.zeros(R.shape[1])
    for start in range(0, len(R), step):
        total += np.abs(R[start : start + step]).sum(axis=0)
    return (1e-14 * total).tolist()


def centred_scores(design: Design, R: np.ndarray, means: np.ndarray) -> np.ndarray:
    """``(X - mean)' r`` of lanes with residuals R (n, F) and means (F, p), (F, p)."""
    out = np.empty((R.shape[1], design.p))
    for first in range(0, design.p, design.block):
        last = min(first + design.block, design.p)
        out[:, first:last] = design.rmatmat_near(first, last, R)
    away = means if design.far is None else means - design.far
    return out - away * R.sum(axis=0)[:, None]

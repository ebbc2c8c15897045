"""A lane's data as moments on its own standardised scale, from the Gram matrix of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._typing import Vector
from ..designs import Dense
from .atoms import Atoms
from .problem import Lane, Problem
from .standard import inverse_scale

__all__ = ["FAR", "Moments", "Sums", "moments_of", "reduce", "without_gram"]

FAR = (
    1e-6  # a column whose variance is a smaller share of its mean square about the common centre loses digits
)


@dataclass(frozen=True, eq=False)
class Moments:
    """Lanes' data reduced to numbers, each lane on its own standardised scale; one lane has no first axis.

    Where ``rows`` (Z, (rows, p) a lane) are given, Z'Z stands in for the Gram matrix, which is empty.
    """

    gram: np.ndarray  # (..., p, p)
    c: Vector  # (..., p)
    yy: Any  # (...)
    mean: Vector  # (..., p) relative to the atoms' centre
    mean_y: Any  # (...)
    inverse: Vector  # (..., p)
    total: Any  # (...)
    rows: tuple[np.ndarray, ...] = ()

    def lane(self, k: int) -> Moments:
        """One of several lanes; its Gram matrix is F-ordered, as the core reads it."""
        gram = self.gram if self.rows else self.gram[k]
        return Moments(
            gram if gram.flags.f_contiguous else gram.T,  # symmetric
            self.c[k],
            float(self.yy[k]),
            self.mean[k],
            float(self.mean_y[k]),
            self.inverse[k],
            float(self.total[k]),
        )

    def put(self, k: int, own: Moments) -> None:
        """Replace one lane."""
        for name in ("gram", "c", "yy", "mean", "mean_y", "inverse", "total"):
            getattr(self, name)[k] = getattr(own, name)


@dataclass(frozen=True, eq=False)
class Sums:
    """Weighted sums over the rows of lanes, columns about the atoms' centre: all but the columns' cross products."""

    weight: Any  # (...)
    plain: Vector  # (..., p + 1) of the columns and of y
    with_y: Vector  # (..., p + 1) of their products with y
    squares: Vector  # (..., p) of the columns' squares

    @classmethod
    def of(cls, cross: np.ndarray) -> Sums:
        """Read them from cross products (..., p + 2, p + 2)."""
        p = cross.shape[-1] - 2
        diagonal = np.diagonal(cross, axis1=-2, axis2=-1)[..., :p]
        return cls(cross[..., p + 1, p + 1], cross[..., : p + 1, p + 1], cross[..., : p + 1, p], diagonal)

    def combined(self, whole: Vector, shares: np.ndarray, parts: Sums) -> Sums:
        """Lanes' sums: ``whole`` times these, plus ``shares`` (lanes, parts) of the parts."""
        pairs = zip(_fields(self), _fields(parts), strict=True)
        return Sums(*(np.multiply.outer(whole, own) + shares @ part for own, part in pairs))


def _fields(sums: Sums) -> tuple[Any, Vector, Vector, Vector]:
    return sums.weight, sums.plain, sums.with_y, sums.squares


def reduce(problem: Problem, cross: np.ndarray, deviations: Vector | None = None) -> Moments:
    """Centre and scale the cross products (..., p + 2, p + 2) of one lane or of several.

    ``deviations`` (..., p) of the columns, where their cross products without an intercept cannot tell them.
    """
    p = problem.p
    found = without_gram(problem, Sums.of(cross), deviations)
    gram = cross[..., :p, :p] * found.inverse[..., None]
    gram *= (found.inverse / np.asarray(found.total)[..., None])[..., None, :]
    if problem.fit_intercept:
        centre = found.mean * found.inverse
        gram -= centre[..., :, None] * centre[..., None, :]
    return replace(found, gram=gram)


def without_gram(problem: Problem, sums: Sums, deviations: Vector | None = None) -> Moments:
    """The same without the Gram matrix, which is empty."""
    p, total = problem.p, np.asarray(sums.weight)
    mean, with_y = sums.plain / total[..., None], sums.with_y / total[..., None]
    second = sums.squares / total[..., None]
    spread = second - mean[..., :p] ** 2
    if problem.fit_intercept:
        with_y = with_y - mean * mean[..., p:]
        deviation = np.sqrt(np.where(spread > 1e-13 * second, spread, 0.0))
    else:  # scaled by the spread about the mean all the same
        deviation = np.sqrt(np.maximum(spread, 0.0)) if deviations is None else deviations
        mean = np.zeros_like(mean)
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept, problem.unit)
    yy = np.maximum(with_y[..., p], 0.0)
    c = with_y[..., :p] * inverse
    return Moments(np.empty(0), c, yy, mean[..., :p], mean[..., p], inverse, sums.weight)


def moments_of(problem: Problem, lanes: Sequence[Lane], which: Sequence[int], atoms: Atoms) -> Moments:
    """Moments of some lanes from the atoms.

    A lane whose means lie too far from the common centre takes a pass of its own.
    """
    cross = atoms.of_train(which)
    found = reduce(problem, cross)
    for k, lost in _far(problem.p, cross):
        own = _own_pass(problem, lanes[which[k]], cross[k], lost, atoms)
        if own is not None:
            found.put(k, own)
    return found


def _far(p: int, cross: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Lanes with columns that lose digits, and which columns."""
    count = cross[:, -1, -1][:, None]
    second = np.diagonal(cross, axis1=1, axis2=2)[:, :p] / count
    spread = second - (cross[:, :p, p + 1] / count) ** 2
    lost = spread <= FAR * second
    return [(int(k), lost[k]) for k in np.flatnonzero((lost & (second > 0)).any(axis=1))]


def _own_pass(
    problem: Problem, lane: Lane, cross: np.ndarray, lost: np.ndarray, atoms: Atoms
) -> Moments | None:
    """Moments about the lane's own means; None where there is nothing to gain."""
    weights, design = lane.weights(problem), problem.design
    if not problem.fit_intercept:
        return reduce(problem, cross, design.moments(weights[None, :])[1][0])
    if not isinstance(design, Dense):
        return None
    mean, deviation = (found[0] for found in design.moments(weights[None, :]))
    if not (deviation[lost] > 0).any():  # constant in this lane, not far away
        return None
    y, p = problem.y - problem.offset, problem.p
    middle = float(weights @ y)
    rows = np.flatnonzero(weights)
    extra = np.column_stack([y - middle, np.ones(problem.n)])
    own = reduce(problem, design.cross(rows, weights[rows] * cross[-1, -1], extra, mean))
    shift, shift_y = mean - atoms.centre[:p], middle - atoms.centre[p]
    return Moments(own.gram, own.c, own.yy, own.mean + shift, own.mean_y + shift_y, own.inverse, own.total)

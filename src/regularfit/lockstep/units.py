"""The units in which the engine works: powers of two near the spread of the target and of the columns.

A fit must not depend on whether lengths are given in metres or in nanometres. Thresholds and float32 gradients
inside the engine assume numbers near one, and squares of very large or small numbers leave the range of
float64. So a problem is solved for ``y / u`` and, where columns are not standardised anyway, for ``X / v``.
Powers of two change no digit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._typing import Vector
from ..designs import Design
from ..losses import CoupledLoss, Squared
from ..penalties import Penalty
from ..penalties.coordinates import Coordinates
from .problem import Lane, Problem
from .result import LaneResult, Score

__all__ = ["Units"]


@dataclass(frozen=True, slots=True)
class Units:
    """Of the target (1 unless the loss is squared) and of the columns (1 where they are standardised)."""

    y: float = 1.0
    x: float = 1.0
    moved: tuple[Design, Vector] | None = None  # the design less constants, where the means of X cost digits

    @classmethod
    def of(cls, problem: Problem) -> Units:
        """Units near the target's spread and near the widest column."""
        exact = cls.exact(problem)
        # Without an intercept of its own nothing could take the move back.
        level = problem.fit_intercept and not isinstance(problem.loss, CoupledLoss)
        moved = problem.design.recentred() if level else None
        return cls(_power(exact.y), _power(exact.x), moved)

    @classmethod
    def exact(cls, problem: Problem) -> Units:
        """The spreads themselves."""
        y = _spread(problem.y - problem.offset, problem) if isinstance(problem.loss, Squared) else 1.0
        if problem.standardize:
            return cls(y)
        _, deviation = problem.design.moments(problem.sample_weight[None, :] / problem.n)
        return cls(y, float(deviation.max(initial=0.0)) or 1.0)

    def inside(self, problem: Problem) -> Problem:
        """The problem in these units."""
        design = self.moved[0] if self.moved else problem.design
        return replace(
            problem, design=design, y=problem.y / self.y, offset=problem.offset / self.y, unit=self.x
        )

    def strengths(self, grid: Vector) -> Vector:
        """Strengths in these units: those of an l1 part; the l2 part takes the rest."""
        return grid / self.y / self.x

    def penalty(self, penalty: Penalty) -> _InUnits:
        """The penalty in these units."""
        return _InUnits(penalty, self)

    def score(self, score: Score | None) -> Score | None:
        """A user's score sees the numbers that the user knows."""
        if score is None or self.y == 1:
            return score
        return lambda y, eta, weights: score(y * self.y, eta * self.y, weights)

    def outside(self, found: LaneResult | None, grid: Vector, own_score: bool) -> LaneResult | None:
        """A result in the units of the data."""
        if found is None or (self.y == 1 and found.path is None):
            return found
        scores = found.scores if own_score else found.scores * self.y * self.y
        path = found.path
        if path is not None:
            coefs = path.sparse_coefs * self.y
            level = path.intercepts * self.y
            path = replace(
                path,
                strengths=grid[: len(path)],
                intercepts=level - coefs @ self.moved[1] if self.moved else level,
                sparse_coefs=coefs,
                _dense=[],
            )
        return replace(found, path=path, scores=scores)


@dataclass(frozen=True, slots=True)
class _InUnits:
    """Only what the roads ask of a penalty."""

    penalty: Penalty
    units: Units

    def coordinates(self, p: int) -> Any:
        normal = self.penalty.coordinates(p)
        return None if normal is None else self._inside(normal)

    def for_lane(self, lane: Lane, p: int) -> Any:
        """The normal form on a lane: adaptive penalties have another on each."""
        own = getattr(self.penalty, "for_lane", None)
        return self.coordinates(p) if own is None else self._inside(own(lane, p))

    @property
    def by_lane(self) -> bool:
        """Whether lanes differ."""
        return hasattr(self.penalty, "for_lane")

    def _inside(self, normal: Coordinates) -> Coordinates:
        # s l1 |b| and s l2 b^2 / 2 over u^2, with b = (u / v) b' and s = u v s'
        y, x = self.units.y, self.units.x
        return Coordinates(normal.l1, normal.l2 * y / x, normal.lower / y, normal.upper / y)


def _spread(values: Vector, problem: Problem) -> float:
    """Weighted standard deviation (about zero without an intercept), safe from overflow."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0:
        return 1.0
    scaled, weights = values / largest, problem.sample_weight / problem.n
    middle = weights @ scaled if problem.fit_intercept else 0.0
    spread = float(np.sqrt(weights @ (scaled - middle) ** 2))
    return largest * (spread if spread > 1e-15 else 1.0)


def _power(size: float) -> float:
    return float(np.exp2(np.round(np.log2(size)))) if 0 < size < np.inf else 1.0

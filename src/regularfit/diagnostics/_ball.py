"""The edge of a penalty's ball in two coordinates, and the point of it where a quadratic is smallest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from .._typing import Matrix, Vector
from ..errors import InputError

__all__ = ["Ball", "nearest_on"]

RELATIVE = np.float64(1e-14)


@dataclass(frozen=True, eq=False)
class Ball:
    """The set ``value(b) <= budget``, which must be seen whole from ``centre``.

    So it is for every convex penalty from any point inside, and from zero for those that grow along rays (MCP, SCAD,
    bridges below 1). ``view`` is how far one looks: a penalty that levels off may have no edge in a direction.
    """

    value: Callable[[Vector], float]
    budget: float
    view: float
    centre: Vector

    @classmethod
    def around(cls, value: Callable[[Vector], float], budget: float, view: float, on: Vector | None) -> Ball:
        """Return the ball seen from zero; or, where that lies outside, from its lowest point, found from ``on``."""
        zero = np.zeros(2)
        slack = budget * (1 + 1e-9) + 1e-300
        if value(zero) <= slack or on is None:
            return cls(value, budget, view, zero)
        options = {"xatol": 1e-10 * view, "fatol": 0.0, "maxiter": 2000}
        found: Any = optimize.minimize(value, on, method="Nelder-Mead", options=options)
        if not found.fun < budget * (1 - 1e-6):
            raise InputError(
                f"Among these two coefficients none has a smaller penalty than {budget:.3g}, that of the solution, so "
                f"its ball has no inside to draw. Give others='profiled', or other columns."
            )
        return cls(value, budget, view, found.x)

    def reach(self, turn: float) -> float:
        """How far the edge is from the centre in a direction; nan where it is not in view."""
        # The axes' directions are exact, so that corners are corners.
        ray = np.array([np.cos(turn), np.sin(turn)])
        ray[np.abs(ray) < 1e-15] = 0.0

        def beyond(r: float) -> float:
            return float(np.clip(self.value(self.centre + r * ray) - self.budget, -1e300, 1e300))

        if beyond(0.0) >= 0:
            return 0.0
        if beyond(self.view) < 0:
            return float("nan")
        found: Any = optimize.brentq(beyond, 0.0, self.view, xtol=1e-14 * self.view, rtol=RELATIVE)
        return float(found)

    def at(self, turn: float) -> Vector:
        """The edge in a direction, (2,)."""
        point = self.reach(turn) * np.array([np.cos(turn), np.sin(turn)])
        return self.centre + np.where(np.abs(point) < 1e-15 * np.abs(point).max(), 0.0, point)

    def edge(self, turns: Vector) -> Matrix:
        """The edge in many directions, (m, 2)."""
        return np.array([self.at(float(turn)) for turn in turns])


def nearest_on(ball: Ball, hessian: Matrix, minimum: Vector, edge: Matrix, turns: Vector) -> Vector:
    """Where the quadratic around ``minimum`` is smallest within the ball."""
    if ball.value(minimum) <= ball.budget:
        return minimum

    def loss(points: Matrix) -> Vector:
        away = points - minimum
        return ((away @ hessian) * away).sum(axis=-1)

    along = loss(edge)
    if not np.isfinite(along).any():
        raise InputError("The ball has no edge in view; give a smaller budget.")
    k = int(np.nanargmin(along))
    step = turns[1] - turns[0]
    best, where = along[k], edge[k]
    for low, high in ((turns[k] - step, turns[k]), (turns[k], turns[k] + step)):
        found: Any = optimize.minimize_scalar(
            lambda turn: float(np.nan_to_num(loss(ball.at(turn)), nan=np.inf)),
            bounds=(low, high),
            method="bounded",
            options={"xatol": 1e-12},
        )
        if found.fun < best - 1e-12 * abs(best):  # a corner is one of the points, and stays where it ties
            best, where = found.fun, ball.at(found.x)
    return where

"""The two stages of adaptive penalties: the pilot on every lane's own training rows, then each lane's own weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._typing import Vector
from ..designs import Imputed
from ..penalties import Adaptive, Coordinates, Penalty
from .problem import Lane, Problem
from .standard import inverse_scale

__all__ = ["Settled", "settle", "settled_on_all_rows"]

Fit = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Settled:
    """An adaptive penalty whose weights are known for some lanes; what the roads ask of a penalty."""

    penalty: Adaptive
    forms: dict[Lane, Coordinates]

    def coordinates(self, p: int) -> Coordinates | None:
        """The normal form before any weights: it says which road is taken."""
        return self.penalty.coordinates(p)

    def for_lane(self, lane: Lane, p: int) -> Coordinates:
        """The normal form on a lane."""
        return self.forms[lane]


def settle(
    problem: Problem, penalties: Sequence[Penalty], lanes: Sequence[Lane], fit: Fit, **settings: Any
) -> list[Any]:
    """Return the penalties with those that are adaptive settled on every lane; equal pilots are fitted once.

    Parameters
    ----------
    fit : the engine's ``fit_lanes``.
    """
    adaptive = [penalty for penalty in penalties if isinstance(penalty, Adaptive)]
    if not adaptive:
        return list(penalties)
    pilots = [p for k, p in enumerate(adaptive) if p.pilot not in [q.pilot for q in adaptive[:k]]]
    first = [Lane(lane.train, keep=True, without=lane.without) for lane in lanes]
    strength = [np.array([1.0])] * len(pilots)
    found = fit(problem, [p.pilot for p in pilots], strength, first, full_df=None, **settings)
    scales = _scales(problem, lanes)
    coefs = [
        (p.pilot, [r.path.coefs[0] * s for r, s in zip(row, scales, strict=True)])
        for p, row in zip(pilots, found, strict=True)
    ]
    return [
        _settled(penalty, lanes, next(b for pilot, b in coefs if pilot == penalty.pilot), problem.p)
        if isinstance(penalty, Adaptive)
        else penalty
        for penalty in penalties
    ]


def settled_on_all_rows(problem: Problem, penalty: Adaptive, fit: Fit) -> Coordinates:
    """Return the normal form with the weights that all rows give: it is what the grid of strengths is made for."""
    lane = Lane(np.arange(problem.n))
    return settle(problem, [penalty], [lane], fit)[0].for_lane(lane, problem.p)


def _settled(penalty: Adaptive, lanes: Sequence[Lane], coefs: Sequence[Vector], p: int) -> Settled:
    return Settled(penalty, {lane: penalty.for_pilot(b, p) for lane, b in zip(lanes, coefs, strict=True)})


def _scales(problem: Problem, lanes: Sequence[Lane]) -> list[Vector]:
    """What brings coefficients on the scale of X to the penalised one, (p,) a lane."""
    if not problem.standardize:
        return [np.ones(problem.p)] * len(lanes)
    found = []
    for lane in lanes:
        weights = lane.weights(problem)
        design = problem.design.fill(weights) if isinstance(problem.design, Imputed) else problem.design
        _, deviation = design.moments(weights[None, :])
        inverse = inverse_scale(deviation[0], True, problem.fit_intercept)
        found.append(np.divide(1.0, inverse, out=np.zeros_like(inverse), where=inverse > 0))
    return found

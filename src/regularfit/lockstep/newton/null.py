"""What the null model says about every lane: where it starts, and the sizes that tolerances are relative to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..._typing import Vector
from ..front import Front
from ..null import null_eta
from ..problem import Problem
from ..scores import centred_scores

__all__ = ["NullModels", "start"]


@dataclass(frozen=True, eq=False)
class NullModels:
    """One number a lane each."""

    deviance: Vector
    least: Vector  # objectives below this are zero: half the digits of a loss that knows nothing
    perfect: (
        Vector  # deviance = 2 loss - perfect: twice the loss of a perfect prediction, the same at every eta
    )
    at_rest: Vector  # the loss's conjugate at zero
    pull: Vector  # largest score
    level: Vector  # intercept
    bend: Vector  # mean curvature

    def loss_floor(self, lane: int, saturation: float) -> float:
        """Mean loss below which a path is saturated."""
        if not np.isfinite(saturation):
            return -np.inf
        return float(0.5 * ((1 - saturation) * self.deviance[lane] + self.perfect[lane]))


def start(problem: Problem, fronts: Sequence[Front]) -> tuple[NullModels, np.ndarray]:
    """Null models of the lanes of one candidate, and their scores (lanes, p)."""
    loss, y = problem.loss, problem.y
    etas = [null_eta(problem, front.weights) for front in fronts]
    R = np.column_stack([-f.weights * loss.gradient(y, eta) for f, eta in zip(fronts, etas, strict=True)])
    scores = centred_scores(problem.design, R, np.array([front.mean for front in fronts]))
    scores *= np.array([front.inverse for front in fronts])

    def means(values: list[Vector]) -> Vector:
        return np.array([float(f.weights @ value) for f, value in zip(fronts, values, strict=True)])

    deviance = means([loss.deviance(y, eta) for eta in etas])
    least = 1e-7 * means([loss.typical(y, eta) for eta in etas]) + 1e-300
    largest = np.abs(scores).max(axis=1, initial=0.0)
    level = [float(eta[0] - problem.offset[0]) if problem.fit_intercept else 0.0 for eta in etas]
    return (
        NullModels(
            deviance,
            least,
            2 * means([loss.value(y, eta) for eta in etas]) - deviance,
            means([loss.conjugate(y, np.zeros_like(y))] * len(fronts)),
            np.where(
                deviance <= least, 1.0, np.maximum(largest, 1e-300)
            ),  # rows of one class: scores are rounding
            np.array(level),
            means([loss.pliancy(y, eta) for eta in etas]),
        ),
        scores,
    )

"""The grid of strengths.

From the smallest at which everything penalised is zero, down evenly on the log scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from .._checks import check_fraction, check_strengths
from .._typing import Vector
from ..errors import InputError
from ..penalties import Adaptive, Penalty
from ..penalties.coordinates import Coordinates
from .adaptive import settled_on_all_rows
from .constrained import allowed, constrained_scores
from .null import null_scores
from .problem import Problem
from .quantile import supported
from .shared import Shared
from .standard import inverse_scale
from .units import Units

__all__ = ["is_count", "strength_grid"]

# Ridge never reaches zero: start where an l1 part of this size would, target and columns in units of their spread
RIDGE_TOP = 1e-3


def strength_grid(
    problem: Problem,
    penalty: Penalty,
    strengths: int | Sequence[float] | Any = 100,
    min_ratio: float | None = None,
    shared: Shared | None = None,
) -> Vector:
    """Return decreasing strengths, (L,): a user's own grid, or ``strengths`` of them from the data.

    The largest is where all penalised coefficients are zero; the smallest is ``min_ratio`` times it (default
    1e-4 for n >= p, 1e-2 otherwise, and 1e-7 for ridge, whose grid starts high).
    ``shared``, from :func:`~regularfit.lockstep.look_ahead`, saves a pass over X.
    """
    if not is_count(strengths):
        return check_strengths(strengths)
    if strengths < 1:
        raise InputError(
            f"strengths={strengths} must be at least 1, or a sequence of positive numbers; 100 is usual."
        )
    if problem.outputs is not None:
        from .several import several_grid_top  # which imports this module

        top, ridge = several_grid_top(problem, penalty)
    else:
        supported(problem.loss, penalty, problem.p)
        normal = _form(problem, penalty)
        free = penalty.free_directions(problem.p) if normal is None else None
        scores = null_scores(problem, normal, shared, free)
        if problem.constraints is not None and normal is not None:
            allowed(problem, penalty)
            scores = constrained_scores(problem.constraints, scores, _inverse(problem), normal.l1)
        ridge = normal is not None and not (np.isfinite(normal.l1) & (normal.l1 > 0)).any()
        units = Units.exact(problem) if ridge else Units()
        top = _top(penalty, normal, scores, units.y / units.x)
    if min_ratio is None:
        min_ratio = 1e-7 if ridge else 1e-4 if problem.n >= problem.p else 1e-2
    check_fraction(min_ratio, "min_ratio")
    if min_ratio <= 0 or min_ratio >= 1:
        raise InputError(f"min_ratio={min_ratio} must lie strictly between 0 and 1; 1e-3 is usual.")
    return top * np.logspace(0, np.log10(min_ratio), int(strengths)) if strengths > 1 else np.array([top])


def _inverse(problem: Problem) -> Vector:
    """What brings the columns to the penalised scale, (p,)."""
    _, deviation = problem.design.moments(problem.sample_weight[None, :] / problem.n)
    return inverse_scale(deviation[0], problem.standardize, problem.fit_intercept, problem.unit)


def is_count(strengths: Any) -> TypeGuard[int]:
    """Return whether ``strengths`` asks for a grid from the data, which may end early, not for the user's own."""
    return isinstance(strengths, (int, np.integer)) and not isinstance(strengths, bool)


def _top(penalty: Penalty, normal: Coordinates | None, scores: Vector, slope: float) -> float:
    """The top of the grid; ``slope`` is the size of a large coefficient, where l2 alone must hold it back."""
    if normal is None:
        top = penalty.strength_max(-scores)
    else:
        l1 = np.where(normal.l1 > 0, np.maximum(normal.l1, RIDGE_TOP * normal.l2), 0.0)
        if not (np.isfinite(l1) & (l1 > 0)).any():
            l1 = RIDGE_TOP * slope * normal.l2
        top = Coordinates(l1, np.zeros_like(l1), normal.lower, normal.upper).strength_max(-scores)
    # A target of zeros leaves nothing to penalise away: any strength gives the null model.
    return top if np.isfinite(top) and top > 0 else 1.0


def _form(problem: Problem, penalty: Penalty) -> Coordinates | None:
    """The normal form; that of an adaptive penalty has the weights that all rows give."""
    if not isinstance(penalty, Adaptive):
        return penalty.coordinates(problem.p)
    from .engine import fit_lanes  # which imports half of the room

    return settled_on_all_rows(problem, penalty, fit_lanes)

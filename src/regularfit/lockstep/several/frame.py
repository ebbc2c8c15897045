"""The common scale on which lanes with several linear predictors meet, and every lane's penalty on it.

Columns are centred and scaled once, by the means and spreads of all rows, so lanes share one matrix. A lane's own
standardisation only changes its penalty: its coefficients are ``ratio`` times those of the common scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..._typing import Vector
from ...errors import UnsupportedError
from ...penalties import AcrossOutputs, Adaptive, Folded, Penalty
from ...penalties.coordinates import Coordinates
from ..problem import Lane, Problem
from ..standard import inverse_scale

__all__ = ["Frame", "LaneTerms", "frame_of", "normal_form", "on_lane", "takes_rows"]


@dataclass(frozen=True, eq=False)
class Frame:
    """``x~ = (x - centre) * unit``, and which columns are penalised (held) or free."""

    problem: Problem
    form: Coordinates
    rows: bool  # whether a column is penalised by the norm of its coefficients over all outputs
    centre: Vector  # (p,)
    unit: Vector  # (p,) > 0
    held: np.ndarray
    free: np.ndarray

    @property
    def outputs(self) -> int:
        """K."""
        return self.problem.y.shape[1]

    def raw(self, cols: np.ndarray, B: np.ndarray, terms: LaneTerms) -> np.ndarray:
        """Coefficients (..., columns) on the scale of X; those at a bound lie on it exactly."""
        out = B * self.unit[cols]
        lower, upper = terms.lower[cols], terms.upper[cols]
        out = np.where(upper == B, self.form.upper[cols], out)
        return np.where(lower == B, self.form.lower[cols], out)


@dataclass(frozen=True, eq=False)
class LaneTerms:
    """A lane's weights, and its penalty on the common scale, (p,) each."""

    weights: Vector  # (n,), summing to one
    l1: Vector
    l2: Vector
    lower: Vector
    upper: Vector
    ratio: Vector  # from the common scale to the lane's own

    @property
    def smooth(self) -> bool:
        """Whether nothing but squares is penalised."""
        return bool(
            (self.l1[np.isfinite(self.l1)] == 0).all() and not np.isfinite(self.lower).any()
        ) and bool(not np.isfinite(self.upper).any())


def normal_form(penalty: Penalty, p: int) -> Coordinates:
    """Return the weights of every column, or refuse by name what has none."""
    form = None if isinstance(penalty, Adaptive) else penalty.coordinates(p)
    if form is None or isinstance(form, Folded):
        raise UnsupportedError(
            f"{penalty!r} is not built for several linear predictors with this loss. L1, L2 and ElasticNet are, with "
            "factors, bounds and chosen columns, and as L1().across_outputs(), which keeps a column for all outputs."
        )
    return form


def frame_of(problem: Problem, penalty: Penalty) -> Frame:
    """Return the common scale for a penalty."""
    form = normal_form(penalty, problem.p)
    weights = problem.sample_weight / problem.n
    mean, deviation = (found[0] for found in problem.design.moments(weights[None, :]))
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept)
    unpenalised = (form.l1 == 0) & (form.l2 == 0)
    loose = unpenalised & np.isinf(form.lower) & np.isinf(form.upper) & (inverse > 0)
    held = np.flatnonzero(~loose & np.isfinite(form.l1) & (inverse > 0))
    centre = mean if problem.fit_intercept else np.zeros(problem.p)
    unit = np.where(inverse > 0, inverse, 1.0)
    if not problem.standardize:  # any scale will do; the spread conditions best
        unit = np.where(deviation > 0, 1.0 / np.where(deviation > 0, deviation, 1.0), 1.0)
    return Frame(problem, form, takes_rows(penalty, problem.p), centre, unit, held, np.flatnonzero(loose))


def takes_rows(penalty: Penalty, p: int) -> bool:
    """Whether norms of rows are penalised; their squares alone are a sum over outputs."""
    if not isinstance(penalty, AcrossOutputs):
        return False
    l1 = penalty.coordinates(p).l1
    return bool((l1[np.isfinite(l1)] > 0).any())


def on_lane(frame: Frame, lanes: Sequence[Lane]) -> list[LaneTerms]:
    """Return every lane's penalty on the common scale."""
    problem, form = frame.problem, frame.form
    weights = np.array([lane.weights(problem) for lane in lanes])
    _, deviation = problem.design.moments(weights)
    inverse = inverse_scale(deviation, problem.standardize, problem.fit_intercept)
    lower, upper = form.lower / frame.unit, form.upper / frame.unit
    out = []
    for w, own in zip(weights, inverse, strict=True):
        ratio = np.where(own > 0, frame.unit / np.where(own > 0, own, 1.0), 1.0)
        with np.errstate(invalid="ignore"):
            l1 = np.where((own == 0) | np.isinf(form.l1), np.inf, form.l1 * ratio)
        out.append(LaneTerms(w, l1, form.l2 * ratio**2, lower, upper, ratio))
    return out

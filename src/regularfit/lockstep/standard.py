"""The scale on which a lane is penalised.

Its own centring and scaling, and the penalty's terms on that scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .._typing import Vector
from ..penalties import Penalty
from ..penalties.coordinates import Coordinates
from .problem import Lane

__all__ = ["Terms", "forms_by_lane", "inverse_scale", "lane_terms", "normal_forms"]


@dataclass(frozen=True, eq=False)
class Terms:
    """Contiguous float64 arrays (p,) as the core reads them."""

    l1: Vector
    l2: Vector
    lower: Vector
    upper: Vector
    lowest: Vector  # the bounds as they were given, on the scale of X
    highest: Vector

    def take(self, cols: np.ndarray) -> tuple[Vector, Vector, Vector, Vector]:
        """The terms of some columns."""
        return self.l1[cols], self.l2[cols], self.lower[cols], self.upper[cols]

    @property
    def arrays(self) -> tuple[Vector, Vector, Vector, Vector]:
        """The four arrays, in the core's order."""
        return self.l1, self.l2, self.lower, self.upper

    @property
    def smooth(self) -> bool:
        """Whether no column has an l1 part or a bound: the problem is then linear in c."""
        return bool(
            (self.l1[np.isfinite(self.l1)] == 0).all()
            and np.isinf(self.lower).all()
            and np.isinf(self.upper).all()
        )

    def raw(self, B: np.ndarray, inverse: Vector, cols: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Coefficients (..., columns) on the scale of X; those at a bound lie on it exactly, whatever the rounding."""
        out, lower, upper = B * inverse[cols], self.lower[cols], self.upper[cols]
        if np.isinf(lower).all() and np.isinf(upper).all():
            return out
        return np.where(upper == B, self.highest[cols], np.where(lower == B, self.lowest[cols], out))

    def value(self, B: np.ndarray) -> Vector:
        """Penalty of every row of B (L, p) at strength one; excluded columns are zero in B."""
        l1 = np.where(np.isinf(self.l1), 0.0, self.l1)
        sharp = np.abs(B) @ l1
        return sharp + 0.5 * (B * B) @ self.l2 if self.l2.any() else sharp


def inverse_scale(
    deviation: np.ndarray, standardize: bool, fit_intercept: bool, unit: float = 1.0
) -> np.ndarray:
    """Factor that brings a column to the penalised scale; 0 for one that is constant beside an intercept."""
    constant = deviation == 0
    scale = np.where(constant, 1.0, deviation) if standardize else np.full_like(deviation, unit)
    return np.where(constant, 0.0, 1.0 / scale) if fit_intercept else 1.0 / scale


def lane_terms(normal: Coordinates, inverse: Vector) -> Terms:
    """The penalty on a lane's own scale: bounds are on the coefficients of the X that was given."""
    l1 = np.where(inverse == 0, np.inf, normal.l1)
    back = np.where(inverse == 0, 1.0, inverse)
    return Terms(
        np.ascontiguousarray(l1, dtype=np.float64),
        np.ascontiguousarray(normal.l2, dtype=np.float64),
        np.ascontiguousarray(normal.lower / back, dtype=np.float64),
        np.ascontiguousarray(normal.upper / back, dtype=np.float64),
        normal.lower,
        normal.upper,
    )


def forms_by_lane(penalties: Sequence[Penalty], p: int, lanes: Sequence[Lane]) -> list[Sequence[Coordinates]]:
    """The penalties' coordinates on every lane: one object for all of them unless they differ."""
    return [
        [penalty.for_lane(lane, p) for lane in lanes]  # type: ignore[attr-defined]
        if getattr(penalty, "by_lane", False)
        else [form] * len(lanes)
        for penalty, form in zip(penalties, normal_forms(penalties, p), strict=True)
    ]


def normal_forms(penalties: Sequence[Penalty], p: int) -> list[Coordinates]:
    """The penalties' coordinates for p columns; the engine sends only penalties here that have them."""
    forms = [penalty.coordinates(p) for penalty in penalties]
    return [form for form in forms if form is not None]

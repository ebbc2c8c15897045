"""The strengths a lane works on in a round, and how far each is from its optimality conditions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..._typing import Vector
from ..certificate import loose_ends
from ..front import Front

__all__ = ["Batch", "violations"]


@dataclass(eq=False)
class Batch:
    """Rows of b and descent are [intercept, working set] on the lane's scale."""

    front: Front
    strengths: Vector
    unit: Vector  # (m,) what violations are relative to: a ridge grid starts at strengths far above any gradient
    scale: Vector  # (w,) from the common scale of Z to the lane's
    positions: np.ndarray  # (w,) places in Z
    shift: int  # places of the intercept
    first: int  # column of its first strength in the round's arrays
    b: np.ndarray  # (m, w)
    descent: np.ndarray = field(init=False)  # (m, w) exact, minus the gradient
    error: Vector = field(init=False)  # (m,) see `errors`
    live: np.ndarray = field(init=False)  # (m,) not solved yet
    steps: int = 0

    def __post_init__(self) -> None:
        self.descent = np.zeros_like(self.b)
        self.error = np.full(len(self.b), np.inf)
        self.live = np.ones(len(self.b), bool)

    def __len__(self) -> int:
        return len(self.strengths)

    @property
    def span(self) -> slice:
        """Its columns in the round's arrays."""
        return slice(self.first, self.first + len(self))

    @property
    def terms(self) -> tuple[Vector, Vector, Vector, Vector]:
        """The penalty on the working set."""
        return self.front.terms.take(self.front.columns)

    @property
    def all_terms(self) -> tuple[Vector, Vector, Vector, Vector]:
        """The penalty with the intercept, which has none."""
        free = np.zeros(self.shift)
        l1, l2, lower, upper = self.terms
        return (
            np.concatenate([free, l1]),
            np.concatenate([free, l2]),
            np.concatenate([free - np.inf, lower]),
            np.concatenate([free + np.inf, upper]),
        )

    def penalty(self, b: np.ndarray) -> Vector:
        """The penalty of rows of b, at strength one."""
        l1, l2, _, _ = self.terms
        beta = b[..., self.shift :]
        return np.abs(beta) @ np.where(np.isinf(l1), 0, l1) + 0.5 * (beta * beta) @ l2

    def loose(self, b: np.ndarray, descent: np.ndarray) -> Vector:
        """What the intercept and unpenalised columns leave open: it counts in full against the objective."""
        loose = loose_ends(b[:, self.shift :], descent[:, self.shift :], *self.terms)
        return loose + 2 * (np.abs(descent[:, : self.shift]) * (np.abs(b[:, : self.shift]) + 1)).sum(axis=1)

    def errors(self, which: np.ndarray, descent: np.ndarray) -> Vector:
        """Violations of the optimality conditions on the working set at the points b, relative to the unit."""
        b = self.b[which]
        found = violations(b[:, self.shift :], descent[:, self.shift :], self.strengths[which], *self.terms)
        found = np.maximum(found, np.abs(descent[:, : self.shift]).max(axis=1, initial=0.0))
        return np.maximum(found / self.unit[which], 2 * self.loose(b, descent) / self.front.objective)

    def keep(self, count: int, first: int) -> None:
        """Only the first strengths were done, and stand from column ``first`` on."""
        for name in ("strengths", "unit", "b", "descent", "error", "live"):
            setattr(self, name, getattr(self, name)[:count])
        self.first = first


def violations(
    B: np.ndarray, G: np.ndarray, strengths: Vector, l1: Vector, l2: Vector, lower: Vector, upper: Vector
) -> Vector:
    """Largest distance of each row of G = -gradient from the subdifferential of s * penalty at that row of B."""
    s = strengths[:, None]
    limit = s * np.where(np.isinf(l1), 0.0, l1)
    pull = G - s * l2 * B
    rest = pull - np.sign(B) * limit
    inner = np.abs(rest)
    if np.isfinite(lower).any() or np.isfinite(upper).any():
        inner = np.where((upper <= B) & (B != 0), np.maximum(-rest, 0), inner)
        inner = np.where((lower >= B) & (B != 0), np.maximum(rest, 0), inner)
    reach = np.where(pull > 0, upper > 0, lower < 0)
    outer = np.where(reach, np.maximum(np.abs(pull) - limit, 0.0), 0.0)
    return np.max(np.where(np.isinf(l1), 0.0, np.where(B == 0, outer, inner)), axis=1, initial=0.0)

"""The strengths a lane works on in a round, and how far each is from its optimality conditions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..._typing import Vector
from ..certificate import loose_ends
from ..free_ends import Room
from ..front import Front
from ..rowwise import Rowwise

__all__ = ["Batch", "violations"]

FLAT = 1e-15  # mean curvatures below it are that


@dataclass(eq=False)
class Batch:
    """Rows of b and descent are [intercept, working set] on the lane's scale."""

    front: Front
    strengths: Vector
    unit: Vector  # (m,) what violations are relative to: a ridge grid starts at strengths far above any gradient
    scale: Vector  # (w,) from the common scale of Z to the lane's
    positions: np.ndarray  # (w,) places in Z
    level: Vector  # (w,) what an open intercept costs, a unit of each coefficient
    shift: int  # places of the intercept
    first: int  # column of its first strength in the round's arrays
    b: np.ndarray  # (m, w)
    room: Room  # how much moved scores cost
    bend: Vector = field(init=False)  # (m,) mean curvature near the solution; nan: not taken yet
    steep: Vector = field(init=False)  # (m,) root of the largest curvature there, at least 1
    descent: np.ndarray = field(init=False)  # (m, w) exact, minus the gradient
    error: Vector = field(init=False)  # (m,) see `errors`
    live: np.ndarray = field(init=False)  # (m,) not solved yet
    steps: int = 0

    def __post_init__(self) -> None:
        self.descent = np.zeros_like(self.b)
        self.error = np.full(len(self.b), np.inf)
        self.bend, self.steep = np.full(len(self.b), np.nan), np.full(len(self.b), self.front.steep)
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

    def errors(self, which: np.ndarray, descent: np.ndarray) -> Vector:
        """Violations of the optimality conditions on the working set at the points b, relative to the unit."""
        b, shift, front = self.b[which], self.shift, self.front
        found = violations(b[:, shift:], descent[:, shift:], self.strengths[which], *self.terms)
        ends = self._ends(which, descent)
        found = np.maximum(found, ends * max(1.0, self.room.sharp)) / self.unit[which]
        # What the intercept and unpenalised columns leave open counts in full against the objective.
        size = np.abs(b)
        loose = ends * (size[:, shift:] @ front.norm[front.columns])
        if self.room.any:
            loose += loose_ends(size[:, shift:], descent[:, shift:], *self.terms)
        if shift:
            loose += np.abs(descent[:, 0]) * (size @ self.level)
        return np.maximum(found, 2 * loose / front.objective)

    def _ends(self, which: np.ndarray, descent: np.ndarray) -> Vector:
        """How far the scores of others may move where those of the intercept and free columns are made zero."""
        shift = self.shift
        ends = np.abs(descent[:, :shift]).max(axis=1, initial=0.0)
        if self.room.any:
            l1, l2, lower, upper = self.terms
            free = np.flatnonzero((l1 == 0) & (l2 == 0) & (self.scale[shift:] > 0))
            # A free column's score says how far its coefficient may be only on the column's own scale.
            G = descent[:, shift:][:, free]
            own = np.where(np.isinf(np.where(G > 0, upper[free], lower[free])), np.abs(G), 0.0)
            ends = np.maximum(ends, (own / self.scale[shift:][free]).max(axis=1, initial=0.0))
        known = self.bend[which]
        ends *= self.steep[which]
        return 2 * ends / np.sqrt(np.where(np.isnan(known), self.front.bend, np.maximum(known, FLAT)))

    def take_bend(self, rowwise: Rowwise, y: Vector, which: np.ndarray, eta: np.ndarray) -> None:
        """Note mean and steepest curvature at the predictors ``eta`` (n, m) of some strengths, once each."""
        new = np.isnan(self.bend[which])
        if new.any():
            slots, weights = which[new], self.front.weights
            self.bend[slots], steepest = rowwise.bends(y, weights, eta if new.all() else eta[:, new])
            self.steep[slots] = np.sqrt(np.maximum(1.0, steepest))

    def keep(self, count: int, first: int) -> None:
        """Only the first strengths were done, and stand from column ``first`` on."""
        for name in ("strengths", "unit", "b", "descent", "error", "bend", "steep", "live"):
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

"""A penalty on the columns that matter, with the solver of its small quadratic: groups, MCP and SCAD, SLOPE."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ... import _core
from ..._typing import Vector
from ...penalties import SLOPE, Folded, Penalty
from ...penalties._groups import Layout
from ...penalties.group import distance, shorten
from ..group_quadratic import ON_GROUPS, OnGroups, bend_of, solve_groups
from ..on_scale import OnScale
from ..slope_quadratic import solve_slope

__all__ = ["GroupKind", "GroupPart", "Kind", "Part", "kind_of", "knows"]


class Part(ABC):
    """A penalty restricted to some columns, the others being zero."""

    @abstractmethod
    def value(self, b: Vector, s: float) -> float:
        """Return the penalty at strength ``s``."""

    @abstractmethod
    def kkt(self, b: Vector, grad: Vector, s: float) -> Vector:
        """Return the distance of ``-grad`` to its subdifferential at ``b``, (m,)."""

    def ratio(self, grad: Vector, s: float) -> float | None:
        """Return r >= 1 for which ``grad / r`` is within the polar's bound ``s``, None where there is no norm."""
        return None

    def values(self, B: np.ndarray, s: Vector) -> Vector:
        """Return :meth:`value` for every row of B and strength, (m,)."""
        return np.array([self.value(b, strength) for b, strength in zip(B, s.tolist(), strict=True)])

    def kkts(self, B: np.ndarray, G: np.ndarray, s: Vector) -> np.ndarray:
        """Return :meth:`kkt` for every row of B and G and strength, (m, p)."""
        rows = zip(B, G, s.tolist(), strict=True)
        return np.array([self.kkt(b, grad, strength) for b, grad, strength in rows])

    @abstractmethod
    def solve(self, H: np.ndarray, c: Vector, s: float, start: Vector, tol: float) -> Vector:
        """Return the minimum of ``b'Hb/2 - c'b + penalty`` to a violation of ``tol``, coming from ``start``."""


class Kind(ABC):
    """A penalty that has such a solver, as a lane sees it."""

    def __init__(self, penalty: Penalty, p: int) -> None:
        self.penalty, self.p = penalty, p

    @abstractmethod
    def part(self, columns: np.ndarray) -> Part:
        """Return the penalty on some columns."""

    def whole(self, chosen: np.ndarray) -> np.ndarray:
        """Return the mask (p,) with all that must be taken in together."""
        return chosen

    def sorted(self, columns: np.ndarray) -> np.ndarray:
        """Return the columns with those that must move together side by side."""
        return columns

    def ties(self, columns: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Return the mask of some columns with all of them that must move together."""
        return chosen


class GroupKind(Kind):
    """Group and sparse group lasso, group MCP and group SCAD."""

    penalty: OnGroups

    def __init__(self, penalty: OnGroups, p: int) -> None:
        super().__init__(penalty, p)
        layout = penalty.layout(p)
        self.owner, (self.alone, self.weights) = layout.owner, penalty.thresholds(p)
        self.largest = int(layout.sizes.max(initial=0))  # columns of a group

    def part(self, columns: np.ndarray) -> Part:
        own, owner = np.unique(self.owner[columns], return_inverse=True)
        groups = Layout(owner, np.bincount(owner, minlength=len(own)))
        bend = bend_of(self.penalty)
        if bend is not None:
            return BentGroupPart(groups, self.weights[own], *bend)
        return GroupPart(groups, self.weights[own], self.alone)

    def whole(self, chosen: np.ndarray) -> np.ndarray:
        return self.ties(np.arange(self.p), chosen)

    def sorted(self, columns: np.ndarray) -> np.ndarray:
        return columns[np.argsort(self.owner[columns], kind="stable")]

    def ties(self, columns: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        used = np.zeros(len(self.weights), bool)
        used[self.owner[columns[chosen]]] = True
        return used[self.owner[columns]]


@dataclass(frozen=True, eq=False)
class GroupPart(Part):
    """Some whole groups."""

    groups: Layout
    weights: Vector
    alone: float

    def value(self, b: Vector, s: float) -> float:
        return s * float(self.alone * np.abs(b).sum() + self.weights @ self.groups.norms(b))

    def kkt(self, b: Vector, grad: Vector, s: float) -> Vector:
        return distance(b, grad, self.groups, s * self.alone, s * self.weights)

    def solve(self, H: np.ndarray, c: Vector, s: float, start: Vector, tol: float) -> Vector:
        return solve_groups(H, c, self.groups.owner, self.weights, self.alone, s, tol, start)

    def values(self, B: np.ndarray, s: Vector) -> Vector:
        return s * (self.alone * np.abs(B).sum(axis=-1) + self.groups.norms(B) @ self.weights)

    def kkts(self, B: np.ndarray, G: np.ndarray, s: Vector) -> np.ndarray:
        return distance(B, G, self.groups, s[:, None] * self.alone, s[:, None] * self.weights)

    def ratio(self, grad: Vector, s: float) -> float:
        return float(self.ratios(grad[None], np.array([s]))[0])

    def ratios(self, G: np.ndarray, s: Vector) -> Vector:
        """Return :meth:`ratio` for every row of G and strength, (m,)."""
        # |soft(g / r, t)| <= |soft(g, t)| / r for r >= 1
        if not self.weights.any():
            return np.maximum(1.0, np.abs(G).max(axis=1, initial=0.0) / (s * self.alone))
        soft = np.maximum(np.abs(G) - s[:, None] * self.alone, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):  # a group without weight: inf or nan, and no gap
            found = self.groups.norms(soft) / (s[:, None] * self.weights)
        return np.maximum(1.0, found.max(axis=1, initial=0.0))


@dataclass(frozen=True, eq=False)
class BentGroupPart(Part):
    """Some whole groups whose norms meet a bent penalty."""

    groups: Layout
    weights: Vector
    kind: Literal["mcp", "scad"]
    shape: float

    def _form(self, s: float) -> Folded:
        return replace(Folded.of(len(self.weights), 1.0, self.kind, self.shape), l1=s * self.weights)

    def value(self, b: Vector, s: float) -> float:
        return self._form(s).value(self.groups.norms(b))

    def kkt(self, b: Vector, grad: Vector, s: float) -> Vector:
        norms = self.groups.norms(b)
        steep = self._form(s).slope(norms) / np.where(norms > 0, norms, 1.0)
        inside = (norms > 0)[self.groups.owner]
        outside = np.abs(shorten(grad, self.groups, s * self.weights))
        return np.where(inside, np.abs(grad + steep[self.groups.owner] * b), outside)

    def solve(self, H: np.ndarray, c: Vector, s: float, start: Vector, tol: float) -> Vector:
        bend = (self.kind, self.shape)
        return solve_groups(H, c, self.groups.owner, self.weights, 0.0, s, tol, start, bend)


class FoldedKind(Kind):
    """MCP and SCAD, with factors, bounds and unpenalised columns."""

    penalty: OnScale

    def part(self, columns: np.ndarray) -> Part:
        form = self.penalty.form
        own = (form.l1[columns], form.l2[columns], form.lower[columns], form.upper[columns])
        return FoldedPart(Folded(*own, form.kind, form.shape))


@dataclass(frozen=True, eq=False)
class FoldedPart(Part):
    """Some columns of a bent penalty."""

    form: Folded

    def value(self, b: Vector, s: float) -> float:
        return self.form.scaled(s).value(b)

    def kkt(self, b: Vector, grad: Vector, s: float) -> Vector:
        return self.form.scaled(s).kkt(b, grad)

    def solve(self, H: np.ndarray, c: Vector, s: float, start: Vector, tol: float) -> Vector:
        form, shape = self.form, (1, len(c))
        lane = _core.FoldedLane(form.kind, form.shape)
        lane.bind(H)
        lane.terms(*(np.ascontiguousarray(own) for own in (form.l1, form.l2, form.lower, form.upper)))
        lane.tolerate(tol / s, 0.0)
        lane.warm(np.ascontiguousarray(start))
        b, grad = np.empty(shape), np.empty(shape)
        lane.solve(np.array([s]), np.ascontiguousarray(c), b, grad, np.empty(1), np.empty(1, np.uint8))
        return b[0]


class SlopeKind(Kind):
    """SLOPE: columns that are zero have the smallest weights, so those that matter have the first ones."""

    penalty: SLOPE

    def __init__(self, penalty: SLOPE, p: int) -> None:
        super().__init__(penalty, p)
        self.weights = penalty.sequence(p)

    def part(self, columns: np.ndarray) -> Part:
        return SlopePart(self.weights[: len(columns)])


@dataclass(frozen=True, eq=False)
class SlopePart(Part):
    """The first weights of SLOPE."""

    weights: Vector

    def value(self, b: Vector, s: float) -> float:
        return s * float(self.weights @ np.sort(np.abs(b))[::-1])

    def kkt(self, b: Vector, grad: Vector, s: float) -> Vector:
        out = np.empty(len(b))
        _core.sorted_violation(np.ascontiguousarray(b), -grad, self.weights, s, out)
        return out

    def ratio(self, grad: Vector, s: float) -> float:
        sums = np.cumsum(np.sort(np.abs(grad))[::-1]) / (s * np.cumsum(self.weights))
        return max(1.0, float(sums.max(initial=0.0)))

    def solve(self, H: np.ndarray, c: Vector, s: float, start: Vector, tol: float) -> Vector:
        return solve_slope(H, c, s * self.weights, start, tol)


def knows(penalty: Penalty, p: int) -> bool:
    """Return whether the road has a solver for a penalty."""
    return isinstance(penalty, (*ON_GROUPS, SLOPE)) or isinstance(penalty.coordinates(p), Folded)


def kind_of(penalty: Penalty, p: int) -> Kind | None:
    """Return what the road knows of a penalty on a lane's scale, or None where it has no solver for it."""
    if isinstance(penalty, ON_GROUPS):
        return GroupKind(penalty, p)
    if isinstance(penalty, SLOPE):
        return SlopeKind(penalty, p)
    return FoldedKind(penalty, p) if isinstance(penalty, OnScale) else None

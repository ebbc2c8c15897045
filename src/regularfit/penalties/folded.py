r"""The normal form of penalties whose slope falls with the coefficient: MCP and SCAD, column by column.

At strength s a column with weight ``l1`` has the threshold t = s l1. Both penalties rise from zero with slope t
and are flat beyond ``shape * t``; in between their slope falls linearly, for MCP from 0 on, for SCAD from t on:

    MCP   P'(w) = max(t - w / shape, 0)
    SCAD  P'(w) = t for w <= t, else max(shape t - w, 0) / (shape - 1)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .._typing import Vector
from ..errors import UnsupportedError
from .coordinates import Coordinates

__all__ = ["Folded"]


@dataclass(frozen=True, slots=True, eq=False)
class Folded(Coordinates):
    """A bent L1 written out column by column; the solver for nonconvex penalties reads it.

    Parameters
    ----------
    l1 : (p,) thresholds at strength one, >= 0; inf excludes the column, 0 leaves it unpenalised.
    l2 : (p,) zeros.
    lower, upper : (p,) bounds with ``lower <= 0 <= upper``.
    kind : which bend.
    shape : gamma > 1 of MCP, a > 2 of SCAD.

    Examples
    --------
    >>> form = Folded.of(3, 1.0, "mcp", 3.0)
    >>> form.prox(np.array([0.5, 2.0, 4.0]), step=1.0)
    array([0. , 1.5, 4. ])
    """

    kind: Literal["mcp", "scad"] = "mcp"
    shape: float = 3.0

    @classmethod
    def of(cls, p: int, l1: float, kind: Literal["mcp", "scad"], shape: float) -> Folded:
        """Return the same threshold in all ``p`` columns, without bounds."""
        infinite = np.full(p, np.inf)
        return cls(np.full(p, l1), np.zeros(p), -infinite, infinite, kind, shape)

    @property
    def concavity(self) -> float:
        """How strongly the penalty bends down where it bends: a curvature above this one outweighs it."""
        return 1.0 / self.shape if self.kind == "mcp" else 1.0 / (self.shape - 1.0)

    def slope(self, size: Vector) -> Vector:
        """Return P' at |w| = ``size`` > 0, (p,)."""
        t = self._finite_l1()
        if self.kind == "mcp":
            return np.maximum(t - size / self.shape, 0.0)
        falling = np.maximum(self.shape * t - size, 0.0) / (self.shape - 1.0)
        return np.where(size <= t, t, falling)

    def value(self, w: Vector) -> float:
        """Return P(w), which is inf outside the bounds and where an excluded column is used."""
        lower, upper = self._bounds(w.dtype)
        if ((w < lower) | (w > upper) | (np.isinf(self.l1) & (w != 0))).any():
            return float("inf")
        return float(self._values(np.abs(w.astype(np.float64, copy=False))).sum())

    def prox(self, v: Vector, step: float | Vector) -> Vector:
        """Return a global minimiser of ``||w - v||^2 / 2 + step P(w)``; ``step`` may be (p,)."""
        size = np.abs(v.astype(np.float64, copy=False))
        most = np.where(v > 0, self.upper, -self.lower)
        steps = np.broadcast_to(np.asarray(step, dtype=np.float64), size.shape)
        convex = steps * self.concavity < 1.0
        found = np.where(convex, self._shrunk(size, steps, most), self._jumped(size, steps, most))
        found = np.where(np.isinf(self.l1), 0.0, found)
        # A bound may move outwards when it is rounded to the type of the answer.
        return np.clip(np.copysign(found, v).astype(v.dtype), *self._bounds(v.dtype))

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the slopes of P at ``w`` (at zero: all of [-t, t]), (p,)."""
        lower, upper = self._bounds(w.dtype)
        slope = np.where(w == 0, self.l1, self.slope(np.abs(w)))
        least = np.where(w > 0, slope, -slope)
        most = np.where(w < 0, -slope, slope)
        least = np.where(w <= lower, -np.inf, least)
        most = np.where(w >= upper, np.inf, most)
        distance = np.maximum(np.maximum(grad + least, -grad - most), 0.0)
        outside = (w < lower) | (w > upper) | (np.isinf(self.l1) & (w != 0))
        return np.where(outside, np.inf, distance).astype(np.result_type(w, grad), copy=False)

    def conjugate(self, g: Vector) -> Vector:
        """Refuse: what is not convex has no duality gap."""
        raise UnsupportedError(
            "A nonconvex penalty has no duality gap; its certificate is the largest violation of the "
            "optimality conditions."
        )

    def _values(self, size: Vector) -> Vector:
        """P at |w| = ``size``, (p,), in float64."""
        t, g = self._finite_l1(), self.shape
        if self.kind == "mcp":
            inside = np.minimum(size, g * t)
            return inside * (t - inside / (2.0 * g))
        linear, bent = np.minimum(size, t), np.clip(size - t, 0.0, (g - 1.0) * t)
        return t * linear + bent * (t - bent / (2.0 * (g - 1.0)))

    def _shrunk(self, size: Vector, step: Vector, most: Vector) -> Vector:
        """The one minimum where step times concavity is below one."""
        t, g = self._finite_l1(), self.shape
        room = np.maximum(1.0 - step * self.concavity, np.finfo(np.float64).eps)
        soft = np.maximum(size - step * t, 0.0)
        if self.kind == "mcp":
            w = np.where(size <= g * t, np.minimum(soft / room, g * t), size)
        else:
            bent = (size - step * g * t / (g - 1.0)) / room
            w = np.where(
                size > g * t, size, np.where(size <= (1.0 + step) * t, soft, np.minimum(bent, g * t))
            )
        return np.minimum(w, most)

    def _jumped(self, size: Vector, step: Vector, most: Vector) -> Vector:
        """The better of two minima where the penalty bends more than the square: a small one and a large one."""
        t, g = self._finite_l1(), self.shape
        small = np.zeros_like(size)
        if self.kind == "scad":
            small = np.minimum(np.clip(size - step * t, 0.0, t), most)
        large = np.minimum(np.maximum(size, g * t), most)

        def cost(w: Vector) -> Vector:
            # less size^2 / 2, which both have in common (and which would drown a small difference)
            return w * (0.5 * w - size) + step * self._values(w)

        return np.where(cost(large) < cost(small), large, small)

    def among(self, chosen: npt.NDArray[np.intp], p: int) -> Folded:
        """Return the same penalty on the ``chosen`` of ``p`` columns, the others being unpenalised."""
        outer = super(Folded, self).among(chosen, p)
        return Folded(outer.l1, outer.l2, outer.lower, outer.upper, self.kind, self.shape)

    def scaled(self, s: float) -> Folded:
        """Return P at strength ``s`` (its thresholds times s); not the multiple s P, which has another shape."""
        outer = super(Folded, self).scaled(s)
        return Folded(outer.l1, outer.l2, outer.lower, outer.upper, self.kind, self.shape)

"""What group MCP and group SCAD share: a bent penalty of the norm of every group."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from functools import lru_cache
from typing import Literal, Self

import numpy as np

from .._checks import check_positive
from .._typing import Vector
from ._base import Penalty, Traits, as_coefficients
from ._groups import Groups, Layout, layout
from .folded import Folded
from .group import shorten

__all__ = ["FoldedGroup"]


class FoldedGroup(Penalty):
    """A penalty ``sum_g pen(||w_g||)`` whose pen rises with the group's threshold and is flat far out."""

    __slots__ = ()

    groups: Groups
    strength: float

    @property
    @abstractmethod
    def bend(self) -> tuple[Literal["mcp", "scad"], float]:
        """The kind and the shape, as :class:`Folded` names them."""

    @property
    def traits(self) -> Traits:
        """Sparse; neither convex nor separable."""
        return Traits(sparse=True)

    @property
    def bends(self) -> bool:
        """Its shape moves with the strength."""
        return True

    def layout(self, p: int) -> Layout:
        """Return which of ``p`` columns is in which group."""
        return layout(self.groups, p, f"{type(self).__name__}(groups)")

    def thresholds(self, p: int) -> tuple[float, Vector]:
        """Return the weight of every ``|w_j|`` (none here) and the threshold of every group's norm, (groups,)."""
        return 0.0, self.strength * self.layout(p).roots

    def form(self, p: int) -> Folded:
        """Return the penalty of the norms, (groups,)."""
        return _of_norms(self.layout(p), self.strength, *self.bend)

    def value(self, w: Vector) -> float:
        """Return P(w)."""
        w = as_coefficients(w, "w")
        return self.form(len(w)).value(self.layout(len(w)).norms(w))

    def prox(self, v: Vector, step: float) -> Vector:
        """Return every group shortened to the norm that is best for it, (p,)."""
        v, step = as_coefficients(v, "v"), check_positive(step, "step")
        groups = self.layout(len(v))
        norms = groups.norms(v)
        share = self.form(len(v)).prox(norms, step) / np.where(norms > 0, norms, 1.0)
        return (v.astype(np.float64) * share[groups.owner]).astype(v.dtype)

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        """Return the distance of ``-grad`` to the slopes of P at ``w`` (of a group at zero: a ball), (p,)."""
        w, grad = as_coefficients(w, "w"), as_coefficients(grad, "grad")
        groups, form = self.layout(len(w)), self.form(len(w))
        norms = groups.norms(w)
        steep = form.slope(norms) / np.where(norms > 0, norms, 1.0)
        out = np.where(
            (norms > 0)[groups.owner],
            np.abs(grad + steep[groups.owner] * w),
            np.abs(shorten(grad, groups, form.l1)),
        )
        return out.astype(np.result_type(w, grad), copy=False)

    def strength_max(self, grad0: Vector) -> float:
        """Return the largest norm of a group of ``grad0``, divided by the group's weight."""
        grad0 = as_coefficients(grad0, "grad0")
        groups = self.layout(len(grad0))
        return float((groups.norms(grad0) / self.thresholds(len(grad0))[1]).max(initial=0.0))

    def at(self, strength: float) -> Self:
        """Return the penalty with its thresholds times ``strength``: it bends later, and its shape stays."""
        return replace(self, strength=strength * self.strength)  # type: ignore[type-var]


@lru_cache(maxsize=64)
def _of_norms(groups: Layout, strength: float, kind: Literal["mcp", "scad"], shape: float) -> Folded:
    form = Folded.of(len(groups.sizes), 1.0, kind, shape)
    return replace(form, l1=strength * groups.roots)

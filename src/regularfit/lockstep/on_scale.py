"""A penalty as a lane sees it: bounds given on the scale of X move to the lane's own, constant columns are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .._typing import Vector
from ..penalties import Folded, Penalty, Traits

__all__ = ["OnScale", "folded_on_scale", "on_scale"]


def on_scale(penalty: Penalty, inverse: Vector) -> Penalty:
    """Return the penalty of coefficients on a lane's scale; ``inverse`` (p,) is 0 for a constant column."""
    normal = penalty.coordinates(len(inverse))
    return OnScale(folded_on_scale(normal, inverse)) if isinstance(normal, Folded) else penalty


def folded_on_scale(normal: Folded, inverse: Vector) -> Folded:
    """Move bounds to the lane's scale and exclude constant columns."""
    back = np.where(inverse == 0, 1.0, inverse)
    l1 = np.where(inverse == 0, np.inf, normal.l1)
    return replace(normal, l1=l1, lower=normal.lower / back, upper=normal.upper / back)


@dataclass(frozen=True, eq=False)
class OnScale(Penalty):
    """A folded normal form as a penalty, for the proximal road."""

    form: Folded

    @property
    def traits(self) -> Traits:
        """Separable and sparse, not convex."""
        return Traits(separable=True, sparse=True)

    def value(self, w: Vector) -> float:
        return self.form.value(w)

    def prox(self, v: Vector, step: float) -> Vector:
        return self.form.prox(v, step)

    def kkt(self, w: Vector, grad: Vector) -> Vector:
        return self.form.kkt(w, grad)

    def at(self, strength: float) -> Penalty:
        return OnScale(self.form.scaled(strength))

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        return [cls(Folded.of(5, 1.0, "mcp", 3.0))]

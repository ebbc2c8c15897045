"""The smoothly clipped absolute deviation penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from .._checks import check_positive
from ._algebra import Scaled
from ._base import NormalFormPenalty, Penalty, Traits
from ._shape import check_shape
from .folded import Folded

__all__ = ["SCAD"]


@final
@dataclass(frozen=True, slots=True)
class SCAD(NormalFormPenalty):
    r"""Keep few columns, and do not shrink the strong ones: L1 up to the strength, flat beyond ``a`` times it.

    .. math:: P_s(w) = \sum_j \begin{cases} s |w_j| & |w_j| \le s \\
                  (2 a s |w_j| - w_j^2 - s^2) / (2 (a - 1)) & s < |w_j| \le a s \\
                  s^2 (a + 1) / 2 & \text{beyond} \end{cases}

    Like :class:`MCP` it bends with the strength, is not convex and is certified by the optimality conditions alone.
    Prefer it to MCP where a softer start is wanted: it shrinks like L1 up to the strength before it lets go, so its
    path is less abrupt and a little less sparse. Prefer L1 when one proved optimum is wanted.

    Parameters
    ----------
    a : > 2, finite: 3.7 is usual; as it grows SCAD becomes L1.
    strength : k > 0, finite; multiplies the strength of the fit.

    Raises
    ------
    InputError
        If ``a`` is not above 2 or ``strength`` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> SCAD(3.0).prox(np.array([0.5, 2.0, 2.5, 4.0]), step=1.0)
    array([0., 1., 2., 4.])

    References
    ----------
    Fan, J. and Li, R. (2001). Variable selection via nonconcave penalized likelihood and its oracle properties.
    JASA 96.
    """

    a: float = 3.7
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check both numbers."""
        object.__setattr__(self, "a", check_shape(self.a, "SCAD(a)", 2.0, 3.7))
        object.__setattr__(self, "strength", check_positive(self.strength, "SCAD(strength)"))

    @property
    def traits(self) -> Traits:
        """Separable and sparse, not convex."""
        return Traits(separable=True, sparse=True)

    def coordinates(self, p: int) -> Folded:
        """Return the threshold k in every column."""
        return Folded.of(p, self.strength, "scad", self.a)

    def at(self, strength: float) -> SCAD:
        """Return the penalty at a strength: its thresholds move, its shape stays."""
        return replace(self, strength=self.strength * strength)

    def scaled(self, factor: float) -> Penalty:
        """Return ``factor * self``, the multiple of the function; ``SCAD(a, k)`` moves its thresholds instead."""
        return Scaled(self, factor)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return the usual one, a hard one, and ones with factors, bounds and chosen columns."""
        return [
            cls(),
            cls(2.2, strength=0.4),
            cls(3.0).weighted([1.0, 0.5, 2.0, 0.0, float("inf")]),
            cls().nonnegative(),
            cls(2.5).on([1, 4]),
        ]

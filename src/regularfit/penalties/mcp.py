"""The minimax concave penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from .._checks import check_positive
from ._algebra import Scaled
from ._base import NormalFormPenalty, Penalty, Traits
from ._shape import check_shape
from .folded import Folded

__all__ = ["MCP"]


@final
@dataclass(frozen=True, slots=True)
class MCP(NormalFormPenalty):
    r"""Keep few columns, and do not shrink the strong ones: L1 near zero, flat beyond ``gamma`` times it.

    .. math:: P_s(w) = \sum_j \begin{cases} s |w_j| - w_j^2 / (2 \gamma) & |w_j| \le \gamma s \\
                                            \gamma s^2 / 2 & \text{beyond} \end{cases}

    It bends with the strength s: at strength s the fit minimises ``loss + P_s`` (s here is the strength times
    ``strength``), as everywhere in the literature and in R's ncvreg; it is not s times a fixed function.

    Prefer it to L1 when the few true effects are large and should be estimated without bias, or when L1 keeps too
    many columns. Prefer L1 or ElasticNet when columns are strongly correlated, when effects are many and weak, or
    when one proved optimum is wanted: the objective is not convex, a path follows *one* chain of stationary points
    from the null model, and ``path_.convex`` tells where each is locally the only one. The certificate is the
    largest violation of the optimality conditions; there is no duality gap.

    Parameters
    ----------
    gamma : > 1, finite: 3 is usual; towards 1 it keeps or drops (hard threshold), as it grows it becomes L1.
        Columns are thought of as standardised: where their mean square is h, ``gamma > 1 / h`` keeps each column's
        own problem convex, and a smaller one makes it jump.
    strength : k > 0, finite; multiplies the strength of the fit.

    Raises
    ------
    InputError
        If ``gamma`` is not above 1 or ``strength`` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> MCP(3.0).prox(np.array([0.5, 2.0, 4.0]), step=1.0)
    array([0. , 1.5, 4. ])

    References
    ----------
    Zhang, C.-H. (2010). Nearly unbiased variable selection under minimax concave penalty. Annals of Statistics 38.
    Breheny, P. and Huang, J. (2011). Coordinate descent algorithms for nonconvex penalized regression. AOAS 5.
    """

    gamma: float = 3.0
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check both numbers."""
        object.__setattr__(self, "gamma", check_shape(self.gamma, "MCP(gamma)", 1.0, 3.0))
        object.__setattr__(self, "strength", check_positive(self.strength, "MCP(strength)"))

    @property
    def traits(self) -> Traits:
        """Separable and sparse, not convex."""
        return Traits(separable=True, sparse=True)

    def coordinates(self, p: int) -> Folded:
        """Return the threshold k in every column."""
        return Folded.of(p, self.strength, "mcp", self.gamma)

    def at(self, strength: float) -> MCP:
        """Return the penalty at a strength: its threshold moves, its shape stays."""
        return replace(self, strength=self.strength * strength)

    def scaled(self, factor: float) -> Penalty:
        """Return ``factor * self``, the multiple of the function; ``MCP(gamma, k)`` moves its threshold instead."""
        return Scaled(self, factor)

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return the usual one, a hard one, and ones with factors, bounds and chosen columns."""
        return [
            cls(),
            cls(1.5, strength=0.4),
            cls(2.0).weighted([1.0, 0.5, 2.0, 0.0, float("inf")]),
            cls(3.0).bounded(-0.3, 0.8),
            cls(2.5).on([0, 3]),
        ]

"""The group MCP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

from .._checks import check_positive
from ._base import Penalty
from ._folded_group import FoldedGroup
from ._groups import Groups, as_groups, resolve_groups
from ._shape import check_shape

__all__ = ["GroupMCP"]


@final
@dataclass(frozen=True, slots=True)
class GroupMCP(FoldedGroup):
    r"""Keep few groups of columns, and do not shrink the strong ones: :class:`MCP` of every group's norm.

    .. math:: P_s(w) = \sum_g \rho_{s \sqrt{p_g}}(\lVert w_g \rVert_2), \qquad
              \rho_t(r) = \begin{cases} t r - r^2 / (2 \gamma) & r \le \gamma t \\ \gamma t^2 / 2 & \text{beyond}
              \end{cases}

    with :math:`p_g` the number of columns of group g. Like MCP it bends with the strength s (times ``strength``). It
    is grpreg's grMCP but for one thing: the columns of a group are **not** orthonormalised (see :class:`Group`);
    transform X so for grpreg's numbers.

    Prefer it to :class:`Group` when a few groups have large effects that should be estimated without bias. Prefer
    Group when one proved optimum is wanted: this objective is not convex, the path follows one chain of stationary
    points, and ``path_.convex`` tells where each is locally the only one.

    Parameters
    ----------
    groups : one label per column, or a list of columns per group, as for :class:`Group`.
    gamma : > 1, finite: 3 is usual; as it grows the penalty becomes Group. It refers to columns of unit variance.
    strength : k > 0, finite; multiplies the strength of the fit.

    Raises
    ------
    InputError
        If a column is in two groups or in none, ``gamma`` is not above 1 or ``strength`` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> GroupMCP([0, 0, 1], 3.0).prox(np.array([3.0, 4.0, 1.6]), step=1.0).round(3)
    array([3. , 4. , 0.9])

    References
    ----------
    Huang, J., Breheny, P. and Ma, S. (2012). A selective review of group selection in high-dimensional models.
    Statistical Science 27.
    """

    groups: Groups
    gamma: float = 3.0
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check the groups and both numbers."""
        object.__setattr__(self, "groups", as_groups(self.groups, "GroupMCP"))
        object.__setattr__(self, "gamma", check_shape(self.gamma, "GroupMCP(gamma)", 1.0, 3.0))
        object.__setattr__(self, "strength", check_positive(self.strength, "GroupMCP(strength)"))

    @property
    def bend(self) -> tuple[Literal["mcp", "scad"], float]:
        """MCP with this gamma."""
        return "mcp", self.gamma

    def resolve(self, feature_names: Sequence[str] | None) -> GroupMCP:
        """Return the same penalty with column names replaced by positions."""
        return replace(self, groups=resolve_groups(self.groups, feature_names, "GroupMCP(groups)"))

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return labels, lists of columns, and groups of one."""
        return [cls((0, 0, 1, 1, 2)), cls(((4, 0, 2), (1, 3)), 1.4, 0.5), cls((0, 1, 2, 3, 4), 2.0)]

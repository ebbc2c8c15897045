"""The group SCAD."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

from .._checks import check_positive
from ._base import Penalty
from ._folded_group import FoldedGroup
from ._groups import Groups, as_groups, resolve_groups
from ._shape import check_shape

__all__ = ["GroupSCAD"]


@final
@dataclass(frozen=True, slots=True)
class GroupSCAD(FoldedGroup):
    r"""Keep few groups of columns, shrink the weak ones and leave the strong ones: :class:`SCAD` of every group's norm.

    .. math:: P_s(w) = \sum_g \rho_{s \sqrt{p_g}}(\lVert w_g \rVert_2)

    with :math:`p_g` the number of columns of group g and :math:`\rho_t` the function of :class:`SCAD` with threshold
    t. It bends with the strength s (times ``strength``). It is grpreg's grSCAD but for one thing: the columns of a
    group are **not** orthonormalised (see :class:`Group`); transform X so for grpreg's numbers.

    Prefer it to :class:`GroupMCP` where a softer start is wanted: it shrinks like Group up to the strength before it
    lets go. Prefer Group when one proved optimum is wanted.

    Parameters
    ----------
    groups : one label per column, or a list of columns per group, as for :class:`Group`.
    a : > 2, finite: 3.7 is usual; as it grows the penalty becomes Group. It refers to columns of unit variance.
    strength : k > 0, finite; multiplies the strength of the fit.

    Raises
    ------
    InputError
        If a column is in two groups or in none, ``a`` is not above 2 or ``strength`` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> GroupSCAD([0, 0, 1], 3.0).prox(np.array([3.0, 4.0, 1.6]), step=1.0).round(3)
    array([3. , 4. , 0.6])

    References
    ----------
    Huang, J., Breheny, P. and Ma, S. (2012). A selective review of group selection in high-dimensional models.
    Statistical Science 27.
    """

    groups: Groups
    a: float = 3.7
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Check the groups and both numbers."""
        object.__setattr__(self, "groups", as_groups(self.groups, "GroupSCAD"))
        object.__setattr__(self, "a", check_shape(self.a, "GroupSCAD(a)", 2.0, 3.7))
        object.__setattr__(self, "strength", check_positive(self.strength, "GroupSCAD(strength)"))

    @property
    def bend(self) -> tuple[Literal["mcp", "scad"], float]:
        """SCAD with this a."""
        return "scad", self.a

    def resolve(self, feature_names: Sequence[str] | None) -> GroupSCAD:
        """Return the same penalty with column names replaced by positions."""
        return replace(self, groups=resolve_groups(self.groups, feature_names, "GroupSCAD(groups)"))

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return labels, lists of columns, and groups of one."""
        return [cls((0, 0, 1, 1, 2)), cls(((4, 0, 2), (1, 3)), 2.3, 0.5), cls((0, 1, 2, 3, 4), 3.0)]

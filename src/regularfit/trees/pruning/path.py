"""All pruned versions of one tree, from its root alone to its full size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..._checks import check_positive
from ..._typing import Vector
from ..structure import TreeNodes
from .weakest_link import collapse_alphas

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PruningPath"]

_SAME = 1e-10  # complexities that differ by less, relatively, are one: the rest is rounding


@dataclass(frozen=True, eq=False)
class PruningPath:
    r"""The smallest trees that minimise risk + alpha * leaves, for all alphas, from the root alone downwards.

    Each tree is part of the next one. The risk is the impurity of the leaves, weighted by their share of the rows, in
    the unit of ``criterion``; scikit-learn's ``ccp_alpha`` has the same unit. R's ``cp`` is alpha over the risk of the
    root.

    Parameters
    ----------
    alphas : (L,) decreasing, the last 0: the complexity from which on (upwards) each tree is the best.
    leaves : (L,) of each tree, from 1 upwards.
    risks : (L,) decreasing.

    Examples
    --------
    >>> path = PruningPath(np.array([0.5, 0.1, 0.0]), np.array([1, 2, 4]), np.array([0.9, 0.4, 0.2]))
    >>> path.at(0.3)
    1
    >>> path.typical
    array([0.5       , 0.2236068, 0.       ])

    References
    ----------
    Breiman, L., Friedman, J., Olshen, R. and Stone, C. (1984). Classification and Regression Trees, chapter 3.
    """

    alphas: Vector
    leaves: np.ndarray
    risks: Vector

    @classmethod
    def of(cls, tree: TreeNodes, risk: Vector) -> PruningPath:
        """Return the path of a tree whose nodes have these risks (as leaves)."""
        at = collapse_alphas(tree, risk)
        inner = np.concatenate(tree.levels)
        inner = inner[tree.left[inner] >= 0]
        inner = inner[np.argsort(-at[inner], kind="stable")]
        alphas = at[inner]
        last = np.flatnonzero(_steps(alphas))  # of each group that collapses together
        gains = risk[inner] - risk[tree.left[inner]] - risk[tree.right[inner]]
        zero = len(alphas) == 0 or alphas[-1] > _SAME * alphas[0]
        kept = last if zero else last[:-1]  # splits that gain nothing are in no tree of the path
        bounds = np.concatenate([alphas[_firsts(last)][: len(kept)], [0.0]])
        leaves = np.concatenate([[1], 2 + kept])
        risks = risk[0] - np.concatenate([[0.0], np.cumsum(gains)[kept]])
        return cls(bounds, leaves, risks)

    def __len__(self) -> int:
        """Number of trees."""
        return len(self.alphas)

    @property
    def typical(self) -> Vector:
        """(L,) one complexity for each tree: the geometric mean of the two between which it is the best.

        The ends are the complexity from which on only the root is left, and 0.
        """
        above = np.concatenate([self.alphas[:1], self.alphas[:-1]])
        return np.sqrt(self.alphas * above)

    def inside(self, index: int) -> float:
        """Return a complexity at which a tree of the path is the best with room for rounding on both sides."""
        if len(self) == 1:
            return 0.0
        if index == 0:
            return float(2 * self.alphas[0])
        if index == len(self) - 1:  # above splits that gain nothing but rounding
            return float(np.sqrt(_SAME * self.alphas[0] * self.alphas[-2]))
        return float(self.typical[index])

    def at(self, alpha: float) -> int:
        """Return which tree of the path is the best at a complexity >= 0."""
        if alpha != 0:
            check_positive(alpha, "alpha", "0 is the full tree.")
        return int(np.searchsorted(-self.alphas, -float(alpha)))

    def to_frame(self) -> pd.DataFrame:
        """Return a table of the trees: alpha, leaves, risk, and R's cp."""
        import pandas as pd

        columns = {"ccp_alpha": self.alphas, "leaves": self.leaves, "risk": self.risks}
        return pd.DataFrame(columns | {"cp": self.alphas / self.risks[0]})


def _steps(alphas: Vector) -> np.ndarray:
    """Where a group of equal complexities ends."""
    if not len(alphas):
        return np.zeros(0, bool)
    return np.concatenate([alphas[1:] < alphas[:-1] - _SAME * alphas[0], [True]])


def _firsts(last: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], last[:-1] + 1]) if len(last) else last

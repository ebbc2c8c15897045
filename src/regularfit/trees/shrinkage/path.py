"""The strengths of hierarchical shrinkage, and what each leaves of the trees."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._checks import check_vector
from ..._typing import Vector
from ...errors import InputError
from ..structure import Ensemble
from .values import spread_kept

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ShrinkagePath", "strength_grid"]

NEARLY_ALL, NEARLY_NOTHING = (
    0.95,
    0.01,
)  # what a step from the smallest nodes keeps at the weakest strength, and from
# the root at the strongest


@dataclass(frozen=True, eq=False)
class ShrinkagePath:
    """Strengths from the strongest to 0, and what is left of the trees.

    Parameters
    ----------
    strengths : (S,) decreasing, in rows.
    kept : (S,) how much of the variance that the trees explain of their training rows is left; 1 at strength 0.

    Examples
    --------
    >>> ShrinkagePath(np.array([10.0, 0.0]), np.array([0.3, 1.0])).to_frame()["kept"].tolist()
    [0.3, 1.0]
    """

    strengths: Vector
    kept: Vector

    @classmethod
    def of(cls, trees: Ensemble, strengths: Vector) -> ShrinkagePath:
        """Return the path of some trees."""
        return cls(strengths, spread_kept(trees, strengths))

    def __len__(self) -> int:
        """Number of strengths."""
        return len(self.strengths)

    def to_frame(self) -> pd.DataFrame:
        """Return a table of the strengths and what they keep."""
        import pandas as pd

        return pd.DataFrame({"strength": self.strengths, "kept": self.kept})


def strength_grid(strengths: Any, trees: Ensemble) -> Vector:
    """Return strengths in decreasing order; a number asks for so many, the last of them 0.

    The others are spread evenly on the log scale: at the first a step from the root keeps 1 % (all is nearly the root),
    at the weakest a step from the smallest nodes keeps 95 %.

    Raises
    ------
    InputError
        For fewer than 2 strengths, or negative or infinite ones.
    """
    if isinstance(strengths, Integral) and not isinstance(strengths, bool):
        if strengths < 2:
            raise InputError(
                f"strengths={strengths} is too few to choose from; give at least 2 (25 is usual)."
            )
        top, bottom = _ends(trees)
        return np.concatenate([np.geomspace(top, bottom, int(strengths) - 1), [0.0]])
    grid = check_vector(strengths, None, "strengths")
    if (grid < 0).any():
        raise InputError(
            f"strengths must be numbers of rows >= 0; {grid.min():g} was given. 0 shrinks nothing."
        )
    return np.unique(grid)[::-1].copy()


def _ends(trees: Ensemble) -> tuple[float, float]:
    roots = [tree.rows[0] for tree in trees]
    inner = np.concatenate([tree.rows[tree.left >= 0] for tree in trees])
    inner = inner[inner > 0]
    largest = float(max(roots, default=1.0)) or 1.0
    smallest = float(np.quantile(inner, 0.05)) if inner.size else largest
    return largest * (1 / NEARLY_NOTHING - 1), smallest * (1 / NEARLY_ALL - 1)

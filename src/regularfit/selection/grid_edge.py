"""A minimum at the edge of the grid: a better strength may lie outside, and this says which way to go."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from .._typing import Vector
from ..errors import GridEdgeWarning, InputError

__all__ = ["GridEdge", "grid_edge", "warn_grid_edge"]

FLAT = 1e-3  # a relative change of the score over the last quarter of the grid that nobody would miss


@dataclass(frozen=True)
class GridEdge:
    """Where the best strength lies in its grid.

    Parameters
    ----------
    where : ``"inside"``, ``"weak"`` (the last strength), ``"strong"`` (the first), ``"null"`` (the first,
        and its model is the null model, so nothing stronger exists) or ``"single"`` (a grid of one).
    message : what it means and what to do; empty inside.
    """

    where: str
    message: str

    @property
    def worth_a_warning(self) -> bool:
        """Whether the user should hear of it."""
        return self.where in ("weak", "strong", "null")


def grid_edge(
    strengths: Vector, index: int, curve: Vector, *, null_at_top: bool = False, ended: str | None = None
) -> GridEdge:
    """Return whether the best of ``curve`` lies at an edge of the grid, and what to do about it.

    Parameters
    ----------
    strengths : (L,) decreasing.
    index : where the best score is (the minimum, not the one-standard-error choice).
    curve : (L,) mean scores or criterion values; inf entries count as absent.
    null_at_top : whether all penalised coefficients are zero at the first strength.
    ended : why the path ended early, or None.

    Examples
    --------
    >>> grid_edge(np.array([1.0, 0.1, 0.01]), 1, np.array([3.0, 1.0, 2.0])).where
    'inside'
    >>> print(grid_edge(np.array([1.0, 0.1, 0.01]), 2, np.array([3.0, 2.0, 1.0])).message)
    The best strength is the smallest of the grid (0.01, ratio 0.01 to the largest), and the score was
    still improving: a weaker penalty may do better. Lower min_ratio to 0.001 (or give
    strengths=numpy.geomspace(1, 0.001, 4)).
    """
    if not 0 <= index < len(strengths):
        raise InputError(f"index {index} lies outside a grid of {len(strengths)} strengths.")
    if len(strengths) == 1:
        return GridEdge("single", "")
    if index == 0:
        return _top(strengths, null_at_top)
    reached = int(np.flatnonzero(np.isfinite(curve))[-1])
    if index < reached:
        return GridEdge("inside", "")
    return _bottom(strengths, index, curve, ended)


def warn_grid_edge(edge: GridEdge, stacklevel: int = 2) -> None:
    """Warn with a :class:`~regularfit.errors.GridEdgeWarning`, unless the best strength lies inside.

    >>> warn_grid_edge(GridEdge("inside", ""))
    """
    if edge.worth_a_warning:
        warnings.warn(edge.message, GridEdgeWarning, stacklevel=stacklevel + 1)


def _top(strengths: Vector, null_at_top: bool) -> GridEdge:
    top, bottom = float(strengths[0]), float(strengths[-1])
    if null_at_top:
        return GridEdge(
            "null",
            f"The best strength is the largest of the grid ({top:.3g}), where every penalised coefficient "
            "is zero: no "
            "column predicts the target better than a constant does on held-out rows. A stronger penalty "
            "gives the same "
            "model, so extending the grid will not help; look for better columns or more rows.",
        )
    return GridEdge(
        "strong",
        f"The best strength is the largest of the grid ({top:.3g}), and its model is not yet the null "
        "model: a stronger "
        f"penalty may do better. Give larger strengths, such as "
        f"strengths=numpy.geomspace({10 * top:.3g}, {bottom:.3g}, {_count(strengths, 10 * top, bottom)}).",
    )


def _bottom(strengths: Vector, index: int, curve: Vector, ended: str | None) -> GridEdge:
    top, last = float(strengths[0]), float(strengths[index])
    head = (
        f"The best strength is the smallest of the grid ({last:.3g}, ratio {last / top:.2g} to the largest)"
    )
    if ended is not None or index < len(strengths) - 1:
        why = ended or "the fits below it leave no residual degree of freedom"
        return GridEdge(
            "weak",
            f"{head}, where the path ends because {why}. Next to no penalty is asked for; check the "
            "held-out score.",
        )
    before = curve[max(0, index - max(1, len(strengths) // 4))]
    if abs(before - curve[index]) <= FLAT * abs(curve[index]):
        return GridEdge(
            "weak",
            f"{head}, but the score is flat there (it changed by less than {FLAT:.1%} over the last "
            "quarter of the grid): "
            "these data need next to no penalty, and extending the grid will change little. Lower "
            "min_ratio to go further.",
        )
    return GridEdge(
        "weak",
        f"{head}, and the score was still improving: a weaker penalty may do better. Lower min_ratio to "
        f"{last / top / 10:.2g} (or give strengths=numpy.geomspace({top:.3g}, {last / 10:.3g}, "
        f"{_count(strengths, top, last / 10)})).",
    )


def _count(strengths: Vector, top: float, bottom: float) -> int:
    """How many strengths keep the grid's spacing over a wider range."""
    step = np.log(strengths[0] / strengths[-1]) / (len(strengths) - 1)
    return round(float(np.log(top / bottom) / step)) + 1

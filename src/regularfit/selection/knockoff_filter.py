"""The knockoff filter: which statistics are large enough, judged by how many are as large with the wrong sign."""

from __future__ import annotations

import numpy as np

from .._typing import Vector

__all__ = ["knockoff_threshold"]


def knockoff_threshold(statistics: Vector, fdr: float, plus: bool = True) -> float:
    r"""Return the smallest t at which the estimated false discovery rate is at most ``fdr``; inf where there is none.

    .. math:: \frac{1 + \#\{j : W_j \le -t\}}{\max(1, \#\{j : W_j \ge t\})} \le \text{fdr}

    Parameters
    ----------
    statistics : (p,) W; large where a column beats its copy, symmetric about 0 where it has no effect.
    fdr : in (0, 1).
    plus : whether the 1 is counted ("knockoff+"), which proves the bound; without it a modified rate is bounded.

    Examples
    --------
    >>> knockoff_threshold(np.array([5.0, 4.0, 3.0, 2.0, -1.0]), 0.25)
    2.0

    References
    ----------
    Barber & Candes (2015), Controlling the false discovery rate via knockoffs. Annals of Statistics 43.
    """
    sizes = np.unique(np.abs(statistics[statistics != 0]))
    wrong = (statistics[None, :] <= -sizes[:, None]).sum(axis=1) + int(plus)
    right = np.maximum((statistics[None, :] >= sizes[:, None]).sum(axis=1), 1)
    good = np.flatnonzero(wrong / right <= fdr)
    return float(sizes[good[0]]) if len(good) else float("inf")

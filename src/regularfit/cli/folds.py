"""How rows are split: at random, by groups, or forward in time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from regularfit.errors import TableError

if TYPE_CHECKING:
    import numpy as np

#: Fewest folds from which an honest score can be computed.
FEWEST_HONEST = 4
#: Most folds of the honest score.
HONEST_FOLDS = 5


def forward_folds(ranks: np.ndarray, k: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return k pairs of (past, next block): rows in order of time, cut into k + 1 blocks of about equal size.

    Parameters
    ----------
    ranks : (n,) the rank of each row in time; rows of the same time stay in one block.
    k : number of folds.

    Raises
    ------
    TableError
        Where there are fewer different times than blocks.

    Examples
    --------
    >>> import numpy as np
    >>> [(past.tolist(), ahead.tolist()) for past, ahead in forward_folds(np.array([0, 1, 2]), 2)]
    [([0], [1]), ([0, 1], [2])]
    """
    import numpy as np

    times = int(ranks.max()) + 1
    if times < k + 1:
        raise TableError(
            f"The time column has {times} different times; {k} folds forward in time need at least {k + 1}. "
            "Lower --cv."
        )
    # Blocks follow the number of rows, not of times, and each gets at least one time.
    rows_until = np.cumsum(np.bincount(ranks, minlength=times))
    edges = np.searchsorted(rows_until, np.arange(1, k + 1) * len(ranks) / (k + 1)) + 1
    for i in range(k):
        edges[i] = min(max(edges[i], edges[i - 1] + 1 if i else 1), times - (k - i))
    bounds = [*edges.tolist(), times]
    return [
        (np.flatnonzero(ranks < start), np.flatnonzero((ranks >= start) & (ranks < stop)))
        for start, stop in pairwise(bounds)
    ]


def why_no_honest_score(cv: int, by_time: bool) -> str | None:
    """Say why no honest score can be had, or None where it can."""
    if by_time:
        return "no honest interval: it needs folds that hold every row once, and folds forward in time do not"
    if cv < FEWEST_HONEST:
        return f"no honest interval: it needs at least {FEWEST_HONEST} folds, and --cv is {cv}"
    return None


def make_cv(cv: int, time: np.ndarray | None) -> Any:
    """Return what the estimator takes as its folds."""
    return cv if time is None else forward_folds(time, cv)

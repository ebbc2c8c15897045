"""Many tables, each with rows to learn from and rows to be tested on, fitted along all strengths in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._typing import Matrix, Vector
from ..lockstep import Lane, fit_lanes, is_count, make_problem, strength_grid
from ..losses import Loss, Squared
from ..penalties import Penalty

__all__ = ["Along", "Draw", "along", "spanning_grid"]


@dataclass(frozen=True, eq=False)
class Draw:
    """One table: (n, p) and (n,) to learn from, (m, p) and (m,) to be tested on."""

    X: Matrix
    y: Vector
    X_test: Matrix
    y_test: Vector


@dataclass(frozen=True, eq=False)
class Along:
    """What the lanes of one penalty found.

    Parameters
    ----------
    strengths : (L,) decreasing, the same for all tables.
    train, test : (tables, L) mean losses: squared errors, log-losses.
    coefs : (tables, L, p) on the scale of X, or None where they were not asked for.
    fits : how many models were fitted.
    """

    strengths: Vector
    train: Matrix
    test: Matrix
    coefs: np.ndarray | None
    fits: int


def along(
    draws: Sequence[Draw],
    penalty: Penalty,
    strengths: Any = 50,
    *,
    loss: Loss | None = None,
    keep: bool = False,
    standardize: bool = True,
) -> Along:
    """Fit a penalty along one grid of strengths on every table; the tables are lanes.

    Parameters
    ----------
    strengths : a number of them, or the grid. A grid of the data spans what all tables need.
    loss : squared by default.
    keep : whether the coefficients are wanted.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 3))
    >>> one = Draw(X[:40], X[:40, 0], X[40:], X[40:, 0])
    >>> along([one, one], rf.L2(), [1.0, 0.1]).test.shape
    (2, 2)
    """
    X = np.concatenate([part for one in draws for part in (one.X, one.X_test)])
    y = np.concatenate([part for one in draws for part in (one.y, one.y_test)])
    problem = make_problem(X, y, loss or Squared(), standardize=standardize)
    lanes, start = [], 0
    for one in draws:
        middle, end = start + len(one.y), start + len(one.y) + len(one.y_test)
        train = np.arange(start, middle)
        lanes.append(Lane(train, tests=(train, np.arange(middle, end)), keep=keep))
        start = end
    grid = spanning_grid(
        [(one.X, one.y) for one in draws], penalty, strengths, loss=loss, standardize=standardize
    )
    results = fit_lanes(problem, [penalty], [grid], lanes)[0]
    scores = np.stack([result.scores for result in results])
    coefs = np.stack([result.path.coefs for result in results if result.path is not None]) if keep else None
    return Along(grid, scores[..., 0], scores[..., 1], coefs, len(lanes) * len(grid))


def spanning_grid(
    tables: Sequence[tuple[Matrix, Vector]],
    penalty: Penalty,
    strengths: Any,
    *,
    loss: Loss | None = None,
    standardize: bool = True,
    min_ratio: float | None = None,
) -> Vector:
    """Return a grid that starts where every table's weights are zero, or the caller's own.

    All rows together would not tell: tables whose weights differ cancel each other, and the grid would start too low.
    """
    grids = [
        strength_grid(
            make_problem(X, y, loss or Squared(), standardize=standardize), penalty, strengths, min_ratio
        )
        for X, y in (tables if is_count(strengths) else tables[:1])
    ]
    return max(grids, key=lambda grid: grid[0])

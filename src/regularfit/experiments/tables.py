"""Tables whose strength is cross-validated on their own training rows: folds and tables are lanes of one call.

Also many splits of one table without copies of it, and the standard error that fits splits which overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._typing import Matrix, Vector
from ..lockstep import Lane, fit_lanes, make_problem
from ..losses import Loss, Squared
from ..penalties import Penalty
from .data import split
from .lanes import Along, Draw, spanning_grid

__all__ = ["Tables", "Tuned", "along_tables", "resplit", "resplit_se", "stacked", "tuned"]


@dataclass(frozen=True, eq=False)
class Tables:
    """Rows of several tables, or several splits of one; ``pairs`` holds each one's (train, test) rows."""

    X: Matrix
    y: Vector
    pairs: Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Tuned:
    """What cross-validation inside the training rows led to.

    Parameters
    ----------
    strengths : (tables,) chosen.
    test : (tables,) mean loss on the rows that no choice has seen.
    inside : (tables,) the cross-validated loss that was the smallest.
    fits : how many models were fitted.
    """

    strengths: Vector
    test: Vector
    inside: Vector
    fits: int


def stacked(draws: Sequence[Draw]) -> Tables:
    """Lay tables below each other."""
    X = np.concatenate([part for one in draws for part in (one.X, one.X_test)])
    y = np.concatenate([part for one in draws for part in (one.y, one.y_test)])
    pairs, start = [], 0
    for one in draws:
        middle, end = start + len(one.y), start + len(one.y) + len(one.y_test)
        pairs.append((np.arange(start, middle), np.arange(middle, end)))
        start = end
    return Tables(X, y, pairs)


def resplit(X: Matrix, y: Vector, times: int, test: float | int, rng: np.random.Generator) -> Tables:
    """Split one table at random so many times; ``test`` as in :func:`~regularfit.experiments.data.split`."""
    return Tables(X, y, [split(len(y), test, rng) for _ in range(times)])


def resplit_se(values: Any, test_over_train: float, axis: int = 0) -> Any:
    """Return the standard error of a mean over random splits of one table, which share most of their rows.

    The variance of the mean is ``s^2 (1 / J + n_test / n_train)``: with 1 / J alone it would go to zero with the number
    of splits although the rows stay the same (Nadeau and Bengio, 2003).

    Examples
    --------
    >>> [round(float(resplit_se([1.0, 2.0, 3.0], share)), 4) for share in (0.0, 1.0)]
    [0.5774, 1.1547]
    """
    found: Matrix = np.asarray(values, dtype=float)
    return found.std(axis, ddof=1) * np.sqrt(1 / found.shape[axis] + test_over_train)


def along_tables(
    tables: Tables,
    penalty: Penalty,
    strengths: Any = 50,
    *,
    loss: Loss | None = None,
    min_ratio: float | None = None,
    keep: bool = False,
) -> Along:
    """Fit a penalty along one grid of strengths on every table; see :func:`~regularfit.experiments.lanes.along`."""
    problem = make_problem(tables.X, tables.y, loss or Squared())
    grid = spanning_grid(_learnt(tables), penalty, strengths, loss=loss, min_ratio=min_ratio)
    lanes = [Lane(train, tests=(train, test), keep=keep) for train, test in tables.pairs]
    results = fit_lanes(problem, [penalty], [grid], lanes)[0]
    scores = np.stack([result.scores for result in results])
    coefs = np.stack([result.path.coefs for result in results if result.path is not None]) if keep else None
    return Along(grid, scores[..., 0], scores[..., 1], coefs, len(lanes) * len(grid))


def tuned(
    tables: Tables,
    penalties: Sequence[Penalty],
    rng: np.random.Generator,
    strengths: Any = 50,
    *,
    folds: int = 5,
    loss: Loss | None = None,
) -> list[Tuned]:
    """Choose a strength by cross-validation inside each table's training rows, and test what it gives.

    Parameters
    ----------
    penalties : each has its strength chosen for itself, on the same folds.
    strengths : a number of them, or the grid of all penalties; a single one needs no folds and is just tested.

    Examples
    --------
    >>> import numpy as np, regularfit as rf
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 3))
    >>> found = tuned(resplit(X, X[:, 0], 4, 0.5, rng), [rf.L1(), rf.L2()], rng)
    >>> [one.test.shape for one in found]
    [(4,), (4,)]
    """
    problem = make_problem(tables.X, tables.y, loss or Squared())
    learnt = _learnt(tables)
    grids = [spanning_grid(learnt, penalty, strengths, loss=loss) for penalty in penalties]
    inner = [_folds(train, folds, rng) for train, _ in tables.pairs] if max(map(len, grids)) > 1 else []
    lanes = [Lane(train, tests=(test,)) for train, test in tables.pairs]
    lanes += [Lane(rest, tests=(held,)) for several in inner for rest, held in several]
    count = len(tables.pairs)
    found = []
    for grid, results in zip(grids, fit_lanes(problem, penalties, grids, lanes), strict=True):
        scores = np.stack([result.scores[:, 0] for result in results])
        curves = scores[count:].reshape(count, -1, len(grid)).mean(axis=1) if inner else scores
        at = np.argmin(curves, axis=1)
        rows = np.arange(count)
        found.append(Tuned(grid[at], scores[rows, at], curves[rows, at], scores.size))
    return found


def _folds(rows: np.ndarray, count: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    parts = np.array_split(rng.permutation(rows), count)
    return [(np.concatenate(parts[:k] + parts[k + 1 :]), parts[k]) for k in range(count)]


def _learnt(tables: Tables) -> list[tuple[Matrix, Vector]]:
    return [(tables.X[train], tables.y[train]) for train, _ in tables.pairs]

"""Replicates from a known truth: fresh training sets, one model each, compared at the same test points."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import joblib
import numpy as np
from scipy import sparse
from sklearn.base import clone

from .._typing import Vector
from ..errors import InputError
from ..inputs.table import Table, read_table
from ..lockstep import Path
from ..losses import Loss
from ._lanes import Family, along_strengths, expectations, stack_size
from ._targets import Kind

__all__ = ["Replicates", "simulated_predictions"]

Simulate = Callable[[np.random.Generator], tuple[Any, Any]]


class Replicates:
    """Training sets drawn one after the other, each from a stream of random numbers of its own.

    So replicate 7 is the same whoever asks for it, and however many there are.
    """

    def __init__(self, simulate: Simulate, count: int, random: np.random.Generator) -> None:
        self.simulate = simulate
        self.seeds: Any = random.bit_generator.seed_seq.spawn(count)  # pyright: ignore[reportAttributeAccessIssue]

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for number, seed in enumerate(self.seeds):
            drawn = self.simulate(np.random.default_rng(seed))
            if not isinstance(drawn, tuple) or len(drawn) != 2:
                raise InputError(
                    f"simulate(rng) must return a pair (X, y); replicate {number} is a {type(drawn).__name__}."
                )
            yield drawn


def simulated_predictions(
    estimator: Any, sets: Replicates, kind: Kind, X_test: Any, strengths: Any, n_jobs: int | None
) -> tuple[Vector | None, Iterable[np.ndarray], int]:
    """Return strengths (or None), expected targets (R, m, K) strength after strength, and rows of a training set."""
    if not along_strengths(estimator, strengths, "bias_variance"):
        drawn = list(sets)
        jobs = (joblib.delayed(_clone_and_predict)(estimator, X, y, X_test, kind) for X, y in drawn)
        found: Any = joblib.Parallel(n_jobs=n_jobs)(jobs)
        return None, [np.stack(found)], len(drawn[0][1])
    loss, grid, paths, n = _fit_lanes(estimator, sets, kind, strengths, n_jobs)
    test = read_table(X_test, name="X_test")
    if test.p != paths[0].columns:
        raise InputError(
            f"X_test has {test.p} columns, but simulate gives {paths[0].columns}; give the same columns."
        )
    return grid, expectations(loss, paths, test.values), n


def _clone_and_predict(estimator: Any, X: Any, y: Any, X_test: Any, kind: Kind) -> np.ndarray:
    model: Any = clone(estimator)
    return kind.expectations(model.fit(X, y), X_test)


def _fit_lanes(
    estimator: Any, sets: Replicates, kind: Kind, strengths: Any, threads: int | None
) -> tuple[Loss, Vector, list[Path], int]:
    """One path a replicate; those that share work are stacked and fitted as one problem."""
    draws = iter(sets)
    X, y = next(draws)
    table, problem, classes, _ = estimator._read(X, y, None, None)
    _check_classes(kind, classes, 0)
    family = Family.of(estimator, table, problem, classes, strengths, threads)
    size, number, waiting, paths = stack_size(problem), 0, [(table.values, y)], []
    while waiting:
        while len(waiting) < size and (drawn := next(draws, None)) is not None:
            waiting.append((read_table(drawn[0]).values, drawn[1]))
        paths += _fit_stack(estimator, family, kind, waiting, table, number)
        number += len(waiting)
        following = next(draws, None)
        waiting = [] if following is None else [(read_table(following[0]).values, following[1])]
    return problem.loss, family.grid, paths, problem.n


def _fit_stack(
    estimator: Any,
    family: Family,
    kind: Kind,
    drawn: Sequence[tuple[Any, Any]],
    first: Table,
    number: int,
) -> list[Path]:
    sizes = [X.shape[0] for X, _ in drawn]
    for k, (X, _) in enumerate(drawn):
        if X.shape[1] != first.p:
            raise InputError(
                f"Replicate {number + k} has {X.shape[1]} columns and the first has {first.p}; simulate must give the "
                "same columns every time."
            )
    values = [X for X, _ in drawn]
    X = values[0] if len(drawn) == 1 else _stacked(values)
    y = drawn[0][1] if len(drawn) == 1 else np.concatenate([np.asarray(y) for _, y in drawn])
    _, problem, classes, _ = estimator._read(X, y, None, None)
    _check_classes(kind, classes, number)
    ends = np.cumsum([0, *sizes])
    return family.paths(problem, [np.arange(a, b) for a, b in pairwise(ends)])


def _stacked(values: Sequence[Any]) -> Any:
    return sparse.vstack(values, format="csr") if sparse.issparse(values[0]) else np.vstack(values)


def _check_classes(kind: Kind, classes: np.ndarray | None, number: int) -> None:
    if classes is not None and kind.classes is not None and not np.array_equal(classes, kind.classes):
        raise InputError(
            f"Replicate {number} has the classes {classes.tolist()}, the first has {kind.classes.tolist()}; simulate "
            "must give rows of every class. Simulate more rows."
        )

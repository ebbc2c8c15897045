"""The loss of every held-out row under the model that was fitted without its fold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._typing import Matrix, Vector
from ..designs import Imputed
from ..errors import FitError
from ..lockstep import Lane, LaneResult, Problem
from .splitters import Fold

__all__ = ["row_errors"]


def row_errors(
    problem: Problem, folds: Sequence[Fold], results: Sequence[LaneResult], indices: Sequence[int]
) -> Vector:
    """Return the losses, (n,): rows of fold k under the path of ``results[k]`` at position ``indices[k]``.

    Parameters
    ----------
    folds : K folds that partition the rows.
    results : (K,) lanes fitted without each fold, with their paths kept.
    indices : (K,) positions in the grid; a path that ended earlier gives its last model.
    """
    models = [_model(result, index) for result, index in zip(results, indices, strict=True)]
    coefs = np.stack([coef for coef, _ in models], axis=-1)
    eta = _products(problem, folds, coefs) if coefs.ndim == 2 else _several(problem, folds, coefs)
    for (_, rows), (_, intercept) in zip(folds, models, strict=True):
        eta[rows] += intercept
    return problem.loss.score(problem.y, eta + problem.offset)


def _model(result: LaneResult, index: int) -> tuple[Vector, float | Vector]:
    path = result.path
    if path is None:
        raise FitError("The engine kept no path for an outer fold.")
    at = min(index, len(path) - 1)
    return path.coef(at), path.intercept(at)


def _several(problem: Problem, folds: Sequence[Fold], coefs: Matrix) -> Matrix:
    """The same for several outputs, (n, K)."""
    return np.column_stack([_products(problem, folds, own) for own in coefs])


def _products(problem: Problem, folds: Sequence[Fold], coefs: Matrix) -> Vector:
    """Every row times its own fold's coefficients, (n,)."""
    design, eta = problem.design, np.empty(problem.n)
    if isinstance(design, Imputed):  # each lane filled the missing values by the means of its own rows
        for k, (train, rows) in enumerate(folds):
            filled = design.fill(Lane(train).weights(problem))
            eta[rows] = filled.rows_times(rows, coefs[:, [k]])[:, 0]
        return eta
    # One product over the columns in use costs less than gathering the rows of every fold.
    used = np.flatnonzero(coefs.any(axis=1))
    products = design.matmat(used, np.ascontiguousarray(coefs[used]))
    for k, (_, rows) in enumerate(folds):
        eta[rows] = products[rows, k]
    return eta

"""Bias with noise, and variance, from one table: nothing is known of the truth but the targets."""

from __future__ import annotations

import numpy as np

from .._typing import Indices, Vector
from ..errors import InputError
from ..selection.nested_statistics import variance_of_mean
from ._resampling import bootstrap_samples, folds_of, halves_beside_folds
from ._table_fits import TableFits
from .decomposition import Parts

__all__ = ["by_bootstrap", "by_halves"]


def by_bootstrap(fits: TableFits, count: int, random: np.random.Generator) -> tuple[list[Parts], int]:
    """Return the parts strength after strength, and how many rows a training set has.

    Variance: of the predictions of a row by the samples that lack it. Error: of cross-validation. Bias with noise is
    what is left of the error.
    """
    used = np.flatnonzero(fits.weights > 0)
    samples = bootstrap_samples(count, used, fits.codes, random)
    folds = folds_of(fits.n, fits.targets[:, 0], fits.codes, fits.weights, random)
    absent = np.ones((count, fits.n), bool)
    for r, rows in enumerate(samples):
        absent[r, rows] = False
    seldom = used[absent[:, used].sum(axis=0) < 3]
    if len(seldom):
        raise InputError(
            f"Row {seldom[0]} is missing from {absent[:, seldom[0]].sum()} of the {count} bootstrap samples only, too "
            "few for a variance; give more replicates (200 is usual)."
        )
    together = fits.deviations([*samples, *(train for train, _ in folds)])
    return [_bootstrap_parts(fits, found, absent, folds) for found in together], len(used)


def _bootstrap_parts(
    fits: TableFits, found: np.ndarray, absent: np.ndarray, folds: list[tuple[Indices, Indices]]
) -> Parts:
    count, weights = len(absent), fits.weights
    held_out = np.empty((fits.n, found.shape[2]))
    for k, (_, test) in enumerate(folds):
        held_out[test] = found[count + k, test]
    errors = np.square(held_out).mean(axis=1)
    variances, without = _spread(found[:count], absent)
    share = weights / weights.sum()
    lack = np.sqrt((count - 1) / count * np.square((without - variances) @ share).sum())
    return _parts(variances, errors, weights, float(lack))


def _spread(found: np.ndarray, absent: np.ndarray) -> tuple[Vector, np.ndarray]:
    """The variance of every row's predictions (n,), and the same without each replicate in turn (R, n)."""
    seen = absent.sum(axis=0).astype(np.float64)
    seen = np.where(seen < 3, np.nan, seen)  # of rows without weight, which nobody asks for
    mask = absent[:, :, None]
    mean = np.where(mask, found, 0.0).sum(axis=0) / seen[:, None]
    squares = np.where(mask, np.square(found - mean), 0.0).mean(axis=2)  # (R, n)
    total = squares.sum(axis=0)
    without = np.where(absent, (total - squares * seen / (seen - 1)) / (seen - 2), total / (seen - 1))
    return np.nan_to_num(total / (seen - 1)), np.nan_to_num(without)


def by_halves(fits: TableFits, count: int, random: np.random.Generator) -> tuple[list[Parts], int, int]:
    """Return the parts strength after strength, rows of a training set, and how many training sets there were.

    Two models from disjoint halves owe each other nothing, so the product of their errors at a new row has the
    expectation bias squared plus noise, and half the square of their difference that of the variance.
    """
    repeats = max(2, round(count / 20))
    plan = halves_beside_folds(repeats, fits.targets[:, 0], fits.codes, fits.weights, random)
    flat = [one for folds in plan for one in folds]
    sets = [rows for first, second, _ in flat for rows in (first, second)]
    size = round(float(np.mean([len(rows) for rows in sets])))
    return [_halves_parts(fits, found, plan) for found in fits.deviations(sets)], size, len(sets)


def _halves_parts(
    fits: TableFits, found: np.ndarray, plan: list[list[tuple[Indices, Indices, Indices]]]
) -> Parts:
    variances, errors = np.empty((2, len(plan), fits.n))
    at = 0
    for t, folds in enumerate(plan):
        for _, _, test in folds:
            a, b = found[at, test], found[at + 1, test]
            variances[t, test] = 0.5 * np.square(a - b).mean(axis=1)
            errors[t, test] = 0.5 * (np.square(a) + np.square(b)).mean(axis=1)
            at += 2
    share = fits.weights / fits.weights.sum()
    lack = (variances @ share).std(ddof=1) / np.sqrt(len(plan))
    return _parts(variances.mean(axis=0), errors.mean(axis=0), fits.weights, float(lack))


def _parts(variances: Vector, errors: Vector, weights: Vector, lack: float) -> Parts:
    """Means over rows; their errors from the spread over rows and, for the variance, from too few replicates."""

    def mean(values: Vector, more: float) -> tuple[float, float]:
        return float(weights @ values / weights.sum()), float(
            np.sqrt(variance_of_mean(values, weights) + more**2)
        )

    return Parts(mean(errors - variances, lack), mean(variances, lack), mean(errors, 0.0))

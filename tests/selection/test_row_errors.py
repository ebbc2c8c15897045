from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from regularfit.designs import Imputed
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.penalties import L1
from regularfit.selection import make_folds
from regularfit.selection.row_errors import row_errors

N, P = 40, 6
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, P)) * (RNG.random((N, P)) < 0.7)
Y = X[:, 0] + RNG.normal(size=N)
OFFSET = RNG.normal(size=N)
FOLDS = make_folds(4, N, random_state=0)


def fitted(X):
    problem = make_problem(X, Y, offset=OFFSET)
    grid = strength_grid(problem, L1(), 8, 1e-2)
    [results] = fit_lanes(
        problem, [L1()], [grid], [Lane(train, (test,), keep=True) for train, test in FOLDS], threads=1
    )
    return problem, results


def with_gaps(X):
    return Imputed(np.where(np.random.default_rng(1).random(X.shape) < 0.1, np.nan, X))


@pytest.mark.parametrize(
    "storage", [np.asarray, np.asfortranarray, sparse.csr_array, sparse.csc_array, with_gaps]
)
def test_their_fold_means_are_the_scores_of_the_engine(storage):
    problem, results = fitted(storage(X))
    indices = [0, 3, 7, 99]  # beyond the end of a path: its last model
    errors = row_errors(problem, FOLDS, results, indices)
    for k, (_, test) in enumerate(FOLDS):
        assert errors[test].mean() == pytest.approx(results[k].scores[min(indices[k], 7), 0], rel=1e-6)


def test_rows_one_by_one():
    problem, results = fitted(X)
    errors = row_errors(problem, FOLDS, results, [5] * 4)
    for k, (_, test) in enumerate(FOLDS):
        path = results[k].path
        for i in test:
            assert errors[i] == pytest.approx(
                (Y[i] - OFFSET[i] - path.intercepts[5] - X[i] @ path.coefs[5]) ** 2
            )

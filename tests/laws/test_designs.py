"""However X is stored, the answer is the same: ordering, precision, sparsity, permuted columns and rows."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.lockstep import Lane, fit_lanes, strength_grid
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.truth import make_data


def holed(data):
    """The same data with half of X zero, and exact in float32."""
    X = np.where(np.random.default_rng(0).random(data.X.shape) < 0.5, 0.0, data.X)
    return data.but(X=X.astype(np.float32).astype(np.float64))


STORED = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
    "float32": lambda X: X.astype(np.float32),
    "csc": sparse.csc_array,
    "csr": sparse.csr_array,
    "coo": sparse.coo_array,
    "csr float32": lambda X: sparse.csr_array(X.astype(np.float32)),
}
SHAPES = {"tall": (60, 6), "wide": (15, 320)}  # the Gram matrix; working sets
CASES = [
    ("squared", L1()),
    ("squared", ElasticNet(0.5).nonnegative()),
    ("squared", L2()),
    ("logistic", L1()),
    ("logistic", L2()),
]


def fit(data, X, penalty, grid):
    n = data.n
    lanes = [Lane(np.arange(n), keep=True), Lane(np.arange(n // 3, n), (np.arange(n // 3),), keep=True)]
    [found] = fit_lanes(data.problem(X), [penalty], [grid], lanes, tol=1e-10, threads=1)
    return found


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("loss", "penalty"), CASES, ids=lambda x: str(x))
@pytest.mark.parametrize("intercept", [True, False])
def test_the_same_path_and_the_same_scores(loss, penalty, shape, stored, intercept):
    data = holed(make_data(*SHAPES[shape], loss=loss)).but(intercept=intercept)
    grid = strength_grid(data.problem(), penalty, 4, 0.1)
    expected, found = fit(data, data.X, penalty, grid), fit(data, STORED[stored](data.X), penalty, grid)
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_allclose(b.path.coefs, a.path.coefs, atol=2e-6)
        np.testing.assert_allclose(b.path.intercepts, a.path.intercepts, atol=2e-6)
        np.testing.assert_allclose(b.scores, a.scores, rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [np.asfortranarray, sparse.csc_array])
@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_columns_and_rows_in_any_order(loss, kind, shape):
    data = holed(make_data(*SHAPES[shape], loss=loss))
    rng = np.random.default_rng(1)
    rows, cols = rng.permutation(data.n), rng.permutation(data.X.shape[1])
    grid = strength_grid(data.problem(), L1(), 4, 0.1)
    mixed = data.rows(rows)
    whole = [Lane(np.arange(data.n), keep=True)]
    [[a]] = fit_lanes(data.problem(), [L1()], [grid], whole, tol=1e-10)
    [[b]] = fit_lanes(mixed.problem(kind(mixed.X[:, cols])), [L1()], [grid], whole, tol=1e-10)
    np.testing.assert_allclose(b.path.coefs, a.path.coefs[:, cols], atol=2e-6)


def test_true_float32_data_differ_by_its_rounding_only():
    data = make_data(60, 6)
    grid = strength_grid(data.problem(), L1(), 5, 0.01)
    whole = [Lane(np.arange(60), keep=True)]
    [[a]] = fit_lanes(data.problem(), [L1()], [grid], whole)
    [[b]] = fit_lanes(data.problem(data.X.astype(np.float32)), [L1()], [grid], whole)
    np.testing.assert_allclose(b.path.coefs, a.path.coefs, atol=1e-5)
    assert (a.path.coefs != b.path.coefs).any()

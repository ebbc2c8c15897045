"""Ridge of other losses with more columns than rows: rotation gives what Newton's method gives on all columns."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.designs import SparseColumns
from regularfit.lockstep import Lane
from regularfit.lockstep.newton import fit_newton
from regularfit.lockstep.ridge_rotated import fit_rotated, short
from regularfit.penalties import L2
from tests.lockstep.test_ridge_lanes import GRID, LANES, OPTIONS, with_a_constant_column
from tests.lockstep.truth import drive, make_data


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("factors", [np.ones(20), np.linspace(0.5, 2, 20)], ids=["plain", "factors"])
def test_rotation_equals_newton_on_all_columns(options, factors):
    data = with_a_constant_column(make_data(12, 20, 1, "logistic")).but(**options)
    penalty, lanes = L2().weighted(factors), LANES[:2]
    rotated = drive(fit_rotated, data.problem(), penalty, GRID, lanes, tol=1e-8)
    plain = drive(fit_newton, data.problem(), penalty, GRID, lanes, tol=1e-8)
    for a, b in zip(rotated, plain, strict=True):
        assert a.converged.all()
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-5)
        np.testing.assert_allclose(a.path.intercepts, b.path.intercepts, atol=1e-5)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-5)


def test_lanes_that_are_not_kept_have_scores_alone():
    problem = make_data(12, 20, loss="logistic").problem()
    [fit] = drive(fit_rotated, problem, L2(), GRID, [Lane(np.arange(9), (np.arange(9, 12),))])
    assert fit.path is None
    assert np.isfinite(fit.scores).all()


def test_columns_that_are_all_constant_leave_the_null_model():
    data = make_data(12, 20, loss="logistic", weighted=False, shifted=False)
    data.X[:] = 2.0
    [fit] = drive(fit_rotated, data.problem(), L2(), GRID)
    assert fit.converged.all()
    assert not fit.path.coefs.any()
    chance = data.y.mean()
    np.testing.assert_allclose(fit.path.intercepts, np.log(chance / (1 - chance)), atol=1e-4)


@pytest.mark.parametrize("loss", ["poisson", "logistic"])
def test_few_sparse_rows_are_rotated_and_find_what_dense_ones_do(loss):
    data = make_data(12, 20, 1, loss)
    data.X[data.X < 0.5] = 0.0
    thin, whole = data.problem(sparse.csc_matrix(data.X)), data.problem()
    ours, theirs = (drive(fit_rotated, each, L2(), GRID, LANES[:2], tol=1e-9) for each in (thin, whole))
    for a, b in zip(ours, theirs, strict=True):
        assert a.converged.all()
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-5)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-5)


def test_rows_that_are_nearly_empty_are_not_rotated():
    assert not short(SparseColumns(sparse.random(300, 400, 0.01, random_state=0)))
    assert short(SparseColumns(sparse.random(100, 400, 0.1, random_state=0)))

"""Lanes that the core takes down their strengths: sparse columns, losses written in Python, paths that end early."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.lockstep import Lane, strength_grid
from regularfit.lockstep.newton import fit_newton
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.truth import drive, make_data


@pytest.mark.parametrize("penalty", [L1(), ElasticNet(0.5), L2()], ids=repr)
@pytest.mark.parametrize("intercept", [True, False])
def test_coordinate_descent_on_sparse_columns_equals_the_dense_road(penalty, intercept):
    data = make_data(40, 520, loss="logistic").but(intercept=intercept)
    data = data.but(X=np.where(np.random.default_rng(0).random(data.X.shape) < 0.2, data.X, 0.0))
    problem = data.problem()
    grid = strength_grid(problem, penalty, 4, 0.1)
    lanes = [Lane(np.arange(40), keep=True), Lane(np.arange(30), (np.arange(30, 40),), keep=True)]
    by_columns = data.problem(sparse.csc_array(data.X))
    for a, b in zip(
        *(drive(fit_newton, one, penalty, grid, lanes, tol=1e-8) for one in (problem, by_columns)),
        strict=True,
    ):
        assert b.converged.all()
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-5)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-5)



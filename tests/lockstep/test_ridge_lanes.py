"""Ridge where the Gram matrix is too large: kernel and iteration give the slow answer on every lane."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.lockstep import Lane
from regularfit.lockstep import ridge_lanes as module
from regularfit.lockstep.ridge_lanes import fit_ridge
from regularfit.penalties import L2
from tests.lockstep.truth import drive, make_data, objective, slow_fit

GRID = [3.0, 0.3, 0.03]
OPTIONS = [{}, {"intercept": False}, {"standardize": False}, {"intercept": False, "standardize": False}]
LANES = [
    Lane(np.arange(12), keep=True),
    Lane(np.arange(4, 12), (np.arange(4), np.arange(6)), keep=True),
    Lane(np.array([0, 0, 1, 5, 5, 5, 7, 8]), (np.array([3]),), keep=True),
]
PENALTIES = [L2(), L2().weighted([0.0, 2.0, np.inf] + [1.0] * 17)]


def with_a_constant_column(data):
    data.X[:, 6] = 3.0
    data.X[4:, 7] = 1.0  # constant in the second lane only: others must not lose it
    return data


@pytest.mark.parametrize("road", ["kernel", "iteration", "sparse"])
@pytest.mark.parametrize("penalty", PENALTIES, ids=["plain", "factors"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_lane_is_a_ridge_of_its_own_rows(options, penalty, road, monkeypatch):
    if road == "iteration":
        monkeypatch.setattr(module, "KERNEL_ROWS", 0)
    data = with_a_constant_column(make_data(12, 20)).but(**options)
    problem = data.problem(sparse.csc_array(data.X) if road == "sparse" else None)
    for lane, fit in zip(LANES, drive(fit_ridge, problem, penalty, GRID, LANES, tol=1e-9), strict=True):
        own = data.rows(lane.train)
        assert fit.converged.all()
        for k, s in enumerate(GRID):
            coef, intercept = slow_fit(own, penalty, s)
            np.testing.assert_allclose(fit.path.coefs[k], coef, atol=2e-4)
            got = objective(own, penalty, s, fit.path.coefs[k], fit.path.intercepts[k])
            assert got - objective(own, penalty, s, coef, intercept) <= (fit.gaps[k] + 1e-12) * got
            for group, rows in enumerate(lane.tests):
                eta = data.offset[rows] + intercept + data.X[rows] @ coef
                w = data.weight[rows] / data.weight[rows].sum()
                assert fit.scores[k, group] == pytest.approx(w @ (data.y[rows] - eta) ** 2, rel=1e-3)


def test_lanes_that_are_not_kept_have_scores_alone():
    [fit] = drive(
        fit_ridge, make_data(12, 20).problem(), L2(), GRID, [Lane(np.arange(9), (np.arange(9, 12),))]
    )
    assert fit.path is None
    assert np.isfinite(fit.scores).all()


def test_degrees_of_freedom_of_the_kernel_road_are_the_trace_of_the_hat_matrix():
    data = make_data(12, 20, weighted=False).but(standardize=False)
    [fit] = drive(fit_ridge, data.problem(), L2(), GRID)
    Z = data.X - data.X.mean(axis=0)
    for s, df in zip(GRID, fit.path.df, strict=True):
        assert df == pytest.approx(np.trace(Z @ np.linalg.solve(Z.T @ Z + 12 * s * np.eye(20), Z.T)))

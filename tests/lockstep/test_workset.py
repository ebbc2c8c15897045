"""Working sets: the same as all columns at once, on columns never needed before, with candidates side by side."""

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet as SklearnElasticNet

from regularfit.lockstep import Lane, strength_grid
from regularfit.lockstep import workset as module
from regularfit.lockstep.threads import workers
from regularfit.lockstep.work import Work
from regularfit.lockstep.workset import fit_workset, stack
from regularfit.penalties import L1, ElasticNet
from tests.lockstep.truth import drive, make_data


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_equals_scikit_learn_with_more_columns_than_rows(ratio):
    data = make_data(30, 400, weighted=False, shifted=False).but(standardize=False)
    penalty = ElasticNet(ratio)
    grid = strength_grid(data.problem(), penalty, 25, 0.05)
    [fit] = drive(fit_workset, data.problem(), penalty, grid)
    for k in (5, 24):
        peer = SklearnElasticNet(alpha=grid[k], l1_ratio=ratio, tol=1e-12, max_iter=10**6).fit(data.X, data.y)
        np.testing.assert_allclose(fit.path.coefs[k], peer.coef_, atol=1e-6)
        assert fit.path.intercepts[k] == pytest.approx(peer.intercept_, abs=1e-5)


def test_a_sudden_jump_down_the_grid_misses_no_column():
    data = make_data(60, 400)
    [top] = strength_grid(data.problem(), L1(), 1)
    [slowly] = drive(fit_workset, data.problem(), L1(), top * np.geomspace(1, 0.05, 30))
    [at_once] = drive(fit_workset, data.problem(), L1(), [0.05 * top])
    assert (at_once.path.coefs[0] != 0).sum() > 20
    np.testing.assert_allclose(at_once.path.coefs[0], slowly.path.coefs[-1], atol=1e-8)


def test_prediction_of_columns_costs_nothing_but_time(monkeypatch):
    data = make_data(30, 350)
    grid = strength_grid(data.problem(), L1(), 10, 0.1)
    [expected] = drive(fit_workset, data.problem(), L1(), grid)
    monkeypatch.setattr(
        module.Front, "wanted", lambda front: np.setdiff1d(front.pending, front.columns).astype(np.int64)
    )
    [found] = drive(fit_workset, data.problem(), L1(), grid)  # violators alone bring columns in
    np.testing.assert_allclose(found.path.coefs, expected.path.coefs, atol=1e-8)


def test_progress_adds_up_to_all_strengths_of_all_lanes_and_candidates():
    data, seen = make_data(20, 320), []
    grids = [np.geomspace(0.5, 0.1, 7), np.geomspace(0.5, 0.2, 4)]
    lanes = [Lane(np.arange(20)), Lane(np.arange(15), (np.arange(15, 20),))]
    with workers(1) as team:
        found = fit_workset(
            Work(data.problem(), [L1(), ElasticNet(0.5)], grids, lanes, 1e-7, team, seen.append)
        )
    assert sum(seen) == 2 * 11
    assert [[r.scores.shape for r in row] for row in found] == [[(7, 0), (7, 1)], [(4, 0), (4, 1)]]
    assert all(r.path is None for row in found for r in row)


def test_rows_become_a_sparse_matrix():
    rows = [
        (np.array([2]), np.array([1.5])),
        (np.empty(0, np.int64), np.empty(0)),
        (np.array([3, 0]), np.array([1.0, 2])),
    ]
    np.testing.assert_array_equal(stack(rows, 4).toarray(), [[0, 0, 1.5, 0], [0, 0, 0, 0], [2, 0, 0, 1]])
    assert stack([], 3).shape == (0, 3)

"""Full-Gram mode: batches of lanes, held-out errors without another pass."""

import numpy as np
import pytest

from regularfit.lockstep import Lane
from regularfit.lockstep.engine import fit_lanes
from regularfit.lockstep.gram import _batches, fit_gram, suits_gram
from regularfit.lockstep.shared import Shared
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.truth import drive, make_data


@pytest.mark.parametrize("intercept", [True, False])
def test_a_column_that_lives_in_the_fold_left_out_loses_no_digits(intercept):
    data = make_data(40, 3).but(intercept=intercept)
    data.X[:10, 0] *= 1e7  # subtracting the fold's part would leave rounding only
    folds = np.array_split(np.arange(40), 4)
    lanes = [Lane(np.setdiff1d(np.arange(40), f), (f,), keep=True) for f in folds]
    [first, *_] = drive(fit_gram, data.problem(), L1(), [0.05], lanes)
    [alone] = drive(fit_gram, data.rows(lanes[0].train).problem(), L1(), [0.05])
    np.testing.assert_allclose(first.path.coefs, alone.path.coefs, rtol=1e-6)


@pytest.mark.parametrize("penalty", [L1(), L2()], ids=repr)
def test_a_score_of_ones_own_sees_eta_and_weights_and_equals_the_own_one(penalty):
    data, lane = make_data(30), Lane(np.arange(20), (np.arange(20, 30),))

    def score(y, eta, w):
        assert y.shape == eta.shape == w.shape == (10,)
        return float(w @ (y - eta) ** 2 / w.sum())

    [own] = drive(fit_gram, data.problem(), penalty, [0.5, 0.05], [lane], score=score)
    [built_in] = drive(fit_gram, data.problem(), penalty, [0.5, 0.05], [lane])
    np.testing.assert_allclose(own.scores, built_in.scores)
    assert own.path is None


def test_which_shapes_suit_it():
    lanes = [Lane(np.arange(5))]
    assert suits_gram(make_data(5, 300).problem(), lanes)
    assert suits_gram(make_data(400, 350).problem(), lanes)
    assert not suits_gram(make_data(5, 301).problem(), lanes)


@pytest.mark.parametrize(
    "penalty",
    [L1(), L2(), ElasticNet(0.4), L1().bounded(-0.3, 0.2), L1().weighted([0.0, 1.0, 2.0, 1.0])],
    ids=repr,
)
@pytest.mark.parametrize("constant", [False, True])
def test_a_batch_of_lanes_equals_each_alone(penalty, constant):
    data = make_data(40, 4)
    if constant:
        data.X[10:, 3] = 1.0  # in the first lane only, so the lanes' terms differ
    folds = np.array_split(np.arange(40), 4)
    lanes = [
        Lane(np.setdiff1d(np.arange(40), f), (f, folds[0][:3]), keep=k == 1, without=(f,) if k else None)
        for k, f in enumerate(folds)
    ]
    grid = [0.5, 0.1, 0.02]
    together = drive(fit_gram, data.problem(), penalty, grid, lanes)
    for k, lane in enumerate(lanes):
        [alone] = drive(fit_gram, data.problem(), penalty, grid, [Lane(lane.train, lane.tests, keep=True)])
        np.testing.assert_allclose(together[k].scores, alone.scores, rtol=1e-9)
        np.testing.assert_allclose(together[k].kkt, alone.kkt, atol=1e-9)
        assert together[k].converged.all()
        X, y = data.X[folds[k]], data.y[folds[k]]
        eta = X @ alone.path.coefs.T + alone.path.intercepts + data.offset[folds[k], None]
        w = data.problem().sample_weight[folds[k]]
        np.testing.assert_allclose(together[k].scores[:, 0], w @ (y[:, None] - eta) ** 2 / w.sum(), rtol=1e-9)
        if lane.keep:
            np.testing.assert_allclose(together[k].path.coefs, alone.path.coefs, atol=1e-9)
        else:
            assert together[k].path is None


def test_batches_use_all_threads_and_fit_in_the_cache():
    assert [len(b) for b in _batches(50, 11, 4)] == [3, 3, 3, 2]
    assert _batches(4000, 3, 1) == [[0], [1], [2]]
    assert [k for batch in _batches(100, 175, 1) for k in batch] == list(range(175))


def test_calls_that_share_read_X_once():
    data = make_data(40, 4)
    problem = data.problem()
    folds = np.array_split(np.arange(40), 4)
    lanes = [Lane(np.setdiff1d(np.arange(40), f), (f,), without=(f,)) for f in folds]
    shared = Shared(problem)
    grid = np.array([0.5, 0.1])
    [first] = fit_lanes(problem, [L1()], [grid], lanes, threads=1, shared=shared)
    kept = shared.seen
    data.X[:] = np.nan  # a second look would see this
    [second] = fit_lanes(problem, [L1()], [grid], lanes[:2] + lanes[2:], threads=1, shared=shared)
    assert shared.seen is kept
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.scores, b.scores)
    with pytest.raises(ValueError, match="one problem"):
        fit_lanes(make_data(40, 4).problem(), [L1()], [grid], lanes, threads=1, shared=shared)

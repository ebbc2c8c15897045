"""One call: the road that fits, answers in the order of the question, progress, groups of lanes, own scores."""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from regularfit.designs import Imputed
from regularfit.lockstep import Lane, engine, fit_lanes, roads, strength_grid
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.test_proximal import Norm
from tests.lockstep.truth import make_data

EVERY = [Lane(np.arange(20), keep=True)]


@pytest.mark.parametrize(
    ("shape", "loss", "kind", "penalty", "road"),
    [
        ((20, 5), "squared", np.asarray, L1(), "fit_gram"),
        ((20, 5), "squared", np.asarray, L2(), "fit_gram"),
        ((20, 5), "squared", sparse.csr_array, L1(), "fit_gram"),
        ((20, 301), "squared", np.asarray, L1(), "fit_workset"),
        ((20, 301), "squared", np.asarray, L2().nonnegative(), "fit_workset"),
        ((20, 301), "squared", np.asarray, L2(), "fit_ridge"),
        ((20, 301), "squared", sparse.csr_array, L2(), "fit_ridge"),
        ((20, 5), "logistic", np.asarray, L2(), "fit_newton"),
        ((20, 30), "logistic", np.asarray, L2(), "fit_rotated"),
        ((20, 30), "logistic", Imputed, L2(), "fit_rotated"),
        ((20, 30), "logistic", sparse.csr_array, L2(), "fit_newton"),
        ((20, 600), "logistic", sparse.csr_array, L2(), "fit_two_classes"),
        ((20, 600), "poisson", sparse.csr_array, L2(), "fit_rotated"),
        ((20, 30), "logistic", np.asarray, L2().weighted([0.0] + [1.0] * 29), "fit_newton"),
        ((20, 30), "logistic", np.asarray, ElasticNet(0.5), "fit_newton"),
        ((20, 5), "squared", np.asarray, Norm(), "fit_user"),
        ((20, 5), "logistic", np.asarray, Norm(), "fit_user"),
    ],
)
def test_the_road(shape, loss, kind, penalty, road):
    data = make_data(*shape, loss=loss)
    assert roads.road_of(data.problem(kind(data.X)), penalty, EVERY).__name__ == road


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("p", [4, 310])
def test_answers_come_in_the_order_of_the_question(loss, p):
    problem = make_data(20, p, loss=loss).problem()
    chosen = [L2(), L1(), Norm(), ElasticNet(0.5)]
    grids = [strength_grid(problem, one, 3 + k, 0.2) for k, one in enumerate(chosen)]
    lanes = [*EVERY, Lane(np.arange(15), (np.arange(15, 20),))]
    seen = []
    found = fit_lanes(problem, chosen, grids, lanes, progress=lambda *now: seen.append(now))
    for one, grid, (whole, fold) in zip(chosen, grids, found, strict=True):
        [[alone]] = fit_lanes(problem, [one], [grid], EVERY)
        np.testing.assert_allclose(whole.path.coefs, alone.path.coefs, atol=1e-5)
        assert fold.scores.shape == (len(grid), 1)
        assert fold.path is None
    total = 2 * (3 + 4 + 5 + 6)
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_groups_of_lanes_that_fit_memory_change_nothing(loss, monkeypatch):
    problem = make_data(20, 310, loss=loss).problem()
    grid = strength_grid(problem, L1(), 5, 0.2)
    lanes = [Lane(np.delete(np.arange(20), i), (np.array([i]),)) for i in range(7)]
    [expected] = fit_lanes(problem, [L1()], [grid], lanes, tol=1e-9)
    monkeypatch.setattr(engine, "GROUP_BYTES", 0.0)
    [found] = fit_lanes(problem, [L1()], [grid], lanes, tol=1e-9)
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-6)


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize(("p", "penalty"), [(4, L1()), (4, L2()), (310, L1()), (310, L2()), (4, Norm())])
def test_a_score_of_ones_own_on_every_road(p, penalty, loss):
    data = make_data(20, p, loss=loss)
    rows = np.arange(12, 20)
    lane = Lane(np.arange(12), (rows,), keep=True)

    def score(y, eta, w):
        np.testing.assert_array_equal(y, data.y[rows])
        return float(eta @ w / w.sum())

    [[fit]] = fit_lanes(data.problem(), [penalty], [[0.3, 0.1]], [lane], score=score)
    eta = data.X[rows] @ fit.path.coefs.T + fit.path.intercepts + data.offset[rows, None]
    w = data.weight[rows] / data.weight[rows].sum()
    np.testing.assert_allclose(fit.scores[:, 0], w @ eta, atol=1e-9)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("p", [4, 310])
def test_the_number_of_threads_does_not_change_the_answer(threads, p):
    problem = make_data(20, p).problem()
    grid = strength_grid(problem, L1(), 5, 0.2)
    [[a]] = fit_lanes(problem, [L1()], [grid], EVERY, threads=threads)
    [[b]] = fit_lanes(problem, [L1()], [grid], EVERY, threads=2)
    np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-10)


def test_newton_lanes_of_many_rows_hold_no_more_than_is_reckoned_with():
    data = make_data(20_000, 20, loss="poisson")
    problem, fold = data.problem(), np.arange(20_000) % 6
    lanes = [Lane(np.flatnonzero(fold != k), (np.flatnonzero(fold == k),)) for k in range(6)]
    grid = strength_grid(problem, L1(), 20, 0.01)
    tracemalloc.start()
    try:
        fit_lanes(problem, [L1()], [grid], lanes, threads=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    reckoned = engine._lane_bytes(roads.fit_newton, problem, 1)
    assert reckoned < 0.6 * engine._lane_bytes(roads.fit_workset, problem, 1)
    assert peak < 1.05 * len(lanes) * reckoned + 3 * problem.design.nbytes

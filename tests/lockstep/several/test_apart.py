"""Multinomial lanes in the core: which fits go there, and what only that road can get wrong.

That its solutions are the best there are is under test in ``test_newton.py``, for both roads.
"""

import numpy as np
import pytest
from scipy import sparse

import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.lockstep.several import apart, entry
from regularfit.lockstep.several.frame import frame_of

RNG = np.random.default_rng(5)


def drawn(n, p, K):
    X = RNG.normal(size=(n, p))
    return X, (X[:, :3] @ RNG.normal(size=(3, K)) + RNG.gumbel(size=(n, K))).argmax(axis=1).astype(float)


def both_roads(monkeypatch, penalty, X, codes, grid, tol=1e-10):
    """The same path by the core and by the rounds in lockstep."""
    problem = make_problem(X, codes, "multinomial")
    found = []
    for core in (True, False):
        monkeypatch.setattr(entry, "suits_core", lambda frame, core=core: core)
        lane = Lane(np.arange(problem.n), keep=True)
        found.append(fit_lanes(problem, [penalty], [grid], [lane], tol=tol)[0][0].path)
    return found


@pytest.mark.parametrize(
    ("n", "p", "K"), [(60, 200, 3), (400, 30, 9), (50, 3, 2)], ids=["wide", "many classes", "two classes"]
)
@pytest.mark.parametrize(
    "penalty",
    [rf.L1(), rf.ElasticNet(0.5), rf.L1().across_outputs(), rf.ElasticNet(0.8).across_outputs()],
    ids=repr,
)
def test_an_old_hessian_that_grows_finds_the_same(penalty, n, p, K, monkeypatch):
    X, codes = drawn(n, p, K)
    problem = make_problem(X, codes, "multinomial")
    core, together = both_roads(monkeypatch, penalty, X, codes, strength_grid(problem, penalty, 25, 0.05))
    assert core.gaps.max() <= 1e-10
    assert together.gaps.max() <= 1e-10
    eta, other = core.predict_eta(X), together.predict_eta(X)
    np.testing.assert_allclose(
        eta, other, atol=1e-3
    )  # a gap of 1e-10 lets flat predictors differ by its root
    np.testing.assert_allclose(core.deviance_ratio, together.deviance_ratio, atol=1e-6)


def test_free_columns_that_repeat_each_other_are_no_harm(monkeypatch):
    X, codes = drawn(80, 5, 3)
    X[:, 1] = 2 * X[:, 0]  # two unpenalised columns that say the same
    penalty = rf.L1().weighted([0, 0, 1, 1, 1])
    core, together = both_roads(monkeypatch, penalty, X, codes, np.array([0.1, 0.03]))
    assert core.gaps.max() <= 1e-10
    np.testing.assert_allclose(core.predict_eta(X), together.predict_eta(X), atol=1e-3)


def test_small_sparse_columns_go_to_the_core_as_well():
    X, codes = drawn(60, 8, 3)
    frames = [
        frame_of(make_problem(store(X), codes, "multinomial"), rf.L1())
        for store in (np.array, sparse.csr_matrix)
    ]
    assert all(apart.suits_core(frame) for frame in frames)


@pytest.mark.parametrize(
    ("penalty", "n", "p", "suits"),
    [(rf.L1(), 100, 200, True), (rf.L2(), 100, 200, False), (rf.L1(), 10_001, 100, False)],
    ids=["sparse answer", "every coefficient in", "beyond the cache"],
)
def test_size_chooses_the_road(penalty, n, p, suits):
    problem = make_problem(
        np.zeros((n, p)) + np.arange(p) + np.arange(n)[:, None] % 7, np.arange(n) % 3.0, "multinomial"
    )
    assert apart.suits_core(frame_of(problem, penalty)) is suits


def test_a_lane_that_is_interrupted_keeps_what_it_has():
    X, codes = drawn(60, 6, 3)
    problem = make_problem(X, codes, "multinomial")
    grid = strength_grid(problem, rf.L1(), 60)
    lane = Lane(np.arange(60), keep=True)
    whole = fit_lanes(problem, [rf.L1()], [grid], [lane], threads=1)[0][0].path

    def stop(done, total):
        if 0 < done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        fit_lanes(problem, [rf.L1()], [grid], [lane], threads=1, progress=stop)
    part = caught.value.partial[0][0].path
    assert 0 < len(part.strengths) < 60
    assert "interrupted" in part.ended
    np.testing.assert_array_equal(part.coefs, whole.coefs[: len(part.strengths)])

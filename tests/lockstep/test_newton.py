"""Newton lanes: scikit-learn's numbers, hard starts, shared Hessians, sparse columns, steps that go too far."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from regularfit.lockstep import Lane, strength_grid
from regularfit.lockstep.newton import NewtonRounds, fit_newton, violations
from regularfit.penalties import L1, L2, ElasticNet
from regularfit.penalties.coordinates import Coordinates
from tests.lockstep.truth import drive, make_data, objective, slow_fit


@pytest.mark.parametrize(("penalty", "ratio"), [(L1(), 1.0), (L2(), 0.0), (ElasticNet(0.5), 0.5)])
def test_equals_scikit_learn(penalty, ratio):
    data = make_data(80, 6, loss="logistic", shifted=False).but(standardize=False)
    s, n = 0.03, data.weight.sum()
    peer = LogisticRegression(
        l1_ratio=ratio, C=1 / (s * n), solver="saga" if ratio else "lbfgs", tol=1e-10, max_iter=100_000
    ).fit(data.X, data.y, data.weight)
    [fit] = drive(fit_newton, data.problem(), penalty, [s])
    np.testing.assert_allclose(fit.path.coefs[0], peer.coef_[0], atol=1e-5)
    np.testing.assert_allclose(fit.path.intercepts[0], peer.intercept_[0], atol=1e-5)


@pytest.mark.parametrize("offset", [0.0, 12.0])
def test_a_start_where_every_class_seems_certain_is_overcome(offset):
    data = make_data(50, 4, 1, loss="logistic")
    data = data.but(offset=offset * np.sign(data.offset), X=20 * data.X)
    for s in (0.3, 0.01):
        [fit] = drive(fit_newton, data.problem(), L1(), [s], tol=1e-8)
        assert fit.converged.all()
        got = objective(data, L1(), s, fit.path.coefs[0], fit.path.intercepts[0])
        assert got == pytest.approx(objective(data, L1(), s, *slow_fit(data, L1(), s)), rel=1e-7)


def folds(n, k=4):
    parts = np.array_split(np.random.default_rng(0).permutation(n), k)
    return [Lane(np.setdiff1d(np.arange(n), part), (part,), keep=True) for part in parts]


def test_hessians_that_folds_share_change_nothing(monkeypatch):
    data = make_data(120, 5, loss="logistic")
    grid, lanes, calls = strength_grid(data.problem(), L1(), 6, 0.01), folds(120), []
    shared = NewtonRounds._shared_hessians
    monkeypatch.setattr(
        NewtonRounds, "_shared_hessians", lambda self, w: (calls.append(1), shared(self, w))[1]
    )
    together = drive(fit_newton, data.problem(), L1(), grid, lanes, tol=1e-9)
    assert calls
    for lane, fit in zip(lanes, together, strict=True):
        [alone] = drive(fit_newton, data.problem(), L1(), grid, [lane], tol=1e-9)
        np.testing.assert_allclose(fit.path.coefs, alone.path.coefs, atol=1e-6)
        np.testing.assert_allclose(fit.scores, alone.scores, rtol=1e-6)


def test_the_hessian_of_a_fold_from_blocks_is_its_own():
    data = make_data(200, 4, loss="logistic")
    lanes = folds(200)
    rounds = NewtonRounds(
        data.problem(), [L1().coordinates(4)], [np.array([0.1])], lanes, 1e-7, _Team(), None
    )
    for front in rounds.all:
        front.pending = [0, 1, 2, 3]
        rounds._admit(front)
    got, direct, eta = [], [], data.offset
    batches = rounds._open(rounds.all)
    rounds._install = lambda batch, H: got.append(np.array(H))
    rounds._shared_hessians([(batch, eta) for batch in batches])
    for batch in batches:
        bend = data.problem().loss.curvature(data.y, eta) * batch.front.weights
        direct.append(rounds.columns.gram(bend, batch.positions))
    np.testing.assert_allclose(got, direct, rtol=1e-4, atol=1e-5)


class _Team:
    threads = 1

    def map(self, job, items):
        return map(job, items)


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


def test_violations_are_the_distances_that_the_penalty_knows():
    rng = np.random.default_rng(0)
    l1, l2 = np.array([1.0, 0.0, 2.0, np.inf, 1.0]), np.array([0.0, 1.0, 0.5, 0.0, 0.0])
    lower, upper = np.array([-0.5, -1.0, 0.0, -1, -np.inf]), np.array([0.5, np.inf, 1.0, 1, 0.0])
    for _ in range(50):
        b = np.clip(rng.integers(-2, 3, 5) / 2, lower, upper) * np.isfinite(l1)
        g, s = rng.standard_normal(5) * 2, 0.7
        form = Coordinates(
            np.where(np.isinf(l1), np.inf, s * np.where(np.isinf(l1), 0, l1)), s * l2, lower, upper
        )
        found = violations(b[None], g[None], np.array([s]), l1, l2, lower, upper)[0]
        assert found == pytest.approx(form.kkt(b, -g).max())


def test_mixing_of_steps_stays_inside_the_bounds():
    data = make_data(40, 5, 2, "logistic").but(intercept=False)
    penalty = ElasticNet(0.3).weighted([0, 1, 0, 1, np.inf]).bounded(-0.1, 0.3)
    [fit] = drive(fit_newton, data.problem(), penalty, np.geomspace(0.3, 0.003, 4), tol=1e-8)
    assert fit.path.coefs.min() == -0.1

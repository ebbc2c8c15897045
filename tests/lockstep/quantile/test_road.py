"""Paths of the pinball loss against HiGHS, CLARABEL and scikit-learn, over shapes, penalties and storages."""

import warnings

import cvxpy as cp
import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog
from sklearn.linear_model import QuantileRegressor

import regularfit as rf
from regularfit.errors import UnsupportedError
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.losses import Quantile

N, P = 60, 8


def rows(n=N, p=P, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * np.exp(rng.standard_normal(p)) + rng.standard_normal(p)
    return X, X[:, 0] - X[:, 1] + rng.standard_t(3, n)


def drive(problem, penalty, grid, lanes=None):
    lanes = lanes or [Lane(np.arange(problem.n), keep=True)]
    [found] = fit_lanes(problem, [penalty], [np.asarray(grid)], lanes)
    return found


def pinball(q, r):
    return np.maximum(q * r, (q - 1) * r)


@pytest.mark.parametrize(("n", "p"), [(60, 8), (40, 90), (700, 5)])
def test_the_lasso_path_is_the_linear_program_s(n, p):
    X, y = rows(n, p)
    problem = make_problem(X, y, Quantile(0.7), standardize=False)
    path = drive(problem, rf.L1(), strength_grid(problem, rf.L1(), 30, 0.02))[0].path
    assert path.gaps.max() <= 1e-9
    for k in (0, 3, 10, len(path) - 1):
        s, one = path.strengths[k], np.ones((n, 1))
        cost = np.concatenate([[0, 0], np.full(2 * p, s), np.full(n, 0.7 / n), np.full(n, 0.3 / n)])
        A = np.hstack([one, -one, X, -X, np.eye(n), -np.eye(n)])
        best = linprog(cost, A_eq=A, b_eq=y).fun
        own = (
            pinball(0.7, y - path.intercepts[k] - X @ path.coefs[k]).mean() + s * np.abs(path.coefs[k]).sum()
        )
        assert abs(own - best) <= 1e-9 * best


def test_a_strength_is_scikit_learn_s_alpha():
    X, y = rows()
    model = rf.PenalizedRegressor(rf.L1(), loss=Quantile(0.3), strength=0.05, standardize=False).fit(X, y)
    peer = QuantileRegressor(quantile=0.3, alpha=0.05, solver="highs").fit(X, y)
    np.testing.assert_allclose(model.coef_, peer.coef_, atol=1e-9)
    assert np.isclose(model.intercept_, peer.intercept_, atol=1e-9)


PENALTIES = [
    rf.L2(),
    rf.ElasticNet(0.5),
    rf.L1().weighted([1, 2, 0, np.inf, 1, 0.5, 1, 1]),
    rf.L1().nonnegative(),
    rf.ElasticNet(0.3).bounded(-0.2, 0.4),
    rf.L1(0.01).bounded(-1, 0),
    rf.L1().on([0, 1, 2, 3, 4]),
]


@pytest.mark.parametrize("storage", ["dense", "sparse", "float32"])
@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_every_penalty_is_clarabel_s(penalty, storage):
    X, y = rows(seed=3)
    X = np.round(X, 1).astype(np.float32).astype(float)
    rng = np.random.default_rng(5)
    w, offset = rng.choice([0.0, 0.5, 2.0], N), rng.standard_normal(N)
    stored = {"dense": X, "sparse": sparse.csr_array(X), "float32": X.astype(np.float32)}[storage]
    problem = make_problem(stored, y, Quantile(0.25), sample_weight=w, offset=offset)
    grid = strength_grid(problem, penalty, 12, 0.01)
    path = drive(problem, penalty, grid)[0].path
    assert path.converged.all()
    form, share = penalty.coordinates(P), w / w.sum()
    sd = np.sqrt(share @ (X - share @ X) ** 2)
    kept = np.isfinite(form.l1)
    l1 = np.where(kept, form.l1, 0.0)
    for k in (1, len(path) - 1):
        b, a = cp.Variable(P), cp.Variable()
        r, z = y - offset - X @ b - a, cp.multiply(b, sd)
        size = l1 @ cp.abs(z) + form.l2 @ cp.square(z) / 2
        low, high = np.maximum(form.lower, -1e3), np.minimum(form.upper, 1e3)
        within = [b >= low, b <= high, *([b[~kept] == 0] if not kept.all() else [])]
        task = cp.Problem(
            cp.Minimize(share @ cp.maximum(0.25 * r, -0.75 * r) + path.strengths[k] * size), within
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            task.solve(solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
        own, level = path.coefs[k], path.intercepts[k]
        value = share @ pinball(0.25, y - offset - X @ own - level)
        value += path.strengths[k] * (l1 @ np.abs(own * sd) + form.l2 @ (own * sd) ** 2 / 2)
        assert abs(value - task.value) <= 1e-7 * task.value
        assert (own >= form.lower).all()
        assert (own <= form.upper).all()


def test_a_fold_is_a_fit_of_its_own_rows():
    X, y = rows()
    problem = make_problem(X, y, Quantile(0.6))
    grid = strength_grid(problem, rf.L1(), 20)
    held = np.arange(N) % 5 == 0
    train, test = np.flatnonzero(~held), np.flatnonzero(held)
    [lane] = drive(problem, rf.L1(), grid, [Lane(train, (test,))])
    alone = drive(make_problem(X[train], y[train], Quantile(0.6)), rf.L1(), grid)[0].path
    eta = alone.predict_eta(X[test])
    np.testing.assert_allclose(lane.scores[:, 0], pinball(0.6, y[test, None] - eta).mean(axis=0), rtol=1e-9)


def test_weights_are_repeated_rows():
    X, y = rows()
    times = np.random.default_rng(1).integers(0, 4, N)
    whole = np.repeat(np.arange(N), times)
    grid = [0.2, 0.05, 0.01]
    weighted = drive(make_problem(X, y, Quantile(0.35), sample_weight=times), rf.L1(), grid)[0].path
    repeated = drive(make_problem(X[whole], y[whole], Quantile(0.35)), rf.L1(), grid)[0].path
    np.testing.assert_allclose(weighted.coefs, repeated.coefs, atol=1e-9)


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_units_do_not_matter(size):
    X, y = rows()
    plain = rf.fit_path(X, y, loss=Quantile(0.3), strengths=20)
    other = rf.fit_path(X * size, y / size, loss=Quantile(0.3), strengths=20)
    np.testing.assert_allclose(other.coefs * size**2, plain.coefs, rtol=1e-8, atol=1e-12)
    assert other.converged.all()


def test_rows_far_away_do_not_move_the_median():
    X, y = rows()
    wild = np.where(y > np.quantile(y, 0.9), y + 1e6, y)
    plain, other = (rf.fit_path(X[:, :1], t, strengths=[0.01], loss="quantile") for t in (y, wild))
    assert np.abs(other.coefs - plain.coefs).max() <= 0.5


def test_copied_columns_and_a_perfect_fit_are_proved():
    X, y = rows()
    path = rf.fit_path(np.column_stack([X, X[:, :3]]), y, loss=Quantile(0.5), strengths=20)
    assert path.converged.all()
    path = rf.fit_path(X, X[:, 0], loss=Quantile(0.5), strengths=10)
    assert path.converged.all()


def test_cross_validation_scores_by_the_held_out_pinball_loss():
    X, y = rows(200)
    model = rf.PenalizedRegressor(loss=Quantile(0.9), cv=5).fit(X, y)
    assert model.cv_.score_name == "mean pinball loss"
    assert 0.85 <= np.mean(y <= model.predict(X)) <= 0.95
    assert model.certificate_.converged


@pytest.mark.parametrize(
    "penalty", [rf.MCP(), rf.SCAD(), rf.SLOPE(), rf.Group([0, 0, 1, 1, 2, 2, 3, 3])], ids=repr
)
def test_other_penalties_are_refused_by_name(penalty):
    X, y = rows()
    for strength in (None, 0.1):
        with pytest.raises(UnsupportedError, match=rf"{type(penalty).__name__}.*Huber\(delta\)"):
            rf.PenalizedRegressor(penalty, loss="quantile", strength=strength).fit(X, y)


def test_a_saved_model_predicts_the_same(tmp_path):
    X, y = rows()
    model = rf.PenalizedRegressor(loss=Quantile(0.8), strength=0.1).fit(X, y)
    model.save(tmp_path / "q.rfit")
    again = rf.load(tmp_path / "q.rfit")
    assert again.loss == Quantile(0.8)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))

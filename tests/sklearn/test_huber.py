import numpy as np
import pytest
import sklearn.linear_model as theirs
from scipy import sparse
from scipy.optimize import minimize
from sklearn.linear_model._huber import _huber_loss_and_gradient

import regularfit as rf
import regularfit.sklearn as ours
from tests.sklearn.data import assert_same, both, diabetes, weights, wide

SHARP = {"max_iter": 100_000, "tol": 1e-10}


def packed(model):
    level = [model.intercept_] if model.fit_intercept else []
    return np.concatenate([model.coef_, level, [model.scale_]])


def judged(model, X, y, w):
    """scikit-learn's own function and gradient at a solution."""
    return _huber_loss_and_gradient(packed(model), X, y, model.epsilon, model.alpha, w)


def heavy(n=120, p=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X @ np.arange(p) + 2 + rng.standard_t(1.5, size=n)


@pytest.mark.parametrize("epsilon", [1.1, 1.35, 2.5])
@pytest.mark.parametrize("alpha", [0.0, 1e-4, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_their_gradient_vanishes_here(epsilon, alpha, weighted, fit_intercept):
    X, y = diabetes()
    w = weights(len(y)) if weighted else None
    params = {"epsilon": epsilon, "alpha": alpha, "fit_intercept": fit_intercept}
    mine, judge = both("HuberRegressor", params, X, y, w, SHARP)
    one = np.ones(len(y)) if w is None else w
    value, gradient = judged(mine, X, y, one)
    # the terms of the intercept's sum are of size w: 1e-6 of them is rounding through r / sigma and no more
    assert np.abs(gradient).max() < 1e-5
    assert value <= judged(judge, X, y, one)[0] * (1 + 1e-13)


def truth(model, X, y, w):
    """Their function at its minimum, which their own call leaves early (L-BFGS-B's ftol cannot be set there)."""
    start = np.zeros(X.shape[1] + 2)
    start[-1] = 1.0
    sharp = {"maxiter": 100_000, "maxfun": 1_000_000, "ftol": 0.0, "gtol": 1e-10}
    found = minimize(
        _huber_loss_and_gradient,
        start,
        jac=True,
        args=(X, y, model.epsilon, model.alpha, w),
        method="L-BFGS-B",
        bounds=[(None, None)] * (len(start) - 1) + [(1e-15, None)],
        options=sharp,
    )
    return found.x


@pytest.mark.parametrize("epsilon", [1.1, 1.35, 2.5])
@pytest.mark.parametrize("weighted", [False, True])
def test_equal_to_scikit_learn(epsilon, weighted):
    X, y = heavy()
    w = weights(len(y)) if weighted else np.ones(len(y))
    mine, judge = both("HuberRegressor", {"epsilon": epsilon}, X, y, w, SHARP)
    assert_same(mine, judge, ("coef_", "intercept_", "scale_"), 1e-3)
    assert_same(mine, judge, ("outliers_",), 0)
    np.testing.assert_allclose(packed(mine), truth(mine, X, y, w), rtol=1e-5)


def test_sparse_float32_and_wide():
    X, y = heavy()
    X = np.where(np.abs(X) > 0.5, X, 0)
    mine, judge = both("HuberRegressor", {}, sparse.csr_matrix(X), y, sharp=SHARP)
    assert_same(mine, judge, ("coef_", "intercept_", "scale_"), 1e-5)
    short = ours.HuberRegressor().fit(X.astype(np.float32), y.astype(np.float32))
    assert (
        short.coef_.dtype
        == theirs.HuberRegressor().fit(X.astype(np.float32), y.astype(np.float32)).coef_.dtype
    )
    np.testing.assert_allclose(short.coef_, judge.coef_, atol=1e-4)
    X, y = wide()
    mine, judge = both("HuberRegressor", {"alpha": 100.0}, X, y, sharp=SHARP)
    assert_same(mine, judge, ("coef_", "scale_"), 1e-3)
    one = np.ones(len(y))
    np.testing.assert_allclose(packed(mine), truth(mine, X, y, one), rtol=1e-5, atol=1e-7)
    assert judged(mine, X, y, one)[0] <= judged(judge, X, y, one)[0] * (1 + 1e-13)


def test_the_lane_with_this_scale_agrees():
    """A fit of the Huber loss with delta = epsilon * scale, by another road."""
    X, y = heavy()
    mine = ours.HuberRegressor(alpha=0.3).fit(X, y)
    path = rf.fit_path(
        X,
        y,
        rf.L2(),
        loss=rf.Huber(1.35 * mine.scale_),
        strengths=[0.3 * mine.scale_ / len(y)],
        standardize=False,
    )
    np.testing.assert_allclose(path.coefs[0], mine.coef_, rtol=1e-6)


def test_the_least_epsilon_is_least_absolute_deviations():
    """The scale then vanishes; linear programming is the truth."""
    from scipy.optimize import linprog

    X, y = heavy(60, 3)
    mine = ours.HuberRegressor(epsilon=1.0, alpha=0.0).fit(X, y)
    n, p = X.shape
    A = np.hstack([X, np.ones((n, 1)), np.eye(n), -np.eye(n)])
    cost = np.concatenate([np.zeros(p + 1), np.ones(2 * n)])
    best = linprog(cost, A_eq=A, b_eq=y, bounds=[(None, None)] * (p + 1) + [(0, None)] * 2 * n)
    reached = np.abs(y - mine.predict(X)).sum()
    assert reached <= best.fun * (1 + 1e-6)


def test_exact_data_and_rows_without_weight():
    X, y = heavy()
    exact = X @ np.arange(6.0) + 2
    mine = ours.HuberRegressor(alpha=0.0).fit(X, exact)
    np.testing.assert_allclose(mine.coef_, np.arange(6.0), atol=1e-8)
    w = np.r_[np.zeros(20), np.ones(100)]
    np.testing.assert_allclose(
        ours.HuberRegressor().fit(X, y, w).coef_, ours.HuberRegressor().fit(X[20:], y[20:]).coef_, rtol=1e-9
    )


def test_warm_start_changes_nothing():
    X, y = heavy()
    model = ours.HuberRegressor(warm_start=True, epsilon=2.0).fit(X, y).set_params(epsilon=1.35).fit(X, y)
    np.testing.assert_array_equal(model.coef_, ours.HuberRegressor().fit(X, y).coef_)

import numpy as np
import pytest
from scipy import sparse

import regularfit.sklearn as ours
from tests.sklearn.data import assert_same, both, weights

KEPT = ("coef_", "intercept_")
SHARP = {"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 1000}
MODELS = [
    ("PoissonRegressor", {}),
    ("GammaRegressor", {}),
    ("TweedieRegressor", {"power": 1.5}),
    ("TweedieRegressor", {"power": 1, "link": "log"}),
    ("TweedieRegressor", {"power": 0}),
]


def counts(n=150, p=8, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, 1.0 + rng.poisson(np.exp(0.5 + 0.3 * X[:, 0] - 0.2 * X[:, 1]))


@pytest.mark.parametrize(("name", "params"), MODELS, ids=str)
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_equal_to_scikit_learn(name, params, alpha, weighted, fit_intercept):
    X, y = counts()
    w = weights(len(y)) if weighted else None
    own = {"alpha": alpha, "fit_intercept": fit_intercept, **params}
    mine, judge = both(name, own, X, y, w, SHARP)
    assert_same(mine, judge, KEPT, 1e-7)
    np.testing.assert_allclose(mine.predict(X), judge.predict(X), rtol=1e-7)
    np.testing.assert_allclose(mine.score(X, y), judge.score(X, y), rtol=1e-7)


@pytest.mark.parametrize(("name", "params"), MODELS[:3], ids=str)
def test_more_columns_than_rows(name, params):
    X, y = counts(40, 90)
    mine, judge = both(name, {"alpha": 0.1, **params}, X, y, sharp=SHARP)
    assert_same(mine, judge, KEPT, 1e-6)


@pytest.mark.parametrize(("name", "params"), MODELS, ids=str)
def test_sparse_and_float32(name, params):
    X, y = counts()
    X = np.where(np.abs(X) > 1, X, 0)
    mine, judge = both(name, {"alpha": 0.1, **params}, sparse.csr_matrix(X), y, sharp=SHARP)
    assert_same(mine, judge, KEPT, 1e-6)
    short = getattr(ours, name)(alpha=0.1, **params).fit(X.astype(np.float32), y)
    assert short.coef_.dtype == np.float32
    np.testing.assert_allclose(short.coef_, judge.coef_, atol=1e-5 * np.abs(judge.coef_).max())


def test_where_theirs_stops_early_ours_is_closer_to_the_optimum():
    X, y = counts()
    X = X * np.logspace(0, 3, X.shape[1])

    def objective(model):
        eta = X @ model.coef_ + model.intercept_
        return np.mean(np.exp(eta) - y * eta) + 0.5e-6 * model.coef_ @ model.coef_

    mine, judge = both("PoissonRegressor", {"alpha": 1e-6}, X, y)
    assert objective(mine) < objective(judge)


@pytest.mark.parametrize(
    "params", [{"power": 3}, {"power": 0, "link": "log"}, {"power": -1}, {"power": 0.5}], ids=str
)
def test_losses_without_a_proof_are_left_to_scikit_learn(params):
    X, y = counts()
    mine, judge = both("TweedieRegressor", {**params, "alpha": 1.0}, X, y)
    np.testing.assert_array_equal(mine.coef_, judge.coef_)
    assert mine.n_iter_ == judge.n_iter_


def test_nothing_penalised_and_too_few_rows_is_left_to_scikit_learn():
    X, y = counts(10, 12)
    mine, judge = both("PoissonRegressor", {"alpha": 0.0}, X, y)
    np.testing.assert_array_equal(mine.coef_, judge.coef_)


@pytest.mark.parametrize(
    ("name", "wrong"), [("PoissonRegressor", -1.0), ("GammaRegressor", 0.0), ("TweedieRegressor", -1.0)]
)
def test_targets_out_of_range_are_refused_with_their_words(name, wrong):
    X, y = counts()
    y[3] = wrong
    params = {"power": 1.5} if name == "TweedieRegressor" else {}
    with pytest.raises(ValueError, match="out of the valid range of the loss 'Half"):
        getattr(ours, name)(**params).fit(X, y)


def test_warm_start_changes_nothing():
    X, y = counts()
    model = ours.PoissonRegressor(alpha=10.0, warm_start=True).fit(X, y).set_params(alpha=0.1).fit(X, y)
    np.testing.assert_array_equal(model.coef_, ours.PoissonRegressor(alpha=0.1).fit(X, y).coef_)

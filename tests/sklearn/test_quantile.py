import numpy as np
import pytest
import sklearn.linear_model as theirs
from scipy import sparse

import regularfit.sklearn as ours
from tests.sklearn.data import assert_same, weights


def data(n=100, p=8, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X[:, :3] @ [2.0, -1.0, 0.5] + rng.standard_t(2, size=n)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_equal_to_scikit_learn(quantile, alpha, weighted, fit_intercept):
    X, y = data()
    w = weights(len(y)) if weighted else None
    params = {"quantile": quantile, "alpha": alpha, "fit_intercept": fit_intercept}
    mine, judge = (home.QuantileRegressor(**params).fit(X, y, w) for home in (ours, theirs))
    assert_same(mine, judge, ("coef_", "intercept_"), 1e-7)


def test_sparse_and_float32():
    X, y = data()
    X = np.where(np.abs(X) > 0.5, X, 0)
    judge = theirs.QuantileRegressor(alpha=0.01).fit(X, y)
    for given in (sparse.csr_matrix(X), sparse.coo_matrix(X), X.astype(np.float32)):
        mine = ours.QuantileRegressor(alpha=0.01).fit(given, y)
        np.testing.assert_allclose(mine.coef_, judge.coef_, atol=1e-5)
    with pytest.raises(ValueError, match="sparse"):
        ours.QuantileRegressor(solver="revised simplex").fit(sparse.csr_matrix(X), y)


def test_where_several_answers_are_as_good_the_objective_is_theirs():
    X = np.repeat([[0.0], [1.0]], 4, axis=0)
    y = np.arange(8.0)
    reached = []
    for home in (ours, theirs):
        model = home.QuantileRegressor(quantile=0.5, alpha=0.1).fit(X, y)
        r = y - model.predict(X)
        reached.append(0.5 * np.abs(r).mean() + 0.1 * np.abs(model.coef_).sum())
    assert reached[0] == pytest.approx(reached[1], rel=1e-9)

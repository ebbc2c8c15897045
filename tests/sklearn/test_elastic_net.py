import numpy as np
import pytest

import regularfit.sklearn as ours
from tests.sklearn.data import REGRESSIONS, SHARP, assert_same, both, diabetes, weights

KEPT = ("coef_", "intercept_")


def objective(model, X, y, alpha, l1_ratio, w):
    r = y - X @ model.coef_ - model.intercept_
    size = l1_ratio * np.abs(model.coef_).sum() + (1 - l1_ratio) / 2 * model.coef_ @ model.coef_
    return 0.5 * np.average(r**2, weights=w) + alpha * size


@pytest.mark.parametrize("data", REGRESSIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("params", [{}, {"positive": True}, {"fit_intercept": False}], ids=str)
@pytest.mark.parametrize(("name", "l1_ratio"), [("Lasso", 1.0), ("ElasticNet", 0.3)])
def test_equal_to_scikit_learn_where_that_converges(data, weighted, params, name, l1_ratio):
    X, y = REGRESSIONS[data]()
    w = weights(len(y)) if weighted else None
    alpha = 0.05 * float(np.abs(X.T @ (y - y.mean())).max()) / len(y)
    own = {"alpha": alpha, **params} | ({} if name == "Lasso" else {"l1_ratio": l1_ratio})
    mine, judge = both(name, own, X, y, w, SHARP)
    assert_same(mine, judge, KEPT)
    reached, theirs = (objective(m, X, y, alpha, l1_ratio, w) for m in (mine, judge))
    assert reached <= theirs * (1 + 1e-9)
    np.testing.assert_allclose(mine.predict(X), judge.predict(X), rtol=1e-5, atol=1e-6)


def test_where_scikit_learn_stops_early_ours_is_closer_to_the_optimum():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 200)) * 0.02 + rng.normal(size=(50, 1))
    y = X[:, 0] + 0.1 * rng.normal(size=50)
    mine, judge = both("Lasso", {"alpha": 1e-3}, X, y, sharp={"max_iter": 20})
    best = objective(mine, X, y, 1e-3, 1.0, None)
    assert best < objective(judge, X, y, 1e-3, 1.0, None)
    assert mine.dual_gap_ <= 1e-8 * best


def test_several_targets_and_one_column():
    X, y = diabetes()
    for target in (np.column_stack([y, -(y**2)]), y[:, None]):
        mine, judge = both("ElasticNet", {"alpha": 0.01}, X, target, sharp=SHARP)
        assert_same(mine, judge, KEPT)
        assert np.shape(mine.dual_gap_) == np.shape(judge.dual_gap_)
        assert np.shape(mine.n_iter_) == np.shape(judge.n_iter_)


def test_float32_stays_float32():
    X, y = diabetes()
    mine, judge = both(
        "Lasso", {"alpha": 0.1}, X.astype(np.float32), y.astype(np.float32), sharp={"tol": 1e-7}
    )
    assert_same(mine, judge, KEPT, 1e-4)


def test_the_gap_is_in_units_of_the_objective():
    X, y = diabetes()
    mine = ours.Lasso(alpha=0.1).fit(X, y)
    r = y - mine.predict(X)
    theta = r * min(1.0, 0.1 * len(y) / np.abs(X.T @ r).max())
    centred = y - y.mean()
    dual = (centred @ theta - 0.5 * theta @ theta) / len(y)
    gap = objective(mine, X, y, 0.1, 1.0, None) - dual
    assert gap <= mine.dual_gap_ + 1e-9 * dual


def test_alpha_zero_is_least_squares_with_a_warning():
    X, y = diabetes()
    with pytest.warns(UserWarning, match="LinearRegression"):
        mine = ours.Lasso(alpha=0.0).fit(X, y)
    exact = np.linalg.lstsq(np.column_stack([np.ones(len(y)), X]), y, rcond=None)[0]
    np.testing.assert_allclose(mine.coef_, exact[1:], rtol=1e-6)


def test_warm_start_changes_nothing():
    X, y = diabetes()
    model = ours.Lasso(alpha=1.0, warm_start=True).fit(X, y)
    again = model.set_params(alpha=0.1).fit(X, y)
    np.testing.assert_allclose(again.coef_, ours.Lasso(alpha=0.1).fit(X, y).coef_, rtol=1e-9, atol=1e-9)


def test_a_number_as_sample_weight_means_none():
    X, y = diabetes()
    np.testing.assert_array_equal(
        ours.Lasso().fit(X, y, sample_weight=2.0).coef_, ours.Lasso().fit(X, y).coef_
    )

import numpy as np
import pytest
from sklearn.model_selection import KFold, ShuffleSplit

import regularfit.sklearn as ours
from tests.sklearn.data import REGRESSIONS, SHARP, assert_same, both, diabetes, weights, wide

KEPT = ("coef_", "intercept_", "alpha_", "alphas_", "mse_path_")


@pytest.mark.parametrize("data", REGRESSIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("params", [{}, {"positive": True}, {"fit_intercept": False}], ids=str)
def test_lasso_cv_is_that_of_scikit_learn(data, weighted, params):
    X, y = REGRESSIONS[data]()
    w = weights(len(y)) if weighted else None
    eps = 0.05 if data == "wide" else 1e-2
    mine, judge = both("LassoCV", {"alphas": 20, "eps": eps, **params}, X, y, w, SHARP)
    assert_same(mine, judge, KEPT)


@pytest.mark.parametrize("l1_ratio", [0.5, [0.2], [0.1, 0.7, 1.0]], ids=str)
@pytest.mark.parametrize("alphas", [15, [0.01, 1.0, 0.1, 0.1]], ids=["grid", "given"])
def test_elastic_net_cv_is_that_of_scikit_learn(l1_ratio, alphas):
    X, y = diabetes()
    params = {"l1_ratio": l1_ratio, "alphas": alphas, "cv": KFold(4, shuffle=True, random_state=0)}
    mine, judge = both("ElasticNetCV", params, X, y, sharp=SHARP)
    assert_same(mine, judge, (*KEPT, "l1_ratio_"))


def test_any_splitter_will_do():
    X, y = wide()
    splits = ShuffleSplit(3, test_size=0.3, random_state=0)
    mine, judge = both("LassoCV", {"cv": splits, "alphas": 10, "eps": 0.1}, X, y, sharp=SHARP)
    assert_same(mine, judge, KEPT)
    mine, judge = both("LassoCV", {"cv": list(splits.split(X)), "alphas": 10, "eps": 0.1}, X, y, sharp=SHARP)
    assert_same(mine, judge, KEPT)


def test_float32_and_storage():
    X, y = diabetes()
    mine, judge = both(
        "LassoCV", {"alphas": 10}, X.astype(np.float32), y.astype(np.float32), sharp={"tol": 1e-6}
    )
    assert mine.coef_.dtype == judge.coef_.dtype == np.float32
    np.testing.assert_allclose(mine.mse_path_, judge.mse_path_, rtol=1e-4)


def test_several_targets_are_refused_by_name():
    X, y = diabetes()
    with pytest.raises(ValueError, match="MultiTaskLassoCV"):
        ours.LassoCV().fit(X, np.column_stack([y, y]))


def test_ridge_has_no_grid_from_the_data():
    X, y = diabetes()
    with pytest.raises(ValueError, match="l1_ratio=0"):
        ours.ElasticNetCV(l1_ratio=0.0).fit(X, y)
    mine, judge = both("ElasticNetCV", {"l1_ratio": 0.0, "alphas": [1e-4, 1e-3]}, X, y, sharp=SHARP)
    assert_same(mine, judge, ("coef_", "alpha_", "mse_path_"))


def test_a_constant_target_gives_zeros():
    X, _ = diabetes()
    model = ours.LassoCV(cv=3).fit(X, np.full(len(X), 3.0))
    assert not model.coef_.any()
    assert model.intercept_ == 3.0

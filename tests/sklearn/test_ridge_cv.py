import numpy as np
import pytest

import regularfit.sklearn as ours
from tests.sklearn.data import REGRESSIONS, assert_same, both, cancer, diabetes, weights

ALPHAS = (0.01, 0.1, 1.0, 10.0)
KEPT = ("coef_", "intercept_", "alpha_", "best_score_")


@pytest.mark.parametrize("data", REGRESSIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("scoring", [None, "r2"])
def test_leave_one_out_is_that_of_scikit_learn(data, weighted, fit_intercept, several, scoring):
    X, y = REGRESSIONS[data]()
    y = np.column_stack([y, -(y**2)]) if several else y
    w = weights(len(y)) if weighted else None
    params = {"alphas": ALPHAS, "fit_intercept": fit_intercept, "scoring": scoring, "store_cv_results": True}
    mine, judge = both("RidgeCV", params, X, y, w)
    assert_same(mine, judge, (*KEPT, "cv_results_"))


@pytest.mark.parametrize("scoring", [None, "neg_mean_absolute_error"])
def test_one_alpha_a_target(scoring):
    X, y = diabetes()
    Y = np.column_stack([y, np.sin(np.arange(len(y)))])
    mine, judge = both("RidgeCV", {"alphas": ALPHAS, "alpha_per_target": True, "scoring": scoring}, X, Y)
    assert_same(mine, judge, KEPT)
    assert len(set(mine.alpha_)) == 2


def test_leave_one_out_is_what_it_says():
    X, y = diabetes()
    X, y, w = X[:40], y[:40], weights(40)
    model = ours.RidgeCV(alphas=[0.3, 1.0], store_cv_results=True).fit(X, y, sample_weight=w)
    for i in range(3):
        rest = np.arange(40) != i
        for a, alpha in enumerate([0.3, 1.0]):
            one = ours.Ridge(alpha=alpha).fit(X[rest], y[rest], sample_weight=w[rest])
            error = w[i] * (y[i] - one.predict(X[[i]])[0]) ** 2
            np.testing.assert_allclose(model.cv_results_[i, a], error, rtol=1e-8)


def test_folds():
    X, y = diabetes()
    mine, judge = both("RidgeCV", {"alphas": ALPHAS, "cv": 4}, X, y, weights(len(y)))
    assert_same(mine, judge, KEPT)
    with pytest.raises(ValueError, match="incompatible"):
        ours.RidgeCV(cv=3, store_cv_results=True).fit(X, y)
    with pytest.raises(ValueError, match="incompatible"):
        ours.RidgeCV(cv=3, alpha_per_target=True).fit(X, y)


@pytest.mark.parametrize(
    "params", [{}, {"scoring": "accuracy"}, {"class_weight": "balanced"}, {"cv": 3}], ids=str
)
def test_the_classifier(params):
    X, y = cancer()
    mine, judge = both("RidgeClassifierCV", {"alphas": ALPHAS, **params}, X, y, weights(len(y)))
    assert_same(mine, judge, KEPT)
    np.testing.assert_array_equal(mine.predict(X), judge.predict(X))


def test_the_classifier_of_several_classes():
    X, _ = cancer()
    y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    for scoring in (None, "accuracy"):
        mine, judge = both("RidgeClassifierCV", {"store_cv_results": True, "scoring": scoring}, X, y)
        assert_same(mine, judge, (*KEPT, "cv_results_"))

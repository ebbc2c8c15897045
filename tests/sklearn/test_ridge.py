import numpy as np
import pytest

import regularfit.sklearn as ours
from tests.sklearn.data import REGRESSIONS, assert_same, both, cancer, diabetes, sparse_random, weights

KEPT = ("coef_", "intercept_")


@pytest.mark.parametrize("data", REGRESSIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("several", [False, True])
def test_equal_to_scikit_learn(data, weighted, fit_intercept, several):
    X, y = REGRESSIONS[data]()
    y = np.column_stack([y, y**2, -y]) if several else y
    w = weights(len(y)) if weighted else None
    mine, judge = both("Ridge", {"alpha": 0.7, "fit_intercept": fit_intercept}, X, y, w, {"tol": 1e-14})
    assert_same(mine, judge, KEPT)


def test_one_alpha_a_target():
    X, y = diabetes()
    mine, judge = both("Ridge", {"alpha": [0.1, 10.0]}, X, np.column_stack([y, y]))
    assert_same(mine, judge, KEPT)
    with pytest.raises(ValueError, match="penalties do not correspond"):
        ours.Ridge(alpha=[1.0, 2.0, 3.0]).fit(X, np.column_stack([y, y]))


def test_positive():
    X, y = diabetes()
    mine, judge = both("Ridge", {"alpha": 0.1, "positive": True}, X, y, sharp={"tol": 1e-10})
    assert_same(mine, judge, KEPT)
    assert (mine.coef_ >= 0).all()


def test_one_column_as_target_and_float32():
    X, y = diabetes()
    mine, judge = both("Ridge", {}, X.astype(np.float32), y.astype(np.float32)[:, None])
    assert_same(mine, judge, KEPT, rtol=1e-4)


def test_alpha_zero_is_least_squares():
    X, y = diabetes()
    mine, judge = both("Ridge", {"alpha": 0.0}, X, y)
    assert_same(mine, judge, KEPT)


def test_solvers_that_scikit_learn_refuses_are_refused():
    X, y = diabetes()
    with pytest.raises(ValueError, match="positive=True"):
        ours.Ridge(solver="lbfgs").fit(X, y)
    with pytest.raises(ValueError, match="positive fitting"):
        ours.Ridge(solver="svd", positive=True).fit(X, y)
    with pytest.raises(ValueError, match="intercept on sparse"):
        ours.Ridge(solver="cholesky").fit(*sparse_random())


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_the_classifier(class_weight):
    X, y = cancer()
    mine, judge = both("RidgeClassifier", {"alpha": 2.0, "class_weight": class_weight}, X, y, weights(len(y)))
    assert_same(mine, judge, (*KEPT, "classes_"))
    np.testing.assert_array_equal(mine.predict(X), judge.predict(X))


def test_the_classifier_of_several_classes_and_labels():
    X, _ = cancer()
    y = np.array(["a", "b", "c"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
    mine, judge = both("RidgeClassifier", {}, X, y)
    assert_same(mine, judge, KEPT)
    labels = (X[:, :3] > 0).astype(int)
    mine, judge = both("RidgeClassifier", {}, X, labels)
    np.testing.assert_array_equal(mine.predict(X), judge.predict(X))

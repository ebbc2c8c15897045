import warnings

import numpy as np
import pytest
import sklearn.linear_model as theirs
from sklearn.datasets import load_iris

import regularfit as rf
import regularfit.sklearn as ours
from tests.sklearn.data import assert_same, both, cancer, weights

NEWTON = {"solver": "newton-cholesky", "tol": 1e-13, "max_iter": 1000}
NEW = {"l1_ratios": (0,), "scoring": "neg_log_loss", "use_legacy_attributes": False, "Cs": 5}
KEPT = ("coef_", "intercept_", "C_", "l1_ratio_", "Cs_", "l1_ratios_", "scores_", "coefs_paths_")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"fit_intercept": False},
        {"class_weight": "balanced"},
        {"refit": False},
        {"scoring": "roc_auc"},
        {"scoring": None},
        {"Cs": [1.0, 0.01, 0.1], "cv": 3},
    ],
    ids=str,
)
def test_equal_to_scikit_learn(weighted, params):
    X, y = cancer()
    w = weights(len(y)) if weighted else None
    mine, judge = both("LogisticRegressionCV", {**NEW, **params}, X, y, w, NEWTON)
    assert_same(mine, judge, KEPT)
    np.testing.assert_allclose(mine.score(X, y), judge.score(X, y), rtol=1e-6)


def test_l1_ratios():
    X, y = cancer()
    X = X[::3, :8]
    y = y[::3]
    params = {**NEW, "l1_ratios": (0.2, 1.0), "Cs": [0.05, 0.5], "solver": "saga", "cv": 3}
    mine, judge = both("LogisticRegressionCV", params, X, y, sharp={"tol": 1e-9, "max_iter": 100_000})
    assert_same(mine, judge, KEPT)


@pytest.mark.parametrize("l1_ratios", ["warn", None, (0,)], ids=str)
def test_legacy_attributes(l1_ratios):
    X, y = cancer()
    params = {"Cs": 3, "cv": 3, "l1_ratios": l1_ratios, "scoring": None, "use_legacy_attributes": True}
    mine, judge = both("LogisticRegressionCV", params, X, y, sharp=NEWTON)
    assert mine.C_.shape == judge.C_.shape
    assert mine.l1_ratio_.tolist() == judge.l1_ratio_.tolist()
    assert mine.l1_ratios_.tolist() == judge.l1_ratios_.tolist()
    assert mine.n_iter_.shape == judge.n_iter_.shape
    for name in ("scores_", "coefs_paths_"):
        a, b = getattr(mine, name), getattr(judge, name)
        assert a.keys() == b.keys()
        np.testing.assert_allclose(a[1], b[1], rtol=0, atol=1e-5 * np.abs(b[1]).max())


@pytest.mark.parametrize(
    "params", [{}, {"penalty": "l1", "solver": "liblinear"}, {"l1_ratios": None}], ids=str
)
def test_deprecations_warn_as_there(params):
    X, y = cancer()
    seen = []
    for home in (ours, theirs):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            home.LogisticRegressionCV(Cs=2, cv=3, **params).fit(X[:, :3], y)
        seen.append(
            sorted(w.category.__name__ for w in caught if w.category.__name__ != "ConvergenceWarning")
        )
    assert seen[0] == seen[1]
    assert seen[0]


def test_what_is_refused():
    X, y = cancer()
    with pytest.raises(rf.InputError, match="only one class"):
        ours.LogisticRegressionCV(**NEW).fit(X, np.zeros(len(y)))
    for home in (ours, theirs):
        with pytest.raises(ValueError, match="l1_ratios must be"):
            home.LogisticRegressionCV(**{**NEW, "l1_ratios": (2.0,), "solver": "saga"}).fit(X, y)
        with pytest.raises(ValueError, match="class_weight"):
            home.LogisticRegressionCV(**NEW, class_weight={7: 1.0}).fit(X, y)


def rare(seed=0):
    """Four classes; the folds of the last two lack a class, or all but one, to learn from."""
    X, y = load_iris(return_X_y=True)
    y = np.where(np.arange(150) % 50 < 12, y, 3)
    every = np.arange(150)
    tests = [np.arange(0, 150, 3), every[(y == 2) | (every % 10 == 0)], every[y != 1]]
    return X, y, [(np.setdiff1d(every, test), test) for test in tests]


@pytest.mark.filterwarnings("ignore")  # scikit-learn's solver has no minimum to reach
@pytest.mark.parametrize("intercept", [True, False])
def test_folds_that_lack_a_class_are_fitted(intercept):
    X, y, folds = rare()
    params = {
        "Cs": [0.05, 1.0],
        "l1_ratios": (0,),
        "cv": folds,
        "scoring": "accuracy",
        "fit_intercept": intercept,
    }
    params["use_legacy_attributes"] = False
    mine, judge = both("LogisticRegressionCV", params, X, y, sharp={"tol": 1e-8, "max_iter": 10_000})
    np.testing.assert_allclose(mine.scores_, judge.scores_)
    np.testing.assert_allclose(mine.C_, judge.C_)
    # Its solvers stop where a missing class has a chance of about their tolerance.
    np.testing.assert_allclose(mine.coefs_paths_[..., :4], judge.coefs_paths_[..., :4], atol=2e-3)
    if intercept:
        assert (
            np.diff(np.sort(mine.coefs_paths_[1, 0, :, :, 4]))[:, 0] >= 36
        ).all()  # the class that is missing
    mine.set_params(scoring="neg_log_loss").fit(X, y)
    assert np.isfinite(mine.scores_).all()


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("l1_ratios", [(0,), None])
@pytest.mark.parametrize("refit", [False, True])
def test_several_classes(legacy, l1_ratios, refit):
    X, y = load_iris(return_X_y=True)
    params = {"Cs": [0.01, 0.3, 10.0], "l1_ratios": l1_ratios, "cv": 3, "scoring": "neg_log_loss"}
    params |= {"use_legacy_attributes": legacy, "refit": refit}
    mine, judge = both(
        "LogisticRegressionCV", params, X, y, sharp={"tol": 1e-10, "solver": "newton-cholesky"}
    )
    assert_same(mine, judge, ("coef_", "intercept_", "Cs_"), 1e-4)
    np.testing.assert_allclose(mine.C_, judge.C_)
    assert np.shape(mine.C_) == np.shape(judge.C_)
    assert np.shape(mine.l1_ratio_) == np.shape(judge.l1_ratio_)
    assert mine.n_iter_.shape == judge.n_iter_.shape
    for name in ("coefs_paths_", "scores_"):
        ours_, theirs_ = getattr(mine, name), getattr(judge, name)
        if legacy:
            assert list(ours_) == list(theirs_)
            ours_, theirs_ = (np.array(list(one.values())) for one in (ours_, theirs_))
        np.testing.assert_allclose(ours_, theirs_, atol=1e-4 * np.abs(theirs_).max())

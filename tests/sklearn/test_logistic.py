import warnings

import numpy as np
import pytest
import sklearn.linear_model as theirs
from scipy import sparse
from sklearn.datasets import load_iris

import regularfit as rf
import regularfit.sklearn as ours
from tests.sklearn.data import assert_same, both, cancer, weights

KEPT = ("coef_", "intercept_", "classes_")
NEWTON = {"solver": "newton-cholesky", "tol": 1e-13, "max_iter": 1000}
SAGA = {"solver": "saga", "tol": 1e-9, "max_iter": 200_000}


def objective(model, X, y, C, l1_ratio, w):
    eta = model.decision_function(X)
    b = model.coef_[0]
    size = l1_ratio * np.abs(b).sum() + (1 - l1_ratio) / 2 * b @ b
    return C * (w * (np.logaddexp(0, eta) - y * eta)).sum() + size


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("params", [{}, {"fit_intercept": False}, {"class_weight": "balanced"}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_l2_is_that_of_scikit_learn(C, params, weighted):
    X, y = cancer()
    w = weights(len(y)) if weighted else None
    mine, judge = both("LogisticRegression", {"C": C, **params}, X, y, w, NEWTON)
    assert_same(mine, judge, KEPT)
    np.testing.assert_allclose(mine.predict_proba(X), judge.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_l1_parts_are_those_of_scikit_learn(l1_ratio, fit_intercept):
    X, y = cancer()
    params = {"C": 0.1, "l1_ratio": l1_ratio, "solver": "saga", "fit_intercept": fit_intercept}
    mine, judge = both("LogisticRegression", params, X, y, sharp=SAGA)
    assert_same(mine, judge, KEPT)
    one = np.ones(len(y))
    assert objective(mine, X, y, 0.1, l1_ratio, one) <= objective(judge, X, y, 0.1, l1_ratio, one) * (
        1 + 1e-10
    )


def test_sparse_and_float32():
    X, y = cancer()
    mine, judge = both(
        "LogisticRegression", {"C": 0.1}, sparse.csr_matrix(np.where(X > 0, X, 0)), y, sharp=NEWTON
    )
    assert_same(mine, judge, KEPT)
    assert ours.LogisticRegression().fit(X.astype(np.float32), y).coef_.dtype == np.float32
    dense = mine.sparsify().densify()
    assert isinstance(dense.coef_, np.ndarray)


def test_infinite_C_leaves_nothing_penalised():
    X, y = cancer()
    X = X[:, :3]
    mine, judge = both("LogisticRegression", {"C": np.inf}, X, y, sharp={"tol": 1e-12, "max_iter": 10_000})
    assert_same(mine, judge, KEPT)


@pytest.mark.parametrize(
    "params",
    [
        {"penalty": "l2"},
        {"penalty": "l1", "solver": "liblinear"},
        {"penalty": None},
        {"penalty": None, "C": 2.0},
        {"penalty": "elasticnet", "l1_ratio": 0.5, "solver": "saga"},
        {"l1_ratio": None},
        {"n_jobs": 2},
    ],
    ids=str,
)
def test_deprecated_arguments_warn_as_there(params):
    X, y = cancer()
    seen = []
    for home in (ours, theirs):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            home.LogisticRegression(**params).fit(X[:, :2], y)
        seen.append(
            sorted(w.category.__name__ for w in caught if w.category.__name__ != "ConvergenceWarning")
        )
    assert seen[0] == seen[1]
    assert seen[0]


def test_solvers_refuse_what_they_refuse_there():
    X, y = cancer()
    for params in ({"l1_ratio": 1.0}, {"dual": True}, {"l1_ratio": 0.5, "solver": "liblinear"}):
        for home in (ours, theirs):
            with pytest.raises(ValueError, match=r"[Ss]olver|saga"):
                home.LogisticRegression(**params).fit(X, y)


def iris():
    X, y = load_iris(return_X_y=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


@pytest.mark.parametrize("C", [0.01, 1.0, 10.0])
@pytest.mark.parametrize("params", [{}, {"fit_intercept": False}, {"class_weight": "balanced"}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_several_classes(C, params, weighted):
    X, y = iris()
    w = weights(len(y)) if weighted else None
    mine, judge = both("LogisticRegression", {"C": C, **params}, X, y, w, {**NEWTON, "tol": 1e-10})
    assert_same(mine, judge, ("coef_", "intercept_"))
    np.testing.assert_allclose(mine.predict_proba(X), judge.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(mine.predict(X), judge.predict(X))


def test_several_classes_with_an_l1_part():
    X, y = iris()
    params = {"C": 0.5, "l1_ratio": 0.5, "solver": "saga"}
    mine, judge = both("LogisticRegression", params, X, y, sharp=SAGA)
    assert_same(mine, judge, ("coef_",), 1e-4)
    np.testing.assert_array_equal(mine.coef_ == 0, judge.coef_ == 0)
    np.testing.assert_allclose(mine.intercept_, judge.intercept_, atol=1e-3)


def test_liblinear_refuses_several_classes_here_too():
    X, y = iris()
    for home in (ours, theirs):
        with pytest.raises(ValueError, match="does not support multiclass"):
            home.LogisticRegression(solver="liblinear").fit(X, y)


def test_one_class_is_refused():
    X, y = cancer()
    with pytest.raises(rf.InputError, match="only one class"):
        ours.LogisticRegression().fit(X, np.zeros(len(y)))


def test_labels_of_any_kind():
    X, y = cancer()
    named = np.where(y == 1, "yes", "no")
    model = ours.LogisticRegression().fit(X, named)
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(model.predict(X)) == {"no", "yes"}
    plain = ours.LogisticRegression().fit(X, y)
    np.testing.assert_array_equal(model.coef_, plain.coef_)

"""PenalizedClassifier against scikit-learn's LogisticRegression and its own contract."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier

import regularfit as rf
from tests.linear.data import classification

X, Y = classification()
N = len(Y)


def peer(strength, ratio, **params):
    """Translate: (1/n) sum loss + s P is sum loss + n s P, and C multiplies the sum."""
    options = {"C": 1 / (N * strength), "l1_ratio": ratio, "tol": 1e-12, "max_iter": 100_000}
    return LogisticRegression(solver="lbfgs" if ratio == 0 else "saga", random_state=0, **options, **params)


@pytest.mark.parametrize(("penalty", "ratio"), [(rf.L2(), 0.0), (rf.L1(), 1.0), (rf.ElasticNet(0.5), 0.5)])
@pytest.mark.parametrize("strength", [0.01, 0.04])
def test_coefficients_are_those_of_scikit_learn(penalty, ratio, strength):
    model = rf.PenalizedClassifier(penalty, strength=strength, standardize=False, tol=1e-13).fit(X, Y)
    other = peer(strength, ratio).fit(X, Y)
    assert model.coef_.shape == (1, X.shape[1])
    assert model.intercept_.shape == (1,)
    np.testing.assert_allclose(model.coef_, other.coef_, atol=2e-5)
    np.testing.assert_allclose(model.intercept_, other.intercept_, atol=2e-5)
    np.testing.assert_allclose(model.predict_proba(X), other.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(model.predict(X), other.predict(X))
    assert model.certificate_.converged


@pytest.mark.parametrize("labels", [("no", "yes"), (0, 1), (-1, 1), (False, True), (5.0, 7.0)])
def test_any_two_labels(labels):
    _, y = classification(labels=labels)
    model = rf.PenalizedClassifier(rf.L1(), strength=0.05).fit(X, y)
    plain = rf.PenalizedClassifier(rf.L1(), strength=0.05).fit(X, Y)
    assert model.classes_.tolist() == list(labels)
    np.testing.assert_allclose(model.coef_, plain.coef_)
    assert set(model.predict(X)) == set(labels)
    assert model.score(X, y) == plain.score(X, Y) > 0.65


def test_probabilities_and_decisions_agree():
    model = rf.PenalizedClassifier(rf.L2(), strength=0.05).fit(X, Y)
    proba, eta = model.predict_proba(X), model.decision_function(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_allclose(np.log(proba[:, 1] / proba[:, 0]), eta, rtol=1e-9)
    np.testing.assert_array_equal(model.predict(X) == "yes", eta > 0)


@pytest.mark.filterwarnings("ignore::regularfit.errors.GridEdgeWarning")
def test_cross_validation_is_the_held_out_log_loss():
    folds = StratifiedKFold(4, shuffle=True, random_state=1)
    model = rf.PenalizedClassifier(
        rf.L2(), cv=folds, strengths=[1.0, 0.05, 0.01], standardize=False, tol=1e-12
    ).fit(X, Y)
    for k, (train, test) in enumerate(folds.split(X, Y)):
        for at, strength in enumerate(model.cv_.strengths):
            other = LogisticRegression(C=1 / (len(train) * strength), tol=1e-12, max_iter=10**5).fit(
                X[train], Y[train]
            )
            expected = log_loss(Y[test], other.predict_proba(X[test]))
            assert model.cv_.folds[at, k] == pytest.approx(expected, rel=1e-5)


@pytest.mark.filterwarnings("ignore::regularfit.errors.GridEdgeWarning")
def test_scoring_by_rank():
    folds = list(StratifiedKFold(4).split(X, Y))
    model = rf.PenalizedClassifier(rf.L2(), cv=folds, strengths=[1.0, 0.05], scoring="roc_auc")
    model.fit(X, Y)
    assert model.cv_.greater_is_better
    assert model.cv_.score_name == "roc_auc"
    train, test = folds[0]
    alone = rf.PenalizedClassifier(rf.L2(), strength=0.05).fit(X[train], Y[train])
    assert model.cv_.folds[1, 0] == pytest.approx(
        roc_auc_score(Y[test] == "yes", alone.decision_function(X[test]))
    )
    assert model.strength_ == model.cv_.strengths[np.argmax(model.cv_.mean)]


def test_integer_weights_are_repeated_rows():
    weights = np.random.default_rng(5).integers(0, 4, N)
    repeated = np.repeat(np.arange(N), weights)
    weighted = rf.PenalizedClassifier(rf.L1(), strength=0.02).fit(X, Y, sample_weight=weights)
    explicit = rf.PenalizedClassifier(rf.L1(), strength=0.02).fit(X[repeated], Y[repeated])
    np.testing.assert_allclose(weighted.coef_, explicit.coef_, atol=1e-6)
    np.testing.assert_allclose(weighted.intercept_, explicit.intercept_, atol=1e-6)


def test_offset_replaces_a_known_column():
    known = X[:, 0] * 1.2
    model = rf.PenalizedClassifier(rf.L1(), strength=0.02).fit(X[:, 1:], Y, offset=known)
    eta = model.decision_function(X[:, 1:], offset=known)
    gradient = 1 / (1 + np.exp(-eta)) - (Y == "yes")
    assert abs(gradient.mean()) < 1e-6  # the intercept is optimal only where the offset is in the fit
    proba = model.predict_proba(X[:, 1:], offset=known)[:, 1]
    np.testing.assert_allclose(proba, 1 / (1 + np.exp(-eta)), rtol=1e-9)
    assert model.score(X[:, 1:], Y, offset=known) > model.score(X[:, 1:], Y)


def test_sparse_equals_dense():
    Z = np.where(np.abs(X) > 0.5, X, 0.0)
    dense = rf.PenalizedClassifier(rf.L1(), strength=0.02).fit(Z, Y)
    thin = rf.PenalizedClassifier(rf.L1(), strength=0.02).fit(sp.csr_array(Z), Y)
    np.testing.assert_allclose(thin.coef_, dense.coef_, atol=1e-6)


def test_separable_classes_end_in_a_certificate():
    z = np.linspace(-1, 1, 40)[:, None]
    y = (z[:, 0] > 0).astype(int)
    model = rf.PenalizedClassifier(rf.L1(), strength=1e-3).fit(z, y)
    assert model.certificate_.converged
    assert np.isfinite(model.coef_).all()
    np.testing.assert_array_equal(model.predict(z), y)


@pytest.mark.parametrize("select", ["aic", "bic", "ebic"])
def test_criteria_choose_without_folds(select):
    model = rf.PenalizedClassifier(rf.L1(), select=select).fit(X, Y)
    assert model.cv_ is None
    deviance = 2 * N * np.array([log_loss(Y, model.path_.predict(X, s)) for s in model.path_.strengths])
    expected = {"aic": 2, "bic": np.log(N)}.get(select)
    if expected is not None:
        np.testing.assert_allclose(
            model.criterion_.values, deviance + expected * model.path_.nonzeros, rtol=1e-6
        )
    assert np.flatnonzero(model.coef_)[:2].tolist() == [0, 1]


BAD = {
    "one class": ((X, np.ones(N)), "one class only.*two classes"),
    "numbers": ((X, X[:, 0]), "continuous.*PenalizedRegressor"),
    "rare class": ((X, np.arange(N) < 1), "class True has only 1 member.*strength="),
    "lengths": ((X, Y[:-1]), "159 entries"),
    "nan": ((np.where(X > 2, np.nan, X), Y), "NaN"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_bad_input_is_named(case):
    data, message = BAD[case]
    with pytest.raises(rf.InputError, match=message):
        rf.PenalizedClassifier().fit(*data)


def test_weights_that_leave_one_class():
    with pytest.raises(rf.InputError, match="0 on every row of class 'no'"):
        rf.PenalizedClassifier().fit(X, Y, sample_weight=(Y == "yes").astype(float))


def test_more_classes_by_one_against_the_rest():
    y = np.digitize(X[:, 0], [-0.3, 0.3])
    model = OneVsRestClassifier(rf.PenalizedClassifier(rf.L2(), strength=0.01)).fit(X, y)
    assert model.score(X, y) > 0.6


def test_names_are_kept():
    table = pd.DataFrame(X, columns=list("abcdef"))
    model = rf.PenalizedClassifier(rf.L1(), strength=0.02).fit(table, pd.Series(Y))
    assert model.feature_names_in_.tolist() == list("abcdef")
    assert model.predict(table).shape == (N,)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_predicting_before_fitting(method):
    with pytest.raises(NotFittedError):
        getattr(rf.PenalizedClassifier(), method)(X)


def test_nested_plan_and_honest_score():
    plan = rf.PenalizedClassifier(rf.L1(), scoring="roc_auc")._nested_plan(X, Y)
    assert plan.greater_is_better
    assert plan.score_name == "roc_auc"
    score = rf.honest_score(rf.PenalizedClassifier(rf.L2(), strengths=20, random_state=0), X, Y, cv=5)
    assert 0.2 < score.mean < 0.7

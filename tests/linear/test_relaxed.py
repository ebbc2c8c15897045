"""relax=True on the estimators: the choice by hand, weights, offsets, missing values, files, pictures, refusals."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

import regularfit as rf
from regularfit.designs import Imputed


def data(n=150, p=20, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return (
        X,
        X[:, :3] @ [3.0, -2.0, 1.0] + rng.normal(size=n),
        rng.uniform(0.5, 2, n),
        0.3 * rng.normal(size=n),
    )


FOLDS = [(np.setdiff1d(np.arange(150), np.arange(k, 150, 5)), np.arange(k, 150, 5)) for k in range(5)]


@pytest.mark.parametrize("loss", ["squared", "poisson"])
def test_scores_are_those_of_fits_by_hand(loss):
    X, y, w, offset = data()
    y = np.floor(np.exp(y / 4)) if loss == "poisson" else y
    strengths = np.geomspace(2.0, 0.001, 8)
    options = {"loss": loss, "strengths": strengths, "tol": 1e-10}
    model = rf.PenalizedRegressor(relax=True, cv=FOLDS, **options).fit(X, y, sample_weight=w, offset=offset)
    for k, (train, test) in enumerate(FOLDS):
        given = {"sample_weight": w[train], "offset": offset[train]}
        path = rf.fit_path(X[train], y[train], relax=True, **options, **given)
        for g, gamma in enumerate(model.relaxed_cv_.gammas):
            blend = path.blend(gamma)
            eta = X[test] @ blend.coefs.T + blend.intercepts + offset[test][:, None]
            hand = np.average(path.loss.score(y[test][:, None], eta), axis=0, weights=w[test])
            np.testing.assert_allclose(model.relaxed_cv_.folds[g, :, k], hand, rtol=1e-7)
    best = model.path_.blend(model.gamma_)
    np.testing.assert_allclose(model.coef_, best.at(model.strength_)[0])
    assert best.at(model.strength_)[1] == pytest.approx(model.intercept_)
    np.testing.assert_array_equal(
        model.cv_.folds, model.relaxed_cv_.folds[list(model.relaxed_cv_.gammas).index(model.gamma_)]
    )


def test_gamma_one_alone_is_the_plain_model():
    X, y, _, _ = data()
    plain = rf.PenalizedRegressor().fit(X, y)
    same = rf.PenalizedRegressor(relax=True, gammas=(1.0,)).fit(X, y)
    np.testing.assert_allclose(same.coef_, plain.coef_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(same.relaxed_cv_.mean[0], plain.cv_.mean, rtol=1e-8)
    assert not hasattr(plain, "gamma_")


def test_a_given_strength_and_one_gamma_need_no_folds():
    X, y, _, _ = data()
    model = rf.PenalizedRegressor(strength=0.5, relax=True, gammas=0).fit(X, y)
    assert model.cv_ is None
    assert model.relaxed_cv_ is None
    cols = np.flatnonzero(model.coef_)
    truth = np.linalg.lstsq(np.column_stack([np.ones(150), X[:, cols]]), y, rcond=None)[0]
    np.testing.assert_allclose(model.coef_[cols], truth[1:], rtol=1e-9)
    blended = rf.PenalizedRegressor(strength=0.5, relax=True).fit(X, y)
    assert blended.relaxed_cv_.mean.shape == (5, 1)


@pytest.mark.parametrize("kind", ["sparse", "missing", "float32", "candidates", "weights"])
def test_all_kinds_of_data(kind):
    X, y, w, _ = data()
    given, penalty, extra = X, rf.L1(), {}
    if kind == "sparse":
        given = sparse.csr_matrix(np.where(np.abs(X) > 1, X, 0))
    if kind == "missing":
        given = Imputed(np.where(np.random.default_rng(1).random(X.shape) < 0.05, np.nan, X))
    if kind == "float32":
        given = X.astype(np.float32)
    if kind == "candidates":
        penalty = [rf.ElasticNet(0.1), rf.L1(), rf.MCP()]
    if kind == "weights":
        extra = {"sample_weight": w}
    model = rf.PenalizedRegressor(penalty, relax=True, cv=5).fit(given, y, **extra)
    assert model.certificate_.converged
    plain = rf.PenalizedRegressor(penalty, cv=5).fit(given, y, **extra)
    assert model.relaxed_cv_.mean.min() <= plain.cv_.mean.min() * (1 + 1e-7)


@pytest.mark.parametrize("select", ["min", "1se"])
def test_classifier(select):
    X, y, w, _ = data()
    model = rf.PenalizedClassifier(relax=True, select=select, cv=5).fit(X, y > 0, sample_weight=w)
    assert model.coef_.shape == (1, 20)
    assert model.predict_proba(X).shape == (150, 2)
    cv = model.relaxed_cv_
    assert (model.strength_, model.gamma_) == (
        (cv.strength_1se, cv.gamma_1se) if select == "1se" else (cv.strength_min, cv.gamma_min)
    )


def test_model_file(tmp_path):
    X, y, _, _ = data()
    model = rf.PenalizedRegressor(relax=True, cv=5).fit(X, y)
    model.save(tmp_path / "m.rfit")
    same = rf.load(tmp_path / "m.rfit")
    np.testing.assert_array_equal(same.predict(X), model.predict(X))
    assert same.gamma_ == model.gamma_
    assert same.gammas == model.gammas
    np.testing.assert_array_equal(same.relaxed_cv_.folds, model.relaxed_cv_.folds)
    np.testing.assert_array_equal(same.path_.relaxed.coefs, model.path_.relaxed.coefs)
    assert same.relaxed_cvs_[0] is same.relaxed_cv_


def test_fitting_again_without_forgets():
    X, y, _, _ = data()
    model = rf.PenalizedRegressor(relax=True, cv=5).fit(X, y).set_params(relax=False).fit(X, y)
    assert not hasattr(model, "gamma_")
    assert model.path_.relaxed is None


def test_pictures():
    import matplotlib as mpl

    mpl.use("Agg")
    X, y, _, _ = data()
    model = rf.PenalizedRegressor(relax=True, cv=5).fit(X, y)
    display = model.plot_path(gamma=0)
    np.testing.assert_array_equal(display.coefs, model.path_.relaxed.coefs)
    curves = model.plot_cv()
    assert set(curves.blends) == {"gamma 0", "gamma 0.25", "gamma 0.5", "gamma 0.75", "gamma 1"}
    assert curves.marks["min"] == model.relaxed_cv_.strength_min


def test_honest_score_goes_fold_by_fold():
    X, y, _, _ = data()
    score = rf.honest_score(rf.PenalizedRegressor(relax=True, cv=3, strengths=10), X, y, cv=3)
    assert 0.5 < score.mean < 2


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"select": "bic"}, "chosen by folds"),
        ({"gammas": [2.0]}, "gammas"),
        ({"gammas": []}, "gammas is empty"),
    ],
    ids=str,
)
def test_refusals(params, words):
    X, y, _, _ = data()
    with pytest.raises(rf.InputError, match=words):
        rf.PenalizedRegressor(relax=True, **params).fit(X, y)


def test_what_has_no_refit_is_refused_before_anything_is_fitted():
    X, y, _, _ = data()
    with pytest.raises(rf.UnsupportedError, match="several classes or targets take no bounds"):
        rf.PenalizedRegressor(rf.L1().nonnegative(), relax=True).fit(X, np.column_stack([y, y]))
    with pytest.raises(rf.UnsupportedError, match="need a loss that bends"):
        rf.PenalizedRegressor(relax=True, loss=rf.Quantile(0.3)).fit(X, y)


@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_contract():
    model = rf.PenalizedRegressor(relax=True, strengths=10, cv=3)
    assert clone(model).get_params()["gammas"] == (0.0, 0.25, 0.5, 0.75, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_estimator(model)

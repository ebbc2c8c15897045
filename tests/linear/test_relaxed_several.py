"""relax=True for survival times, classes and several targets: the choice by hand, files, kinds of data."""

import numpy as np
import pytest
from scipy import sparse

import regularfit as rf
from regularfit.designs import Imputed

N, P = 160, 8
FOLDS = [(np.setdiff1d(np.arange(N), np.arange(k, N, 4)), np.arange(k, N, 4)) for k in range(4)]
GAMMAS = (0.0, 0.25, 0.5, 0.75, 1.0)
edge = pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")  # of short grids


def data(kind, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P))
    weights, noise = rng.uniform(0.5, 2, N), rng.gumbel(size=(N, 3))
    if kind == "cox":
        time, limit = rng.exponential(np.exp(-X[:, 0] + 0.5 * X[:, 1])), rng.exponential(2.0, N)
        return X, rf.survival(np.ceil(8 * np.minimum(time, limit)), time <= limit), weights, 0.3 * noise[:, 0]
    eta = X[:, :3] @ np.array([[2.0, 0.0, -1.0], [0.0, 1.5, 0.0], [0.0, 0.0, 1.0]])
    y = (eta + noise).argmax(axis=1) if kind == "classes" else eta + noise
    return X, y, weights, 0.3 * rng.normal(size=(N, 3))


def model_of(kind, **options):
    made = {"cox": rf.PenalizedCox, "classes": rf.PenalizedClassifier, "targets": rf.PenalizedRegressor}[kind]
    return made(relax=True, cv=FOLDS, **options)


def loss_of(kind):
    return {"cox": rf.Cox(), "classes": "multinomial", "targets": "squared"}[kind]


@edge
@pytest.mark.parametrize("kind", ["classes", "targets"])
@pytest.mark.parametrize("penalty", [rf.L1(), rf.ElasticNet(0.5).across_outputs()], ids=str)
def test_scores_are_those_of_fits_by_hand(kind, penalty):
    X, y, w, offset = data(kind)
    options = {"penalty": penalty, "strengths": np.geomspace(0.2, 0.01, 6), "tol": 1e-12}
    model = model_of(kind, **options).fit(X, y, sample_weight=w, offset=offset)
    for k, (train, test) in enumerate(FOLDS):
        given = {"sample_weight": w[train], "offset": offset[train]}
        path = rf.fit_path(X[train], y[train], relax=True, loss=loss_of(kind), **options, **given)
        target = np.eye(3)[y[test]] if kind == "classes" else y[test]
        for g, gamma in enumerate(GAMMAS):
            eta = path.blend(gamma).predict_eta(X[test]) + offset[test][:, None, :]
            hand = np.average(path.loss.score(target[:, None, :], eta), axis=0, weights=w[test])
            # A gap of 1e-12 leaves predictors off by its root.
            np.testing.assert_allclose(model.relaxed_cv_.folds[g, :, k], hand, rtol=1e-6)
    coef, level = model.path_.blend(model.gamma_).at(model.strength_)
    np.testing.assert_allclose(model.coef_, coef)
    np.testing.assert_allclose(model.intercept_, level)


@edge
def test_cox_scores_are_what_held_out_rows_add_to_the_deviance():
    X, y, w, offset = data("cox")
    options = {"strengths": np.geomspace(0.2, 0.005, 6), "tol": 1e-10}
    model = model_of("cox", **options).fit(X, y, sample_weight=w, offset=offset)
    loss, target = rf.Cox(), rf.Cox().check_target(y)
    for k, (train, test) in enumerate(FOLDS):
        given = {"sample_weight": w[train], "offset": offset[train]}
        path = rf.fit_path(X[train], y[train], relax=True, loss=loss, **options, **given)
        for g, gamma in enumerate(GAMMAS):
            eta = X @ path.blend(gamma).coefs.T + offset[:, None]
            all_rows = w.sum() * loss.deviance_of(target, eta, w)
            part = w[train].sum() * loss.deviance_of(target[train], eta[train], w[train])
            hand = (all_rows - part) / (w * target[:, 2])[test].sum()
            np.testing.assert_allclose(model.relaxed_cv_.folds[g, :, k], hand, rtol=1e-7)


@edge
@pytest.mark.parametrize("kind", ["cox", "classes", "targets"])
@pytest.mark.parametrize("how", ["sparse", "missing", "float32"])
def test_all_kinds_of_data(kind, how):
    X, y, _, _ = data(kind)
    X = np.where(np.abs(X) > 0.5, X, 0)
    given = {"sparse": sparse.csr_matrix(X), "float32": X.astype(np.float32), "missing": None}[how]
    if how == "missing":
        given = Imputed(np.where(np.random.default_rng(1).random(X.shape) < 0.05, np.nan, X))
    options = {"strengths": np.geomspace(0.2, 0.01, 5)}
    model = model_of(kind, **options).fit(given, y)
    assert model.path_.relaxed.converged.all()
    assert model.relaxed_cv_.mean.min() <= model.relaxed_cv_.mean[-1].min()
    if how != "missing":
        same = model_of(kind, **options).fit(np.asarray(X, np.float32 if how == "float32" else None), y)
        np.testing.assert_allclose(model.path_.relaxed.coefs, same.path_.relaxed.coefs, rtol=1e-5, atol=1e-7)


@edge
@pytest.mark.parametrize("kind", ["cox", "classes", "targets"])
def test_a_file_gives_the_same_model(kind, tmp_path):
    X, y, _, _ = data(kind)
    model = model_of(kind, strengths=8).fit(X, y)
    model.save(tmp_path / "model.rfit")
    same = rf.load(tmp_path / "model.rfit")
    np.testing.assert_array_equal(same.predict(X), model.predict(X))
    np.testing.assert_array_equal(same.relaxed_cv_.folds, model.relaxed_cv_.folds)
    np.testing.assert_array_equal(same.path_.relaxed.coefs, model.path_.relaxed.coefs)
    assert same.gamma_ == model.gamma_


@edge
@pytest.mark.parametrize("kind", ["cox", "classes", "targets"])
def test_honest_score_goes_fold_by_fold(kind):
    X, y, _, _ = data(kind)
    model = model_of(kind, strengths=6).set_params(cv=3)
    score = rf.honest_score(model, X, y, cv=3, repeats=1)
    assert np.isfinite(score.mean)


def test_bounds_stay_in_force_for_survival_times():
    X, y, _, _ = data("cox")
    path = rf.fit_path(X, y, rf.L1().bounded(-0.1, 0.4), loss=rf.Cox(), strengths=6, relax=True)
    assert path.relaxed.converged.all()
    assert path.relaxed.coefs.max() == pytest.approx(0.4)
    assert path.relaxed.coefs.min() == pytest.approx(-0.1)
    assert (path.relaxed.deviance_ratio >= path.deviance_ratio - 1e-9).all()

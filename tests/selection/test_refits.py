"""The generic road: any estimator of scikit-learn, cloned and refitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from regularfit.errors import InputError, UnsupportedError
from regularfit.selection import honest_score, make_folds

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 3))
Y = X[:, 0] + RNG.normal(size=48)
LABELS = np.where(X[:, 0] + RNG.logistic(size=48) > 0, "yes", "no")


def test_fold_scores_are_those_of_explicit_refits():
    score = honest_score(LinearRegression(), X, Y, cv=make_folds(6, 48, random_state=1))
    for k, (train, test) in enumerate(make_folds(6, 48, random_state=1)):
        model = LinearRegression().fit(X[train], Y[train])
        assert score.fold_scores[0, k] == pytest.approx(np.mean((model.predict(X[test]) - Y[test]) ** 2))
    assert score.score_name == "mean squared error"
    assert score.naive_mean == pytest.approx(score.fold_scores.mean())
    assert np.isnan(score.tuned_mean)
    assert np.isnan(score.optimism)


def test_weights_reach_fit_and_score():
    w = RNG.integers(1, 4, size=48).astype(float)
    folds = make_folds(6, 48, random_state=1)
    score = honest_score(Ridge(), X, Y, folds, sample_weight=w)
    for k, (train, test) in enumerate(folds):
        model = Ridge().fit(X[train], Y[train], sample_weight=w[train])
        wanted = np.average((model.predict(X[test]) - Y[test]) ** 2, weights=w[test])
        assert score.fold_scores[0, k] == pytest.approx(wanted)


def test_classifiers_by_log_loss_and_by_errors():
    folds = make_folds(5, 48, LABELS, classifier=True, random_state=0)
    score = honest_score(LogisticRegression(), X, LABELS, folds)
    train, test = folds[2]
    model = LogisticRegression().fit(X[train], LABELS[train])
    assert score.fold_scores[0, 2] == pytest.approx(
        log_loss(LABELS[test], model.predict_proba(X[test]), labels=["no", "yes"])
    )
    assert score.score_name == "mean log-loss"
    assert honest_score(LinearSVC(), X, LABELS, 5, random_state=0).score_name == "error rate"


def test_a_scorer_is_on_its_own_scale():
    score = honest_score(LogisticRegression(), X, LABELS, 4, scoring="roc_auc", random_state=0)
    assert score.greater_is_better
    assert 0 <= score.fold_scores.min() <= score.fold_scores.max() <= 1
    low, high = score.interval()
    assert low < score.mean < high


def test_a_grid_search_reports_its_optimism():
    search = GridSearchCV(
        KNeighborsRegressor(), {"n_neighbors": [1, 3, 9]}, scoring="neg_mean_squared_error", cv=4
    )
    score = honest_score(search, X, Y, 4, scoring="neg_mean_squared_error", random_state=0)
    assert score.tuned_mean == pytest.approx(search.fit(X, Y).best_score_)
    assert score.optimism == pytest.approx(score.tuned_mean - score.mean)


def test_tables_and_pipelines():
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    model = make_pipeline(StandardScaler(), Ridge())
    folds = make_folds(4, 48, random_state=0)
    assert honest_score(model, table, Y, folds).mean == pytest.approx(honest_score(model, X, Y, folds).mean)


def test_groups_widen_the_interval():
    groups = np.repeat(np.arange(12), 4)
    folds = make_folds(4, 48, groups=groups, random_state=0)
    shifted = Y + 3 * RNG.normal(size=12)[groups]
    plain = honest_score(LinearRegression(), X, shifted, folds)
    grouped = honest_score(LinearRegression(), X, shifted, folds, groups=groups)
    assert grouped.mean == plain.mean
    assert grouped.naive_se > plain.naive_se


def test_processes_change_nothing():
    folds = make_folds(3, 48, random_state=0)
    one = honest_score(Ridge(), X, Y, folds)
    two = honest_score(Ridge(), X, Y, folds, n_jobs=2)
    assert (one.mean, one.se) == (two.mean, two.se)


def test_refusals():
    with pytest.raises(InputError, match="at least 3 folds"):
        honest_score(Ridge(), X, Y, 2)
    with pytest.raises(UnsupportedError, match="KNeighborsRegressor\\.fit takes no sample_weight"):
        honest_score(KNeighborsRegressor(), X, Y, 3, sample_weight=np.ones(48))
    with pytest.raises(UnsupportedError, match="takes no offset"):
        honest_score(Ridge(), X, Y, 3, offset=np.ones(48))
    with pytest.raises(InputError, match="one class only"):
        honest_score(DummyClassifier(), X, np.repeat("a", 48), make_folds(3, 48))

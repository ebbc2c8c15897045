"""What scikit-learn asks of an estimator: its own checks, pipelines, searches, routing."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_estimator,
    estimator_checks_generator,
)

import regularfit as rf
from tests.linear.data import classification, regression

ESTIMATORS = [
    rf.PenalizedRegressor(),
    rf.PenalizedRegressor(rf.L2(), select="loo"),
    rf.PenalizedRegressor(strength=0.05),
    rf.PenalizedClassifier(strengths=15),
    rf.PenalizedClassifier(strength=0.05),
]
CHECKS = [
    pytest.param(
        estimator, check, id=f"{estimator}-{getattr(check, 'func', check).__name__}".replace("\n", "")
    )
    for prototype in ESTIMATORS
    for estimator, check in estimator_checks_generator(prototype, mark="skip")
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_checks(estimator, check):
    if getattr(check, "func", check).__name__ == "check_array_api_input":
        pytest.skip("needs SCIPY_ARRAY_API in the environment")
    check(estimator)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "estimator", [rf.PenalizedRegressor(strength=0.1), rf.PenalizedClassifier(strength=0.1)]
)
def test_column_names_are_handled_as_scikit_learn_does(estimator):
    check_dataframe_column_names_consistency(type(estimator).__name__, estimator)


@pytest.mark.filterwarnings("ignore")
def test_check_estimator_as_users_call_it():
    check_estimator(rf.PenalizedClassifier())


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")
def test_ten_folds_are_refused_where_they_are_asked_for_and_a_class_is_rarer():
    X, y = classification(n=12)
    with pytest.raises(rf.InputError, match=r"class .* has only \d members; give cv <="):
        rf.PenalizedClassifier(cv=10).fit(X, y)
    rarer = min(np.unique(y, return_counts=True)[1])
    with pytest.warns(rf.FewerFoldsWarning, match=f"{rarer} folds"):
        model = rf.PenalizedClassifier(strengths=[0.3, 0.1, 0.03]).fit(X, y)
    assert model.cv_.folds.shape[1] == rarer


@pytest.mark.parametrize("make", [rf.PenalizedRegressor, rf.PenalizedClassifier])
def test_the_same_call_gives_the_same_model(make):
    X, y = regression() if make is rf.PenalizedRegressor else classification()
    first, again, other = (make(cv=5, strengths=15, random_state=seed).fit(X, y) for seed in (None, None, 1))
    np.testing.assert_array_equal(first.coef_, again.coef_)
    np.testing.assert_array_equal(first.cv_.folds, again.cv_.folds)
    assert not np.array_equal(first.cv_.folds, other.cv_.folds)


def test_grid_search_reaches_into_the_penalty():
    X, y = regression()
    search = GridSearchCV(
        rf.PenalizedRegressor(rf.ElasticNet(0.5), strength=0.1),
        {"penalty__l1_ratio": [0.1, 0.9], "strength": [0.1, 1]},
        cv=3,
    )
    search.fit(X, y)
    assert search.best_estimator_.penalty == rf.ElasticNet(search.best_params_["penalty__l1_ratio"])


def test_grid_search_over_penalties():
    X, y = regression()
    search = GridSearchCV(rf.PenalizedRegressor(strength=0.1), {"penalty": [rf.L1(), rf.L2()]}, cv=3).fit(
        X, y
    )
    assert search.best_params_["penalty"] in (rf.L1(), rf.L2())


def test_set_params_never_changes_the_old_penalty():
    penalty = rf.ElasticNet(0.5)
    model = rf.PenalizedRegressor(penalty)
    other = clone(model).set_params(penalty__l1_ratio=0.9, select="1se")
    assert (penalty.l1_ratio, model.penalty.l1_ratio, other.penalty.l1_ratio) == (0.5, 0.5, 0.9)
    assert other.select == "1se"


def test_unknown_nested_parameter_is_named():
    with pytest.raises(rf.InputError, match=r"penalty__ratio is not a parameter.*l1_ratio"):
        rf.PenalizedRegressor(rf.ElasticNet(0.5)).set_params(penalty__ratio=0.1)


def test_unknown_parameter_is_named():
    with pytest.raises(ValueError, match="strenght"):
        rf.PenalizedRegressor().set_params(strenght=1.0)


def test_pipeline_with_pandas_output():
    X, y = regression()
    table = pd.DataFrame(X, columns=list("abcdefgh"))
    pipe = make_pipeline(StandardScaler(), rf.PenalizedRegressor(strength=0.1)).set_output(transform="pandas")
    assert pipe.fit(table, y)[-1].feature_names_in_.tolist() == list("abcdefgh")
    assert pipe.predict(table).shape == y.shape


@pytest.mark.parametrize("make", [rf.PenalizedRegressor, rf.PenalizedClassifier])
def test_weights_offsets_and_groups_are_routed(make):
    X, y = regression() if make is rf.PenalizedRegressor else classification()
    rows = np.arange(len(y))
    extra = {"sample_weight": 1.0 + rows % 2, "offset": 0.01 * rows, "groups": rows // 4}
    with sklearn.config_context(enable_metadata_routing=True):
        model = make(rf.L2(), strengths=[0.5, 0.1, 0.01], cv=3, random_state=0)
        model.set_fit_request(sample_weight=True, offset=True, groups=True).set_predict_request(offset=True)
        model.set_score_request(sample_weight=True, offset=True)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rf.GridEdgeWarning)
            pipe.fit(X, y, **extra)
            alone = clone(model).fit(StandardScaler().fit_transform(X), y, **extra)
            found = cross_validate(model, X, y, params=extra, cv=GroupKFold(3), error_score="raise")
        np.testing.assert_allclose(pipe[-1].coef_, alone.coef_, rtol=1e-9)
        predicted = pipe.predict(X, offset=extra["offset"])
        np.testing.assert_array_equal(
            predicted, alone.predict(StandardScaler().fit_transform(X), offset=extra["offset"])
        )
    assert np.isfinite(found["test_score"]).all()


def test_routed_weights_reach_the_scorer():
    X, y = regression()
    weights = 1.0 + np.arange(len(y)) % 3
    model = rf.PenalizedRegressor(rf.L1(), cv=4, random_state=0, scoring="neg_mean_squared_error")
    own = rf.PenalizedRegressor(rf.L1(), cv=4, random_state=0)
    expected = own.fit(X, y, sample_weight=weights).cv_.mean
    np.testing.assert_allclose(model.fit(X, y, sample_weight=weights).cv_.mean, -expected, rtol=1e-9)
    with sklearn.config_context(enable_metadata_routing=True):
        np.testing.assert_allclose(model.fit(X, y, sample_weight=weights).cv_.mean, -expected, rtol=1e-9)

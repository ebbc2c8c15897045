"""Hierarchical shrinkage of every engine: its formula, its ends, its choice, and models that are never touched."""

import pickle
import warnings
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from regularfit.errors import GridEdgeWarning, InputError, UnsupportedError
from regularfit.selection import make_folds
from regularfit.trees import Shrunk, TreeNodes, read_trees, shrink
from regularfit.trees.shrinkage.respond import responder
from regularfit.trees.shrinkage.values import shrunk_values
from tests.trees.structure.data import table, three_classes

X, Y = table(200, missing=False)
HOLES, _ = table(200)
LABELS = three_classes(Y)
FEW = {"n_estimators": 5, "random_state": 0}
REGRESSORS = {
    "tree": DecisionTreeRegressor(random_state=0),
    "forest": RandomForestRegressor(**FEW),
    "extra": ExtraTreesRegressor(**FEW),
    "gradient": GradientBoostingRegressor(**FEW),
    "hist": HistGradientBoostingRegressor(max_iter=5, random_state=0),
    "poisson": HistGradientBoostingRegressor(max_iter=5, random_state=0, loss="poisson"),
}
CLASSIFIERS = {
    "tree": DecisionTreeClassifier(random_state=0),
    "forest": RandomForestClassifier(**FEW),
    "extra": ExtraTreesClassifier(**FEW),
    "gradient": GradientBoostingClassifier(**FEW),
    "exponential": GradientBoostingClassifier(loss="exponential", **FEW),
    "hist": HistGradientBoostingClassifier(max_iter=5, random_state=0),
}
EVERY = [*REGRESSORS, "lightgbm", "dart", "rf", "gamma", "xgboost", "xgboost dart", "xgboost tweedie"]


def regressor(name):
    if name in REGRESSORS:
        return clone(REGRESSORS[name])
    if name.startswith("xgboost"):
        engine = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
        how = {
            "xgboost dart": {"booster": "dart", "rate_drop": 0.4},
            "xgboost tweedie": {"objective": "reg:tweedie"},
        }
        return engine.XGBRegressor(n_jobs=1, max_depth=4, **FEW, **how.get(name, {}))
    engine = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    how = {
        "dart": {"boosting_type": "dart"},
        "rf": {"boosting_type": "rf", "subsample": 0.7, "subsample_freq": 1},
        "gamma": {"objective": "gamma"},
    }
    return engine.LGBMRegressor(n_jobs=1, verbose=-1, num_leaves=9, **FEW, **how.get(name, {}))


def classifier(name):
    if name in CLASSIFIERS:
        return clone(CLASSIFIERS[name])
    engine = pytest.importorskip(name, reason="the extra `trees` is not installed")
    if name == "xgboost":
        return engine.XGBClassifier(n_jobs=1, max_depth=4, **FEW)
    return engine.LGBMClassifier(n_jobs=1, verbose=-1, num_leaves=9, **FEW)


def positive(y):
    return np.exp(y / 4)


# --- the formula


def by_recursion(tree, strength):
    """The definition, one node after the other."""
    found = tree.value.copy()

    def go(node, above):
        for child in (tree.left[node], tree.right[node]):
            step = (tree.value[child] - tree.value[node]) / (1 + strength / tree.rows[node])
            found[child] = above + step
            if tree.left[child] >= 0:
                go(child, found[child])

    if tree.left[0] >= 0:
        go(0, found[0])
    return found


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.lists(st.floats(0, 1e6), min_size=1, max_size=4))
def test_values_are_those_of_the_definition(seed, strengths):
    rows, y = table(70, seed=seed)
    tree = read_trees(DecisionTreeRegressor(random_state=0).fit(rows, y))[0]
    found = shrunk_values(tree, np.array(strengths))
    for s, strength in enumerate(strengths):
        np.testing.assert_allclose(found[:, :, s], by_recursion(tree, strength), atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 1e6))
def test_the_mean_over_the_training_rows_stays_and_the_spread_falls(seed, strength):
    rows, y = table(70, seed=seed)
    tree = read_trees(DecisionTreeRegressor(random_state=0).fit(rows, y))[0]
    ends = shrunk_values(tree, np.array([strength, 2 * strength]))[tree.leaves, 0]
    weights = tree.rows[tree.leaves]
    np.testing.assert_allclose(np.average(ends, axis=0, weights=weights), y.mean(), atol=1e-10)
    spread = np.average((ends - y.mean()) ** 2, axis=0, weights=weights)
    assert spread[1] <= spread[0] * (1 + 1e-12)


def test_a_node_without_rows_keeps_its_steps_only_without_shrinkage():
    tree = TreeNodes.of([1, -1, -1], [2, -1, -1], [0, -1, -1], [0.5, 0, 0], [[1.0], [0.0], [2.0]], [0, 0, 0])
    np.testing.assert_array_equal(shrunk_values(tree, np.array([0.0, 1.0]))[:, 0], [[1, 1], [0, 1], [2, 1]])


# --- every engine


@pytest.mark.parametrize("name", EVERY)
def test_numbers(name):
    y = positive(Y)
    model = regressor(name).fit(X, y)
    before = model.predict(X)
    np.testing.assert_array_equal(shrink(model, 0).predict(X), before)  # to the last bit
    trees, respond = read_trees(model), responder(model)
    for strength in (3.0, 40.0):
        copy = shrink(model, strength)
        raw = trees.base + trees.share * sum(
            outputs(tree, by_recursion(tree, strength)[tree.apply(X)], trees.outputs) for tree in trees
        )
        np.testing.assert_allclose(copy.predict(X), respond(raw)[:, 0], rtol=2e-6)
    np.testing.assert_array_equal(model.predict(X), before)  # never touched
    roots = trees.base + trees.share * sum(outputs(tree, tree.value[:1], trees.outputs) for tree in trees)
    np.testing.assert_allclose(shrink(model, 1e12).predict(X), respond(roots)[0, 0], rtol=1e-6)


@pytest.mark.parametrize("labels", [Y > 1, LABELS], ids=["two", "three"])
@pytest.mark.parametrize("name", [*CLASSIFIERS, "lightgbm", "xgboost"])
def test_classes(name, labels):
    if name == "exponential" and labels is LABELS:
        pytest.skip("the exponential loss is for two classes")
    codes = np.unique(labels, return_inverse=True)[1]
    model = classifier(name).fit(X, codes)
    before = model.predict_proba(X)
    np.testing.assert_array_equal(shrink(model, 0).predict_proba(X), before)
    trees, respond = read_trees(model), responder(model)
    np.testing.assert_allclose(respond(trees.raw(X)), before, atol=1e-6)
    copy = shrink(model, 10.0)
    raw = trees.base + trees.share * sum(
        outputs(tree, by_recursion(tree, 10.0)[tree.apply(X)], trees.outputs) for tree in trees
    )
    np.testing.assert_allclose(copy.predict_proba(X), respond(raw), atol=1e-6)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def outputs(tree, values, count):
    found = np.zeros((len(values), count))
    found[:, tree.output : tree.output + values.shape[1]] = values
    return found


def test_bare_boosters():
    for name, data in (("lightgbm", lambda rows: rows), ("xgboost", None)):
        engine = pytest.importorskip(name, reason="the extra `trees` is not installed")
        rows = X if data else engine.DMatrix(X)
        model = regressor(name).fit(X, Y)
        booster = model.booster_ if name == "lightgbm" else model.get_booster()
        shrunk = Shrunk(booster, strength=5.0).fit()
        np.testing.assert_array_equal(shrunk.predict(rows), shrink(model, 5.0).predict(X))
        with pytest.raises(UnsupportedError, match="bare Booster"):
            Shrunk(booster).fit(X, Y)


def test_models_that_stopped_early():
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    params = {"learning_rate": 0.5, "num_threads": 1, "verbose": -1}
    rows, held = lightgbm.Dataset(X[:100], Y[:100]), lightgbm.Dataset(X[100:], Y[100:])
    stop = lightgbm.early_stopping(3, verbose=False)
    how = {"valid_sets": [held], "callbacks": [stop], "keep_training_booster": True}
    booster = lightgbm.train(params, rows, 60, **how)
    assert booster.best_iteration < booster.num_trees()
    model = xgboost.XGBRegressor(n_estimators=60, learning_rate=0.5, n_jobs=1, early_stopping_rounds=3)
    model.fit(X[:100], Y[:100], eval_set=[(X[100:], Y[100:])], verbose=False)
    for fitted in (booster, model):
        np.testing.assert_array_equal(shrink(fitted, 0).predict(X), fitted.predict(X))
        (first, *_), trees = shrink(fitted, 1e9).predict(X), read_trees(fitted)
        assert first == pytest.approx(trees.base[0] + sum(tree.value[0, 0] for tree in trees), rel=1e-5)


def test_several_targets():
    targets = np.column_stack([Y, -3 * Y])
    model = Shrunk(DecisionTreeRegressor(random_state=0)).fit(X, targets)
    assert model.predict(X).shape == (200, 2)
    one = Shrunk(DecisionTreeRegressor(random_state=0), strength=7.0).fit(X, targets)
    np.testing.assert_allclose(one.predict(X)[:, 1], -3 * one.predict(X)[:, 0])


# --- the choice


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")
@pytest.mark.parametrize("name", ["tree", "forest", "gradient", "poisson", "lightgbm", "gamma", "xgboost"])
def test_folds_score_as_shrunk_models_do(name):
    y, model = positive(Y), regressor(name)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y))
    shrunk = Shrunk(model, cv=3, strengths=[100.0, 4.0, 0.0]).fit(X, y, sample_weight=weights)
    assert shrunk.cv_.values.tolist() == [100.0, 4.0, 0.0]
    for k, (train, test) in enumerate(make_folds(3, len(y))):
        fold = clone(model).fit(X[train], y[train], sample_weight=weights[train])
        for s, strength in enumerate(shrunk.cv_.values):
            found = shrink(fold, strength).predict(X[test])
            expected = mean_squared_error(y[test], found, sample_weight=weights[test])
            assert shrunk.cv_.folds[s, k] == pytest.approx(expected, rel=1e-4)


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")
@pytest.mark.parametrize("name", ["tree", "forest", "hist", "lightgbm", "xgboost"])
def test_folds_of_classes_score_as_shrunk_models_do(name):
    model = classifier(name)
    shrunk = Shrunk(model, cv=3, strengths=[100.0, 4.0, 0.0]).fit(X, LABELS)
    codes = np.unique(LABELS, return_inverse=True)[1]
    for k, (train, test) in enumerate(make_folds(3, len(X), codes, classifier=True)):
        fold = clone(model).fit(X[train], codes[train])
        for s, strength in enumerate(shrunk.cv_.values):
            found = shrink(fold, strength).predict_proba(X[test])
            assert shrunk.cv_.folds[s, k] == pytest.approx(log_loss(codes[test], found), rel=1e-4)


def test_the_grid_ends_at_zero_and_starts_near_the_root():
    model = Shrunk(DecisionTreeRegressor()).fit(X, Y)
    assert len(model.path_) == 25
    assert model.path_.strengths[-1] == 0
    assert model.path_.kept[-1] == pytest.approx(1)
    assert model.path_.kept[0] < 1e-3
    assert (np.diff(model.path_.kept) > 0).all()
    assert model.path_.to_frame().shape == (25, 2)
    assert model.cv_.knob == "shrinkage"


def test_it_pays_on_an_unpruned_tree():
    rows, y = load_diabetes(return_X_y=True)
    model = Shrunk(DecisionTreeRegressor(), random_state=0).fit(rows[:300], y[:300])
    plain = DecisionTreeRegressor(random_state=0).fit(rows[:300], y[:300])
    miss = [mean_squared_error(y[300:], m.predict(rows[300:])) for m in (model, plain)]
    assert miss[0] < 0.75 * miss[1]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_one_standard_error_shrinks_never_less_than_the_minimum(seed):
    rows, y = table(80, seed=seed, missing=False)
    least, most = (Shrunk(DecisionTreeRegressor(), select=select).fit(rows, y) for select in ("min", "1se"))
    assert most.strength_ == most.cv_.value_1se >= least.strength_ == least.cv_.value_min


def test_the_same_call_gives_the_same_model_and_groups_stay_together():
    one, two = (Shrunk(RandomForestRegressor(5)).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(one.predict(X), two.predict(X))
    groups = np.repeat(np.arange(20), 10)
    grouped = Shrunk(RandomForestRegressor(5)).fit(X, Y, groups=groups)
    assert (grouped.cv_.folds != one.cv_.folds).any()


def test_a_grid_that_ends_too_early_is_told():
    with pytest.warns(GridEdgeWarning, match="larger"):
        Shrunk(DecisionTreeRegressor(), strengths=[0.0, 0.01]).fit(X, Y)
    with pytest.warns(GridEdgeWarning, match="smaller"):
        Shrunk(DecisionTreeRegressor(), strengths=[1e6, 1e7]).fit(X, Y)


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")
def test_a_fold_without_one_of_the_classes():
    labels = np.where(np.arange(200) < 10, "rare", LABELS)
    parts = np.array_split(np.arange(200), 4)
    folds = [(np.setdiff1d(np.arange(200), part), part) for part in parts]
    for name in ("tree", "xgboost"):
        model = Shrunk(classifier(name), cv=folds, strengths=[5.0, 0.0]).fit(X, labels)
        assert np.isfinite(model.cv_.folds).all()
        assert model.predict_proba(X).shape == (200, 4)


# --- fitted models


@pytest.mark.parametrize("name", ["tree", "forest", "gradient", "hist", "lightgbm", "xgboost"])
def test_a_fitted_model_is_copied_and_its_strength_found_by_clones(name):
    model = regressor(name).fit(X, Y)
    before = model.predict(X)
    given = Shrunk(model, cv=3).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), before)
    fresh = Shrunk(regressor(name), cv=3).fit(X, Y)
    assert given.strength_ == fresh.strength_
    np.testing.assert_array_equal(given.predict(X), fresh.predict(X))
    fixed = Shrunk(model, strength=given.strength_).fit()  # without data
    np.testing.assert_array_equal(fixed.predict(X), given.predict(X))
    with pytest.raises(InputError, match=r"fit\(X, y\)"):
        Shrunk(model).fit()


@pytest.mark.parametrize("name", ["tree", "forest", "gradient", "hist", "lightgbm", "xgboost"])
def test_a_fitted_model_that_changes_is_noticed_and_nothing_is_lost(name):
    model = regressor(name).fit(X, Y)
    shrunk = Shrunk(model, strength=5.0).fit()
    kept = shrunk.predict(X)
    model.fit(X, -Y)
    with pytest.raises(InputError, match="has been changed or fitted again"):
        shrunk.predict(X)
    np.testing.assert_array_equal(shrunk.model_.predict(X), kept)
    shrunk.fit()
    shrunk.predict(X)
    shrunk.model_.fit(X, Y)
    with pytest.raises(InputError, match="model_ has been changed"):
        shrunk.predict(X)


def test_labels_of_a_fitted_model():
    model = DecisionTreeClassifier(random_state=0).fit(X, LABELS)
    shrunk = Shrunk(model).fit(X, LABELS)
    assert shrunk.classes_.tolist() == ["a", "b", "c"]
    assert set(shrunk.predict(X)) <= {"a", "b", "c"}
    with pytest.raises(InputError, match="other classes"):
        Shrunk(model).fit(X, np.where(LABELS == "a", "z", LABELS))


def test_a_fitted_model_keeps_its_own_way_with_tables():
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    frame = pd.DataFrame(X, columns=list("uvwx")).astype({"w": "category"})
    model = lightgbm.LGBMRegressor(n_jobs=1, verbose=-1, **FEW).fit(frame, Y)
    shrunk = Shrunk(model).fit(frame, Y)
    assert shrunk.predict(frame).shape == (200,)
    assert shrunk.feature_names_in_.tolist() == list("uvwx")


def test_copies():
    shrunk = Shrunk(DecisionTreeRegressor(random_state=0).fit(X, Y), strength=5.0).fit()
    for copy in (pickle.loads(pickle.dumps(shrunk)), deepcopy(shrunk)):
        np.testing.assert_array_equal(copy.predict(X), shrunk.predict(X))
    forgotten = clone(shrunk)  # as scikit-learn clones: without the fit
    with pytest.raises(InputError, match="requires y"):
        forgotten.fit(X)


# --- tables


@pytest.mark.parametrize("name", ["tree", "forest", "hist", "lightgbm", "xgboost"])
def test_categories_and_missing_values(name):
    colour = np.array(["red", "blue", "green"])[np.arange(200) % 3]
    frame = pd.DataFrame({"colour": colour, "size": HOLES[:, 0]})
    y = np.where(colour == "red", 5.0, 0.0) + np.nan_to_num(HOLES[:, 0])
    model = Shrunk(regressor(name)).fit(frame, y)
    assert np.corrcoef(model.predict(frame), y)[0, 1] > 0.8
    engine = model.model_
    kinds = {
        "hist": lambda: engine.is_categorical_.tolist() == [True, False],
        "lightgbm": lambda: any(tree.categories for tree in read_trees(engine)),
        "xgboost": lambda: engine.get_booster().feature_types == ["c", "q"],
    }
    assert kinds.get(name, lambda: engine.n_features_in_ == 4)()


# --- scikit-learn

DRAWS = {
    "check_sample_weight_equivalence_on_dense_data": "a forest draws rows, so a weight of 2 is not two rows"
}


@parametrize_with_checks(
    [
        Shrunk(DecisionTreeRegressor(), cv=KFold(2, shuffle=True, random_state=0), strengths=3),
        Shrunk(DecisionTreeClassifier(), cv=KFold(2, shuffle=True, random_state=0), strengths=3),
        Shrunk(RandomForestClassifier(3, random_state=0), strength=1.0),
    ],
    expected_failed_checks=lambda shrunk: DRAWS if isinstance(shrunk.model, RandomForestClassifier) else {},
)
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


def test_it_is_what_the_model_is():
    assert is_classifier(Shrunk(DecisionTreeClassifier()))
    assert not hasattr(Shrunk(DecisionTreeRegressor()), "predict_proba")
    assert cross_val_score(Shrunk(DecisionTreeClassifier()), X, LABELS, cv=3).mean() > 0.5
    shrunk = Shrunk(DecisionTreeClassifier()).set_params(model__max_depth=2, select="1se")
    assert shrunk.fit(X, LABELS).model_.get_depth() == 2


def test_pictures():
    model = Shrunk(DecisionTreeRegressor()).fit(X, Y)
    display = model.plot_cv()
    assert display.ax_.get_ylabel() == "mean squared error, held out"
    with pytest.raises(InputError, match="was given"):
        Shrunk(DecisionTreeRegressor(), strength=1.0).fit(X, Y).plot_cv()


# --- what cannot be done


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"select": "best"}, "select"),
        ({"strength": -1.0}, "strength"),
        ({"strength": "auto"}, "strength"),
        ({"strengths": 1}, "at least 2"),
        ({"strengths": [-1.0, 2.0]}, ">= 0"),
        ({"cv": 300}, "cv <= 200"),
    ],
)
def test_settings_that_cannot_be_used(settings_, says):
    with pytest.raises(InputError, match=says):
        Shrunk(DecisionTreeRegressor(), **settings_).fit(X, Y)


def test_models_and_targets_that_cannot_be_used():
    with pytest.raises(UnsupportedError, match="LinearRegression"):
        Shrunk(LinearRegression()).fit(X, Y)
    with pytest.raises(InputError, match="NaN"):
        Shrunk(DecisionTreeRegressor()).fit(X, np.where(np.arange(200) == 3, np.nan, Y))
    with pytest.raises(InputError, match="one class"):
        Shrunk(DecisionTreeClassifier()).fit(X, np.full(200, "a"))
    with pytest.raises(InputError, match="not fitted"):
        shrink(DecisionTreeRegressor(), 1.0)
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    with pytest.raises(UnsupportedError, match="neither a regressor nor a classifier"):
        Shrunk(lightgbm.LGBMRanker()).fit(X, Y)

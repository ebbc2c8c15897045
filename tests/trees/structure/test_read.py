"""Trees as arrays add up to what their engine predicts, whatever the columns hold."""

import numpy as np
import pandas as pd
import pytest
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
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from regularfit.errors import InputError, UnsupportedError
from regularfit.trees.structure import leaf_nodes, read_trees

from .data import table, three_classes

X, Y = table()
FULL, Y_FULL = table(missing=False, codes=False, seed=1)
NEW = np.concatenate([table(200, seed=2)[0], np.full((1, 4), np.nan)])
NEW_CODES = NEW.copy()
NEW_CODES[:3, 2] = [9, 30, 6]  # never seen

FAST = {"n_estimators": 5, "random_state": 0}


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeRegressor(random_state=0),
        DecisionTreeRegressor(max_depth=3, random_state=0, criterion="poisson"),
        RandomForestRegressor(**FAST),
        ExtraTreesRegressor(**FAST),
    ],
)
def test_regression_by_scikit_learn(model):
    model.fit(X, np.abs(Y))
    trees = read_trees(model)
    np.testing.assert_allclose(trees.raw(NEW).ravel(), model.predict(NEW), rtol=1e-12)
    same_leaves(trees, model, NEW)


@pytest.mark.parametrize(
    "model",
    [DecisionTreeClassifier(random_state=0), RandomForestClassifier(**FAST), ExtraTreesClassifier(**FAST)],
)
def test_shares_of_classes_by_scikit_learn(model):
    model.fit(X, three_classes(Y))
    trees = read_trees(model)
    np.testing.assert_allclose(trees.raw(NEW), model.predict_proba(NEW), atol=1e-12)
    same_leaves(trees, model, NEW)


def test_several_targets():
    model = RandomForestRegressor(**FAST).fit(X, np.column_stack([Y, -Y, Y**2]))
    np.testing.assert_allclose(read_trees(model).raw(NEW), model.predict(NEW), rtol=1e-12)


@pytest.mark.parametrize("loss", ["squared_error", "huber", "absolute_error"])
def test_gradient_boosting(loss):
    model = GradientBoostingRegressor(loss=loss, **FAST).fit(FULL, Y_FULL)
    trees = read_trees(model)
    np.testing.assert_allclose(trees.raw(FULL).ravel(), model.predict(FULL), rtol=1e-10)
    same_leaves(trees, model, FULL)


@pytest.mark.parametrize("labels", [lambda y: y > 0, three_classes])
def test_gradient_boosting_of_classes(labels):
    model = GradientBoostingClassifier(**FAST).fit(FULL, labels(Y_FULL))
    raw = read_trees(model).raw(FULL)
    np.testing.assert_allclose(np.squeeze(raw), model.decision_function(FULL), rtol=1e-10, atol=1e-12)
    same_leaves(read_trees(model), model, FULL)


def test_gradient_boosting_from_another_model_is_refused():
    model = GradientBoostingRegressor(init=LinearRegression(), **FAST).fit(FULL, Y_FULL)
    with pytest.raises(UnsupportedError, match="LinearRegression"):
        read_trees(model)


@pytest.mark.parametrize("categorical", [None, [2], [0, 2]])
def test_histogram_boosting(categorical):
    rows = X.copy()
    if categorical == [0, 2]:  # categories that are not 0, 1, ...
        rows[:, 0] = np.round(rows[:, 0] * 2) * 3 + 40
    model = HistGradientBoostingRegressor(max_iter=5, categorical_features=categorical).fit(rows, Y)
    new = np.concatenate([rows, NEW_CODES])
    trees = read_trees(model)
    np.testing.assert_allclose(trees.raw(new).ravel(), model.predict(new), rtol=1e-10)
    same_leaves(trees, model, new)


@pytest.mark.parametrize("labels", [lambda y: y > 0, three_classes])
def test_histogram_boosting_of_classes(labels):
    model = HistGradientBoostingClassifier(max_iter=4, categorical_features=[2]).fit(X, labels(Y))
    raw = np.squeeze(read_trees(model).raw(NEW_CODES))
    np.testing.assert_allclose(raw, model.decision_function(NEW_CODES), rtol=1e-10, atol=1e-12)


def test_histogram_boosting_of_text():
    frame = pd.DataFrame(
        {"word": pd.Categorical(np.array(["x", "y", "z"])[np.arange(300) % 3]), "u": X[:, 0]}
    )
    model = HistGradientBoostingRegressor(max_iter=3, categorical_features="from_dtype").fit(frame, Y)
    with pytest.raises(UnsupportedError, match="TreeColumns"):
        read_trees(model)
    assert leaf_nodes(model, frame).shape == (300, 3)


@pytest.mark.parametrize(
    "settings", [{}, {"reg_lambda": 3.0, "path_smooth": 5.0}, {"boosting_type": "dart"}, "rf"]
)
@pytest.mark.parametrize("categorical", [[], [2]])
def test_lightgbm(settings, categorical):
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    if settings == "rf":
        settings = {"boosting_type": "rf", "subsample": 0.7, "subsample_freq": 1}
    model = lightgbm.LGBMRegressor(n_estimators=6, num_leaves=9, n_jobs=1, verbose=-1, **settings)
    model.fit(X, Y + 10, categorical_feature=categorical)
    trees = read_trees(model)
    np.testing.assert_allclose(trees.raw(NEW_CODES).ravel(), model.predict(NEW_CODES), rtol=1e-10)
    same_leaves(trees, model, NEW_CODES)
    same_leaves(trees, model.booster_, NEW_CODES)


def test_lightgbm_counts_missing_values_that_training_did_not_see_as_zero():
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    model = lightgbm.LGBMRegressor(n_estimators=5, n_jobs=1, verbose=-1).fit(FULL, Y_FULL)
    np.testing.assert_allclose(read_trees(model).raw(NEW).ravel(), model.predict(NEW), rtol=1e-10)


@pytest.mark.parametrize("labels", [lambda y: y > 0, three_classes])
def test_lightgbm_of_classes(labels):
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    model = lightgbm.LGBMClassifier(n_estimators=4, n_jobs=1, verbose=-1).fit(X, labels(Y))
    trees = read_trees(model)
    np.testing.assert_allclose(np.squeeze(trees.raw(NEW)), model.predict(NEW, raw_score=True), rtol=1e-10)
    same_leaves(trees, model, NEW)
    roots = [tree.rows[0] for tree in trees[: trees.outputs]]
    assert sum(roots) == pytest.approx(300 * trees.outputs, rel=0.3)


def test_lightgbm_that_stopped_early_and_a_tree_without_a_split():
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    rows, held = lightgbm.Dataset(X[:200], Y[:200]), lightgbm.Dataset(X[200:], Y[200:])
    stop = lightgbm.early_stopping(3, verbose=False)
    booster = lightgbm.train(
        {"learning_rate": 0.5, "num_threads": 1, "verbose": -1}, rows, 80, valid_sets=[held], callbacks=[stop]
    )
    trees = read_trees(booster)
    assert len(trees) == booster.best_iteration < 80
    np.testing.assert_allclose(trees.raw(NEW).ravel(), booster.predict(NEW), rtol=1e-10)
    same_leaves(trees, booster, NEW)
    one = lightgbm.LGBMRegressor(n_estimators=2, min_child_samples=400, n_jobs=1, verbose=-1).fit(X, Y)
    np.testing.assert_allclose(read_trees(one).raw(NEW).ravel(), one.predict(NEW), rtol=1e-10)
    same_leaves(read_trees(one), one, NEW)


def test_lightgbm_with_more_than_numbers_is_refused():
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    settings = {"n_estimators": 3, "n_jobs": 1, "verbose": -1}
    with pytest.raises(UnsupportedError, match="linear_tree"):
        read_trees(lightgbm.LGBMRegressor(linear_tree=True, **settings).fit(FULL, Y_FULL))
    with pytest.raises(InputError, match="zero_as_missing"):
        read_trees(lightgbm.LGBMRegressor(zero_as_missing=True, **settings).fit(X, Y))


@pytest.mark.parametrize("settings", [{}, {"reg_lambda": 0.0}, {"booster": "dart", "rate_drop": 0.5}])
@pytest.mark.parametrize("kinds", [["q"] * 4, ["q", "q", "c", "q"]])
def test_xgboost(settings, kinds):
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    settings = {"n_estimators": 6, "max_depth": 4, "n_jobs": 1, "random_state": 0, **settings}
    model = xgboost.XGBRegressor(feature_types=kinds, enable_categorical=True, **settings).fit(X, Y + 10)
    new = NEW_CODES if "c" in kinds else NEW
    trees = read_trees(model)
    np.testing.assert_allclose(trees.raw(new).ravel(), model.predict(new), rtol=1e-6)
    same_leaves(trees, model, new)
    same_leaves(trees, model.get_booster(), new)
    assert trees[0].rows[0] == pytest.approx(300)


def test_xgboost_compares_in_single_precision():
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    model = xgboost.XGBRegressor(n_estimators=10, n_jobs=1).fit(FULL, Y_FULL)
    trees = read_trees(model)
    edges = np.unique(
        [t for tree in trees for t, f in zip(tree.threshold, tree.feature, strict=True) if f == 0]
    )
    rows = np.repeat(FULL[:1], 4 * len(edges), axis=0)
    rows[:, 0] = np.concatenate(
        [edges, np.nextafter(np.float32(edges), np.float32(9)), edges + 1e-12, edges - 1e-12]
    )
    np.testing.assert_allclose(trees.raw(rows).ravel(), model.predict(rows), rtol=1e-5)
    same_leaves(trees, model, rows)


@pytest.mark.parametrize("labels", [lambda y: (y > 1).astype(int), lambda y: np.digitize(y, [-2, 1])])
@pytest.mark.parametrize("parallel", [1, 2])
def test_xgboost_of_classes(labels, parallel):
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    model = xgboost.XGBClassifier(n_estimators=3, n_jobs=1, num_parallel_tree=parallel, subsample=0.8)
    model.fit(X, labels(Y))
    trees = read_trees(model)
    margin = model.predict(NEW, output_margin=True)
    np.testing.assert_allclose(np.squeeze(trees.raw(NEW)), margin, rtol=1e-5, atol=1e-6)
    same_leaves(trees, model, NEW)


@pytest.mark.parametrize("objective", ["count:poisson", "reg:tweedie", "reg:absoluteerror"])
def test_xgboost_of_other_losses(objective):
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    model = xgboost.XGBRegressor(n_estimators=3, n_jobs=1, objective=objective).fit(X, np.abs(Y))
    margin = model.predict(NEW, output_margin=True)
    np.testing.assert_allclose(read_trees(model).raw(NEW).ravel(), margin, rtol=1e-5, atol=1e-6)


def test_xgboost_that_stopped_early():
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    model = xgboost.XGBRegressor(n_estimators=60, learning_rate=0.5, n_jobs=1, early_stopping_rounds=3)
    model.fit(X[:200], Y[:200], eval_set=[(X[200:], Y[200:])], verbose=False)
    trees = read_trees(model)
    assert len(trees) == model.best_iteration + 1
    np.testing.assert_allclose(trees.raw(NEW).ravel(), model.predict(NEW), rtol=1e-5)
    same_leaves(trees, model, NEW)


def test_xgboost_without_trees_is_refused():
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    vectors = xgboost.XGBRegressor(n_estimators=2, n_jobs=1, multi_strategy="multi_output_tree")
    with pytest.raises(UnsupportedError, match="multi_strategy"):
        read_trees(vectors.fit(X, np.column_stack([Y, Y**2])))


def test_inner_values_are_those_of_the_engine_without_penalty():
    lightgbm = pytest.importorskip("lightgbm", reason="the extra `trees` is not installed")
    model = lightgbm.LGBMRegressor(n_estimators=3, num_leaves=8, n_jobs=1, verbose=-1).fit(X, Y)
    for tree, dumped in zip(read_trees(model), model.booster_.dump_model()["tree_info"], strict=True):
        expected = {}
        todo = [dumped["tree_structure"]]
        while todo:
            node = todo.pop()
            if "split_index" in node:
                expected[node["split_index"]] = node["internal_value"], node["internal_count"]
                todo += [node["left_child"], node["right_child"]]
        values = [expected[k][0] for k in range(len(expected))]
        np.testing.assert_allclose(
            tree.value[: len(values), 0], values, atol=2e-5
        )  # single-precision gradients
        np.testing.assert_allclose(tree.rows[: len(values)], [expected[k][1] for k in range(len(expected))])


def test_inner_values_of_xgboost_are_its_base_weights_times_the_learning_rate():
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    import json

    model = xgboost.XGBRegressor(
        n_estimators=2, max_depth=3, reg_lambda=0.0, learning_rate=0.2, n_jobs=1
    ).fit(X, Y)
    document = json.loads(model.get_booster().save_raw("json"))
    for tree, grown in zip(
        read_trees(model), document["learner"]["gradient_booster"]["model"]["trees"], strict=True
    ):
        inner = tree.left >= 0
        weights = 0.2 * np.array(grown["base_weights"])
        np.testing.assert_allclose(tree.value[inner, 0], weights[inner], atol=1e-6)


@pytest.mark.parametrize("model", [LinearRegression(), make_pipeline(DecisionTreeRegressor()), Ridge()])
def test_other_models_are_refused(model):
    with pytest.raises(UnsupportedError, match=type(model).__name__):
        read_trees(model.fit(FULL, Y_FULL))


def test_a_model_that_is_not_fitted_is_refused():
    for model in (DecisionTreeRegressor(), RandomForestClassifier(), HistGradientBoostingRegressor()):
        with pytest.raises(InputError, match="not fitted"):
            read_trees(model)
    xgboost = pytest.importorskip("xgboost", reason="the extra `trees` is not installed")
    with pytest.raises(InputError, match="not fitted"):
        read_trees(xgboost.XGBRegressor())


def same_leaves(trees, model, rows):
    """Our walk through the arrays ends where the engine's does."""
    ours = np.column_stack([tree.apply(rows) for tree in trees])
    np.testing.assert_array_equal(ours, leaf_nodes(model, rows))

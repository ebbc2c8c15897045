"""Pruned trees: the path is scikit-learn's, the folds' errors are those of refitted trees, and bad input."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.selection import make_folds
from regularfit.trees import PrunedTreeClassifier, PrunedTreeRegressor, PruningPath, Regularisation
from regularfit.trees.pruning.tree_file import dumped, rebuilt
from regularfit.trees.pruning.weakest_link import collapse_alphas
from regularfit.trees.structure import read_trees
from tests.trees.structure.data import table, three_classes

X, Y = table()
TWO = KFold(2, shuffle=True, random_state=0)  # some checks have classes of three members each


@parametrize_with_checks(
    [
        PrunedTreeRegressor(cv=TWO),
        PrunedTreeClassifier(cv=TWO),
        PrunedTreeRegressor(ccp_alpha=0.1),
        PrunedTreeClassifier(ccp_alpha=0.01, random_state=0),
    ]
)
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


# --- the path


def grown(seed, classes, rows=60):
    rows_, y = table(rows, seed=seed)
    y = np.round(y)  # ties between gains
    model = DecisionTreeClassifier if classes else DecisionTreeRegressor
    fitted = model(random_state=0).fit(rows_, three_classes(y) if classes else y)
    tree = read_trees(fitted)[0]
    share = fitted.tree_.weighted_n_node_samples / fitted.tree_.weighted_n_node_samples[0]
    return rows_, y, fitted, tree, fitted.tree_.impurity * share


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_the_path_is_that_of_scikit_learn(seed, classes):
    rows, y, fitted, tree, risk = grown(seed, classes)
    path = PruningPath.of(tree, risk)
    theirs = fitted.cost_complexity_pruning_path(rows, three_classes(y) if classes else y)
    alphas = theirs.ccp_alphas[::-1]
    new = np.concatenate([np.diff(alphas) < -1e-9 * alphas[0], [True]])
    np.testing.assert_allclose(
        path.alphas, np.where(alphas[new] < 1e-9 * alphas[0], 0, alphas[new]), atol=1e-9
    )
    firsts = np.flatnonzero(np.concatenate([[True], new[:-1]]))
    np.testing.assert_allclose(path.risks, theirs.impurities[::-1][firsts], atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_pruned_trees_are_nested_and_minimise_risk_plus_leaves(seed, classes):
    _, _, _, tree, risk = grown(seed, classes)
    at = collapse_alphas(tree, risk)
    inner = np.flatnonzero(tree.left >= 0)
    below = inner[tree.parent[inner] >= 0]
    assert (at[below] <= at[tree.parent[below]]).all()  # so a split stands only where all above it stand
    path = PruningPath.of(tree, risk)
    assert (np.diff(path.leaves) > 0).all()
    assert (np.diff(path.alphas) < 0).all()
    for index in {0, len(path) // 2, len(path) - 1}:
        alpha = path.inside(index)
        assert path.risks[index] + alpha * path.leaves[index] == pytest.approx(least_cost(tree, risk, alpha))


def least_cost(tree, risk, alpha):
    """The smallest risk + alpha * leaves over all pruned trees, by dynamic programming from the leaves upwards."""
    cost = risk + alpha
    for level in reversed(tree.levels):
        node = level[tree.left[level] >= 0]
        cost[node] = np.minimum(cost[node], cost[tree.left[node]] + cost[tree.right[node]])
    return cost[0]


def test_the_path_object():
    model = PrunedTreeRegressor().fit(X, Y)
    path = model.path_
    assert path.alphas[-1] == 0
    assert path.leaves[0] == 1
    frame = path.to_frame()
    assert frame.columns.tolist() == ["ccp_alpha", "leaves", "risk", "cp"]
    assert [path.at(a) for a in path.typical] == list(range(len(path)))
    assert path.at(1e9) == 0
    for index in (0, 3, len(path) - 1):
        fixed = PrunedTreeRegressor(ccp_alpha=path.typical[index]).fit(X, Y)
        assert fixed.leaves_ == path.leaves[index]
        assert fixed.cv_ is None
    with pytest.raises(InputError, match="alpha"):
        path.at(-1.0)


def test_a_tree_of_a_root_only():
    ends = np.array([[0.0], [0.0]])
    model = PrunedTreeRegressor(ccp_alpha=0).fit(ends, [1.0, 2.0])
    assert (model.leaves_, len(model.path_), model.rules()) == (1, 1, "all rows: 1.5 (2 rows)")
    chosen = PrunedTreeRegressor(cv=2).fit(np.zeros((10, 1)), np.arange(10.0))
    assert chosen.leaves_ == 1


# --- the choice


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("criterion", ["squared_error", "poisson"])
def test_folds_score_as_refitted_trees_do(weighted, criterion):
    y = np.abs(Y)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y)) if weighted else np.ones(len(y))
    model = PrunedTreeRegressor(cv=4, criterion=criterion).fit(
        X, y, sample_weight=weights if weighted else None
    )
    seed = np.random.RandomState(0).randint(2**31)
    for k, (train, test) in enumerate(make_folds(4, len(y))):
        for index in (0, 2, 5, len(model.path_) // 2):
            alpha = model.path_.typical[index] if index else 1e9
            tree = DecisionTreeRegressor(criterion=criterion, ccp_alpha=alpha, random_state=seed)
            found = tree.fit(X[train], y[train], sample_weight=weights[train]).predict(X[test])
            if criterion == "squared_error":
                losses = (y[test] - found) ** 2
            else:
                losses = 2 * (y[test] * np.log(y[test] / found) - y[test] + found)
            assert model.cv_.folds[index, k] == pytest.approx(np.average(losses, weights=weights[test]))


@pytest.mark.parametrize("scoring", ["misclassification", "brier", "log-loss"])
def test_folds_of_classes_score_as_refitted_trees_do(scoring):
    y = three_classes(Y)
    model = PrunedTreeClassifier(cv=3, scoring=scoring, smoothing=0).fit(X, y)
    seed = np.random.RandomState(0).randint(2**31)
    codes = np.unique(y, return_inverse=True)[1]
    for k, (train, test) in enumerate(make_folds(3, len(y), codes, classifier=True)):
        for index in (0, 1, 4, len(model.path_) - 2):
            alpha = model.path_.typical[index] if index else 1e9
            tree = DecisionTreeClassifier(ccp_alpha=alpha, random_state=seed).fit(X[train], codes[train])
            shares = tree.predict_proba(X[test])
            expected = {
                "misclassification": np.mean(tree.predict(X[test]) != codes[test]),
                "brier": ((shares - np.eye(3)[codes[test]]) ** 2).sum(axis=1).mean(),
                "log-loss": log_loss(codes[test], shares),
            }[scoring]
            assert model.cv_.folds[index, k] == pytest.approx(expected)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_one_standard_error_is_never_larger_than_the_minimum(seed, classes):
    rows, y = table(90, seed=seed)
    y = three_classes(y) if classes else y
    model = (PrunedTreeClassifier if classes else PrunedTreeRegressor)(cv=4).fit(rows, y)
    smaller = clone(model).set_params(select="1se").fit(rows, y)
    assert smaller.leaves_ <= model.leaves_ == model.path_.leaves[model.cv_.index_min]
    assert smaller.ccp_alpha_ == smaller.cv_.value_1se >= model.ccp_alpha_ == model.cv_.value_min


def test_groups_stay_together_and_the_same_call_gives_the_same_tree():
    groups = np.repeat(np.arange(30), 10)
    one, two = (PrunedTreeRegressor(cv=5).fit(X, Y, groups=groups) for _ in range(2))
    np.testing.assert_array_equal(one.cv_.folds, two.cv_.folds)
    assert (one.cv_.folds != PrunedTreeRegressor(cv=5).fit(X, Y).cv_.folds).any()


def test_class_weights_are_those_of_scikit_learn():
    labels = np.where(np.quantile(Y, 0.85) < Y, "rare", "usual")
    share = {"rare": 4.0}
    for class_weight in ("balanced", share):
        grown_ = PrunedTreeClassifier(ccp_alpha=0.01, class_weight=class_weight, smoothing=0).fit(X, labels)
        ties = grown_.tree_.random_state  # of equally good splits
        theirs = DecisionTreeClassifier(ccp_alpha=0.01, class_weight=class_weight, random_state=ties)
        theirs.fit(X, labels)
        np.testing.assert_allclose(grown_.predict_proba(X), theirs.predict_proba(X), rtol=1e-12)
    by_class = PrunedTreeClassifier(class_weight=share, cv=4).fit(X, labels)
    by_row = PrunedTreeClassifier(cv=4).fit(X, labels, sample_weight=np.where(labels == "rare", 4.0, 1.0))
    np.testing.assert_array_equal(by_class.cv_.folds, by_row.cv_.folds)
    np.testing.assert_array_equal(by_class.predict_proba(X), by_row.predict_proba(X))
    once = PrunedTreeClassifier(ccp_alpha=0.01, class_weight=share, smoothing=0)  # it counts by weights
    both = clone(once).fit(X, labels, sample_weight=np.full(300, 2.0))
    np.testing.assert_allclose(both.predict_proba(X), once.fit(X, labels).predict_proba(X))
    plain = PrunedTreeClassifier().fit(X, labels)
    balanced = PrunedTreeClassifier(class_weight="balanced").fit(X, labels)
    assert (balanced.predict(X) == "rare").sum() > (plain.predict(X) == "rare").sum()
    with pytest.raises(InputError, match="names 'none', which is no label"):
        PrunedTreeClassifier(class_weight={"none": 2}).fit(X, labels)
    with pytest.raises(InputError, match="must be None, 'balanced' or a dict"):
        PrunedTreeClassifier(class_weight="heavy").fit(X, labels)


def test_a_fold_without_one_of_the_classes():
    y = np.array(["a", "b"] * 40 + ["c"] * 10)
    rows = np.random.default_rng(0).normal(size=(90, 2)) + (y == "a")[:, None]
    parts = [np.arange(80, 90), np.arange(0, 40), np.arange(40, 80)]
    folds = [(np.setdiff1d(np.arange(90), part), part) for part in parts]
    model = PrunedTreeClassifier(cv=folds, scoring="log-loss").fit(rows, y)
    assert model.predict_proba(rows).shape == (90, 3)
    np.testing.assert_allclose(model.cv_.folds[:, 0], -np.log(np.finfo(float).eps))


def test_it_predicts_better_than_the_full_tree():
    rows, y = load_diabetes(return_X_y=True)
    model = PrunedTreeRegressor().fit(rows[:300], y[:300])
    full = DecisionTreeRegressor(random_state=0).fit(rows[:300], y[:300])
    assert model.score(rows[300:], y[300:]) > full.score(rows[300:], y[300:]) + 0.2


# --- tables


def frame():
    colour = np.array(["red", "blue", "green"])[np.arange(300) % 3]
    y = np.where(colour == "red", 5.0, 0.0) + np.nan_to_num(X[:, 0])
    return pd.DataFrame({"colour": colour, "size": X[:, 0]}), y


def test_categories_missing_values_and_words():
    table_, y = frame()
    model = PrunedTreeRegressor(Regularisation(max_depth=2), ccp_alpha=0).fit(table_, y)
    lines = model.rules().split("\n")
    assert lines[1].strip().startswith("colour is not red: ")
    assert any("size <= " in line for line in lines)
    assert sum("or missing" in line for line in lines) == sum("size" in line for line in lines) / 2
    assert model.feature_importances_.shape == (2,)
    assert model.feature_importances_.sum() == pytest.approx(1)
    assert model.predict(table_.iloc[:2])[0] > 3


def test_words_of_classes():
    rows, y = load_breast_cancer(return_X_y=True, as_frame=True)
    model = PrunedTreeClassifier(select="1se").fit(rows, np.where(y == 0, "malignant", "benign"))
    assert "malignant" in model.rules()
    assert "%" in model.rules()
    assert model.leaves_ == model.rules().count("\n") + 1 - (model.leaves_ - 1)


def test_pictures():
    table_, y = frame()
    model = PrunedTreeRegressor(select="1se").fit(table_, y)
    assert model.plot_cv().ax_.get_ylabel() == "mean squared error, held out"
    drawn = [text.get_text() for text in model.plot_tree().texts]
    assert sum("rows" in text or "row" in text for text in drawn) >= 2 * model.leaves_ - 1
    assert any("colour is" in text for text in drawn)
    with pytest.raises(InputError, match="ccp_alpha was given"):
        PrunedTreeRegressor(ccp_alpha=1.0).fit(table_, y).plot_cv()


# --- what cannot be done


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"select": "best"}, "select"),
        ({"criterion": "mse"}, "criterion"),
        ({"ccp_alpha": -1.0}, "ccp_alpha"),
        ({"cv": 400}, "cv <= 300"),
        ({"regularisation": {"min_rows": 3}}, "Regularisation"),
        ({"regularisation": Regularisation(min_rows=200)}, "min_rows <= 150"),
    ],
)
def test_settings_that_cannot_be_used(settings_, says):
    with pytest.raises(InputError, match=says):
        PrunedTreeRegressor(**settings_).fit(X, Y)


def test_knobs_and_targets_that_cannot_be_used():
    with pytest.raises(
        UnsupportedError, match=r"no leaf_l2\. Engines that have it: lightgbm, xgboost, sklearn"
    ):
        PrunedTreeRegressor(Regularisation(leaf_l2=1.0)).fit(X, Y)
    with pytest.raises(InputError, match="NaN"):
        PrunedTreeRegressor().fit(X, np.where(np.arange(300) == 3, np.nan, Y))
    with pytest.raises(InputError, match="one class"):
        PrunedTreeClassifier().fit(X, np.full(300, "a"))
    with pytest.raises(InputError, match="2 columns"):
        PrunedTreeRegressor().fit(X, np.column_stack([Y, Y]))
    with pytest.raises(InputError, match="scoring"):
        PrunedTreeClassifier(scoring="auc").fit(X, Y > 0)


def test_a_toll_is_a_share_of_the_first_gain():
    full = PrunedTreeRegressor(Regularisation(split_toll=0.2), ccp_alpha=0).fit(X, Y).tree_
    nodes = full.tree_
    share = nodes.weighted_n_node_samples / nodes.weighted_n_node_samples[0] * nodes.impurity
    inner = nodes.children_left >= 0
    gains = (share - share[nodes.children_left] - share[nodes.children_right])[inner]
    assert len(gains) > 1
    assert (gains >= 0.2 * gains[0]).all()


# --- model files


@pytest.mark.parametrize("classes", [False, True])
def test_a_file_holds_the_tree(tmp_path, classes):
    table_, y = frame()
    model = (
        PrunedTreeClassifier() if classes else PrunedTreeRegressor(Regularisation(min_rows=3), select="1se")
    )
    model.fit(table_, np.where(y > 2, "much", "little") if classes else y)
    model.save(tmp_path / "tree.rfit")
    same = rf.load(tmp_path / "tree.rfit")
    np.testing.assert_array_equal(same.predict(table_), model.predict(table_))
    assert same.rules() == model.rules()
    np.testing.assert_array_equal(same.cv_.folds, model.cv_.folds)
    np.testing.assert_array_equal(same.path_.leaves, model.path_.leaves)
    np.testing.assert_array_equal(same.feature_importances_, model.feature_importances_)
    assert same.get_params()["select"] == model.select


def test_a_damaged_file_is_refused_and_crashes_nothing():
    model = PrunedTreeRegressor(ccp_alpha=0).fit(X, Y)
    arrays = dumped(model.tree_)
    for name, wrong in (("node_left_child", 10_000), ("node_feature", 99)):
        bad = arrays | {name: np.where(np.arange(len(arrays[name])) == 0, wrong, arrays[name])}
        with pytest.raises(ValueError, match=r"column|fit together"):
            rebuilt(bad, DecisionTreeRegressor(), 4, None)
    whole = rebuilt(arrays, DecisionTreeRegressor(), 4, None)
    np.testing.assert_array_equal(whole.predict(X), model.predict(X))

"""Sparse forests: what is kept adds up to what is predicted, weights are never negative, and what users may hand in."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils.estimator_checks import parametrize_with_checks

import regularfit as rf
from regularfit.errors import GridEdgeWarning, InputError, UnsupportedError
from regularfit.trees import Regularisation, SparseForestClassifier, SparseForestRegressor
from regularfit.trees.sparse_forest.forest import fill_in_bag, out_of_bag, tree_outputs
from regularfit.trees.sparse_forest.thinning import blend
from tests.trees.structure.data import table, three_classes

X, Y = table(120)
FEW = Regularisation(rounds=10, max_depth=4)
QUICK = {"forest": FEW, "cv": 2, "strengths": 20, "n_jobs": 1}
FOR_CHECKS = {"forest": Regularisation(rounds=6, max_depth=3), "strengths": 8, "n_jobs": 1}


@parametrize_with_checks(
    [
        SparseForestRegressor(cv=KFold(2, shuffle=True, random_state=0), **FOR_CHECKS),
        SparseForestClassifier(cv=StratifiedKFold(2, shuffle=True, random_state=0), **FOR_CHECKS),
    ],
    expected_failed_checks=lambda _: {
        "check_sample_weight_equivalence_on_dense_data": "draws of n rows and of repeated rows are different draws"
    },
)
def test_scikit_learns_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


# --- laws


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")
@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["min", "1se"]), st.booleans())
def test_kept_trees_add_up_to_predictions(seed, select, relax):
    model = SparseForestRegressor(select=select, relax=relax, random_state=seed, **QUICK).fit(X, Y)
    assert (model.weights_ >= 0).all()
    assert len(model.trees_) == model.trees_kept_ == np.count_nonzero(model.weights_)
    matrix = model.columns_.encode(X)
    parts = [tree.value[tree.apply(matrix), 0] for tree in model.trees_]
    total = model.intercept_ + sum(
        w * p for w, p in zip(model.weights_[model.weights_ > 0], parts, strict=True)
    )
    np.testing.assert_allclose(model.predict(X), total, rtol=1e-12)


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")  # six trees may be worth none
@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["brier", "log-loss", "misclassification"]), st.booleans())
def test_probabilities_are_the_weighted_votes_of_kept_trees(seed, scoring, two):
    classes = three_classes(Y) if not two else (np.median(Y) < Y).astype(int)
    model = SparseForestClassifier(scoring=scoring, random_state=seed, **QUICK).fit(X, classes)
    shares = model.predict_proba(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    assert (shares >= 0).all()
    assert (model.weights_ >= 0).all()
    matrix = model.columns_.encode(X)
    votes = [tree.value[tree.apply(matrix)] for tree in model.trees_]
    if votes:
        np.testing.assert_allclose(
            shares, np.average(votes, axis=0, weights=model.weights_[model.weights_ > 0])
        )
    assert (model.predict(X) == model.classes_[shares.argmax(axis=1)]).all()


def test_the_trees_are_those_of_the_forest_that_was_given():
    forest = RandomForestRegressor(8, max_depth=4, random_state=3)
    model = SparseForestRegressor(forest, cv=2, strengths=20, n_jobs=1).fit(X, Y)
    matrix = model.columns_.encode(X)
    fitted = clone(forest).fit(matrix, Y)
    kept = [fitted.estimators_[t] for t in np.flatnonzero(model.weights_)]
    expected = sum(
        w * t.predict(matrix) for w, t in zip(model.weights_[model.weights_ > 0], kept, strict=True)
    )
    np.testing.assert_allclose(model.predict(X), expected + model.intercept_, rtol=1e-12)
    assert not hasattr(forest, "estimators_")


def test_refits_are_nonnegative_least_squares_of_the_kept_trees():
    model = SparseForestRegressor(evens=[0.0], **QUICK).fit(X, Y)
    matrix = model.columns_.encode(X)
    fitted = RandomForestRegressor(
        10, max_depth=4, random_state=np.random.RandomState(0).randint(2**31 - 1)
    ).fit(matrix, Y)
    outputs, rows = fill_in_bag(out_of_bag(fitted, tree_outputs(fitted, matrix, None)))
    at = len(model.path_) - 1
    kept = np.flatnonzero(model.path_.coefs[at])
    Z = outputs[:, kept, 0]
    Z, y = Z - Z.mean(axis=0), Y[rows] - Y[rows].mean()
    expected, _ = nnls(Z, y)
    np.testing.assert_allclose(model.path_.relaxed.coefs[at][kept], expected, atol=1e-5)


def test_held_out_scores_are_those_of_a_forest_grown_and_thinned_without_the_fold():
    folds = [(np.arange(60), np.arange(60, 120)), (np.arange(60, 120), np.arange(60))]
    forest = RandomForestRegressor(10, max_depth=4, random_state=1)
    whole = SparseForestRegressor(forest, strengths=20, cv=folds, evens=[0.5], n_jobs=1).fit(X, Y)
    train, test = folds[0]
    rows = whole.columns_.encode(X)
    half = SparseForestRegressor(forest, strengths=whole.path_.strengths, cv=2, n_jobs=1).fit(
        rows[train], Y[train]
    )
    fitted = clone(forest).fit(rows[train], Y[train])
    weights, levels = blend(half.path_, 0.5)
    outputs = np.column_stack([tree.predict(rows[test]) for tree in fitted.estimators_])
    expected = [np.mean((outputs @ w + b - Y[test]) ** 2) for w, b in zip(weights, levels, strict=True)]
    np.testing.assert_allclose(whole.cv_.folds[:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(whole.forest_scores_[0], np.mean((fitted.predict(rows[test]) - Y[test]) ** 2))


def test_out_of_bag_rows_are_weighted_by_the_chance_to_be_outside():
    rng = np.random.default_rng(0)
    full = rng.normal(size=(4000, 6, 1)) + rng.normal(size=(4000, 1, 1))
    seen = np.where(rng.random((4000, 6, 1)) < 0.5, full, np.nan)
    filled, rows = fill_in_bag(seen)
    assert len(rows) == np.count_nonzero(~np.isnan(seen[:, :, 0]).all(axis=1))
    apart = filled[:, :, 0] - filled[:, :, 0].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(apart.mean(axis=0), 0, atol=0.1)
    known = ~np.isnan(seen[rows, :, 0])
    mean = np.nanmean(seen[rows, :, 0], axis=1, keepdims=True)
    np.testing.assert_allclose(np.broadcast_to(mean, known.shape)[~known], filled[:, :, 0][~known])


def test_at_most_so_many_trees():
    for most, limit in ((0.3, 3), (2, 2)):
        assert SparseForestRegressor(most=most, **QUICK).fit(X, Y).trees_kept_ <= limit


def test_even_weights():
    model = SparseForestRegressor(evens=[1.0], **QUICK).fit(X, Y)
    kept = model.weights_[model.weights_ > 0]
    np.testing.assert_allclose(kept, kept[0])


def test_it_beats_one_tree_and_keeps_few():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 4))
    y = rows[:, 0] * (rows[:, 1] > 0) + np.sin(2 * rows[:, 2]) + 0.3 * rng.normal(size=200)
    model = SparseForestRegressor(Regularisation(rounds=30), most=0.3, cv=3, n_jobs=1).fit(rows, y)
    assert 1 < model.trees_kept_ <= 9
    assert model.loss_to_forest_ < 0.3
    assert model.cv_.mean.min() < 0.6 * y.var()


# --- data


def test_categories_missing_values_and_extra_trees():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=150), "colour": rng.choice(["red", "blue", "green"], 150)})
    frame.loc[::7, "size"] = np.nan
    y = 2.0 * (frame["colour"] == "red") + frame["size"].fillna(1)
    forest = ExtraTreesRegressor(15, bootstrap=True)
    model = SparseForestRegressor(forest, cv=3, n_jobs=1).fit(frame, y)
    assert model.score(frame, y) > 0.5
    assert list(model.feature_names_in_) == ["size", "colour"]


def test_weights_count_and_groups_stay_together():
    weights = np.where(np.arange(len(Y)) % 3 == 0, 0.0, 2.0)
    model = SparseForestRegressor(**QUICK).fit(X, Y, sample_weight=weights)
    np.testing.assert_allclose(model.cv_.weights.sum(), weights.sum())
    groups = np.arange(len(Y)) // 40
    grouped = SparseForestRegressor(**QUICK | {"cv": 3}).fit(X, Y, groups=groups)
    assert sorted(grouped.cv_.weights) == [40, 40, 40]


def test_the_same_call_gives_the_same_model():
    one, two = (SparseForestRegressor(random_state=5, **QUICK).fit(X, Y).predict(X) for _ in range(2))
    assert (one == two).all()


@pytest.mark.parametrize("classifier", [False, True])
def test_a_file_gives_the_same_predictions(tmp_path, classifier):
    model = SparseForestClassifier(**QUICK) if classifier else SparseForestRegressor(**QUICK)
    model.fit(X, three_classes(Y) if classifier else Y)
    model.save(tmp_path / "m.rfit", extra={"note": "x"})
    again = rf.load(tmp_path / "m.rfit")
    assert (again.predict(X) == model.predict(X)).all()
    if classifier:
        assert (again.predict_proba(X) == model.predict_proba(X)).all()
    assert again.trees_kept_ == model.trees_kept_
    assert again.loss_to_forest_ == model.loss_to_forest_
    assert again.get_params() == model.get_params()


def test_the_curve_is_drawn():
    import matplotlib.pyplot as plt

    display = SparseForestRegressor(**QUICK).fit(X, Y).plot_cv()
    assert "trees kept" in display.ax_.get_xlabel()
    plt.close("all")


# --- errors


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"forest": RandomForestRegressor(bootstrap=False)}, "bootstrap=True"),
        (
            {"forest": Regularisation(path_smoothing=1.0)},
            r"has no path_smoothing\. Engines that have it: lightgbm",
        ),
        ({"forest": Regularisation(split_toll=0.1)}, "split_toll"),
        ({"forest": RandomForestClassifier()}, "RandomForestRegressor or ExtraTreesRegressor"),
        ({"forest": 7}, "RandomForestRegressor"),
        ({"penalty": rf.L2()}, "nothing would be left out"),
        ({"penalty": "l1"}, "one Penalty"),
        ({"select": "best"}, "select"),
        ({"most": 0}, "most=0"),
        ({"most": 1.5}, "most"),
        ({"evens": []}, "evens is empty"),
        ({"evens": [2.0]}, "evens"),
        ({"cv": 1000}, "fold"),
        (
            {"forest": Regularisation(min_rows=61)},
            "min_rows=61 rows in every leaf allow no split of 120 rows",
        ),
        ({"forest": RandomForestRegressor(min_samples_leaf=0.6)}, "min_samples_leaf=0.6 .*<= 60"),
    ],
)
def test_settings_that_cannot_be_used(how, message):
    with pytest.raises((InputError, UnsupportedError), match=message):
        SparseForestRegressor(**QUICK | how).fit(X, Y)


def test_a_choice_at_the_edge_of_the_grid_is_told_in_the_words_of_the_linear_side():
    top = SparseForestRegressor(**QUICK).fit(X, Y).path_.strengths[0]
    with pytest.warns(GridEdgeWarning, match="The best strength is the smallest of the grid") as told:
        SparseForestRegressor(**QUICK | {"strengths": [top, 0.9 * top, 0.8 * top]}).fit(X, Y)
    assert told[0].filename == __file__
    noise = np.random.default_rng(2).normal(size=len(Y))
    low = [1e-2 * top, 1e-5 * top]
    with pytest.warns(GridEdgeWarning, match="not yet the null model"):
        SparseForestRegressor(**QUICK | {"strengths": low}, relax=False).fit(X, noise)
    with pytest.warns(GridEdgeWarning, match="no column predicts the target better than a constant"):
        SparseForestRegressor(**QUICK).fit(X, noise)


def test_a_limit_on_the_trees_is_no_edge_of_the_grid():
    with warnings.catch_warnings():
        warnings.simplefilter("error", GridEdgeWarning)
        model = SparseForestRegressor(**QUICK | {"relax": False, "most": 3}).fit(X, Y)
    assert model._index < len(model.path_) - 1
    with pytest.warns(GridEdgeWarning, match="smallest of the grid"):
        SparseForestRegressor(**QUICK | {"relax": False}).fit(X, Y)


def test_data_that_cannot_be_used():
    with pytest.raises(InputError, match="NaN"):
        SparseForestRegressor(**QUICK).fit(X, np.where(np.arange(len(Y)) == 3, np.nan, Y))
    with pytest.raises(InputError, match="one class"):
        SparseForestClassifier(**QUICK).fit(X, np.ones(len(Y)))
    with pytest.raises(InputError, match="one target"):
        SparseForestRegressor(**QUICK).fit(X, np.column_stack([Y, -Y]))
    labels = np.arange(len(Y)) % 2
    with pytest.raises(InputError, match="sample_weight is 0 on every row of class"):
        SparseForestClassifier(**QUICK).fit(X, labels, sample_weight=labels.astype(float))


def test_a_failed_fit_leaves_the_model_as_it_was():
    model = SparseForestRegressor(**QUICK).fit(X, Y)
    before = model.predict(X)
    with pytest.raises(InputError):
        model.fit(X, np.full(len(Y), np.nan))
    assert (model.predict(X) == before).all()


def test_no_fold_speaks_for_a_forest_without_trees():
    """Where all rows keep no tree, a fold's own forest may keep one; its loss must not choose the empty forest."""
    x = np.random.default_rng(0).normal(size=(90, 3))
    y = (x[:, 0] > 0).astype(int)
    forest = RandomForestClassifier(15, random_state=0, n_jobs=1)
    model = SparseForestClassifier(forest, cv=3, n_jobs=1).fit(x, y)
    empty = model.path_.nonzeros == 0
    np.testing.assert_allclose(model.cv_.folds[empty], 0.25)  # the Brier score of two equal probabilities
    assert model.trees_kept_ >= 1
    assert (model.predict(x) == y).mean() > 0.95

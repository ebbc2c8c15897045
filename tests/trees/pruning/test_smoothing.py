"""Smoothed leaves: the formula by counting, the held-out scores, and what stays as it is."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier

import regularfit as rf
from regularfit.errors import InputError
from regularfit.selection import make_folds
from regularfit.trees import PrunedTreeClassifier
from regularfit.trees.pruning.smoothing import smoothed
from tests.trees.structure.data import table, three_classes

X, Y = table()
Y = three_classes(Y)


def counted(train, labels, weights, tree, rows, smoothing):
    """The formula, by counting the training rows of each leaf."""
    classes, codes = np.unique(labels, return_inverse=True)
    total = np.bincount(codes, weights, len(classes))
    found = []
    for leaf in tree.apply(rows):
        inside = tree.apply(train) == leaf
        mine = np.bincount(codes[inside], weights[inside], len(classes))
        found.append((mine + smoothing * total / total.sum()) / (mine.sum() + smoothing))
    return np.array(found)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0, 0.5, 7])
def test_probabilities_are_counts_with_rows_added(weighted, smoothing):
    weights = np.random.default_rng(0).uniform(0.5, 2, len(Y)) if weighted else np.ones(len(Y))
    model = PrunedTreeClassifier(ccp_alpha=0.002, smoothing=smoothing)
    model.fit(X, Y, sample_weight=weights if weighted else None)
    assert model.leaves_ > 5
    by_hand = counted(X, Y, weights, model.tree_, X, smoothing)
    np.testing.assert_allclose(model.predict_proba(X), by_hand, rtol=1e-10)
    if smoothing == 0:
        np.testing.assert_array_equal(model.predict_proba(X), model.tree_.predict_proba(X))


def test_folds_are_scored_with_smoothing():
    folds = make_folds(4, len(Y), Y, classifier=True)
    model = PrunedTreeClassifier(cv=folds, scoring="log-loss", smoothing=3.0).fit(X, Y)
    seed = np.random.RandomState(0).randint(2**31)  # as the model draws it
    for k, (train, test) in enumerate(folds):
        for i in range(1, len(model.path_), 4):
            alpha = float(model.cv_.values[i])
            tree = DecisionTreeClassifier(ccp_alpha=alpha, random_state=seed).fit(X[train], Y[train])
            said = counted(X[train], Y[train], np.ones(len(train)), tree, X[test], 3.0)
            assert model.cv_.folds[i, k] == pytest.approx(log_loss(Y[test], said), rel=1e-6)


def test_the_root_alone_predicts_the_shares_of_all_rows():
    model = PrunedTreeClassifier(ccp_alpha=10.0, smoothing=50.0).fit(X, Y)
    assert model.leaves_ == 1
    np.testing.assert_allclose(model.predict_proba(X[:1])[0], np.unique(Y, return_counts=True)[1] / len(Y))


def test_by_default_no_pure_leaf_is_certain_and_the_log_loss_falls():
    rows, y = load_breast_cancer(return_X_y=True)
    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(rows, y))
    plain, smooth = (
        PrunedTreeClassifier(cv=folds, scoring="log-loss", **given).fit(rows, y)
        for given in ({"smoothing": 0}, {})
    )
    assert 0 < smooth.predict_proba(rows).min() < 0.1
    assert smooth.cv_.mean.min() < 0.9 * plain.cv_.mean.min()
    assert smooth.leaves_ > plain.leaves_  # a larger tree is no longer punished for a single sure mistake


def test_labels_and_sums():
    shares = np.array([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5]])
    found = smoothed(shares, np.array([3.0, 10.0]), [0.5, 0.25, 0.25], 2.0)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found[0], [0.2, 0.7, 0.1])
    assert smoothed(shares, np.array([3.0, 10.0]), [0.5, 0.25, 0.25], 0) is shares


def test_a_file_keeps_it_and_one_from_before_has_none(tmp_path):
    model = PrunedTreeClassifier(ccp_alpha=0.002, smoothing=4).fit(X, Y)
    model.save(tmp_path / "new.rfit")
    np.testing.assert_array_equal(rf.load(tmp_path / "new.rfit").predict_proba(X), model.predict_proba(X))
    del model.smoothing_  # as in a file of before there was smoothing
    model.save(tmp_path / "old.rfit")
    np.testing.assert_array_equal(
        rf.load(tmp_path / "old.rfit").predict_proba(X), model.tree_.predict_proba(X)
    )


@pytest.mark.parametrize("smoothing", [-1, float("nan"), "much"])
def test_what_is_no_number_of_rows(smoothing):
    with pytest.raises(InputError, match="smoothing"):
        PrunedTreeClassifier(smoothing=smoothing).fit(X, Y)

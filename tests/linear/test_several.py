"""Estimators with several linear predictors: any number of classes, targets with columns."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import KFold, PredefinedSplit, cross_val_score

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError

X, CODES = load_iris(return_X_y=True)
LABELS = np.array(["setosa", "versicolor", "virginica"], dtype=object)[CODES]
RNG = np.random.default_rng(0)
Y = X @ RNG.normal(size=(4, 3)) + RNG.normal(size=(150, 3))
at_the_edge = pytest.mark.filterwarnings(
    "ignore::regularfit.GridEdgeWarning"
)  # of short grids, and nearly separable
OFFSET = RNG.normal(size=(150, 3))


@pytest.fixture(scope="module")
def classifier():
    return rf.PenalizedClassifier(rf.ElasticNet(0.9), cv=5).fit(X, LABELS)


def test_shapes_are_those_of_scikit_learn(classifier):
    assert classifier.coef_.shape == (3, 4)
    assert classifier.intercept_.shape == (3,)
    assert abs(classifier.intercept_.sum()) <= 1e-9
    assert classifier.decision_function(X).shape == (150, 3)
    np.testing.assert_allclose(classifier.predict_proba(X).sum(axis=1), 1)
    assert classifier.score(X, LABELS) > 0.95
    assert classifier.certificate_.converged
    assert set(classifier.predict(X)) <= set(classifier.classes_)


def test_the_path_speaks_of_every_class(classifier):
    path = classifier.path_
    assert path.coefs.shape == (len(path), 3, 4)
    assert path.intercepts.shape == (len(path), 3)
    assert path.outputs == 3
    coef, intercept = path.at(classifier.strength_)
    np.testing.assert_allclose(coef, classifier.coef_)
    np.testing.assert_allclose(intercept, classifier.intercept_)
    np.testing.assert_allclose(path.predict(X, classifier.strength_), classifier.predict_proba(X), atol=1e-12)
    assert path.predict_eta(X).shape == (150, len(path), 3)
    frame = path.to_frame()
    assert frame.shape == (len(path), 5 + 3 + 12)
    np.testing.assert_array_equal(frame["x1[2]"], path.coefs[:, 2, 1])


def test_curves_have_the_name_of_their_class(classifier):
    pytest.importorskip("matplotlib").use("Agg")
    assert len(classifier.plot_path().lines_) == np.count_nonzero((classifier.path_.coefs != 0).any(axis=0))
    one = classifier.plot_path(output="setosa")
    assert len(one.lines_) == np.count_nonzero((classifier.path_.coefs[:, 0] != 0).any(axis=0))
    with pytest.raises(InputError, match="output='rose' is none of those fitted"):
        classifier.plot_path(output="rose")
    classifier.plot_cv()


def test_a_model_file_gives_the_same_model(classifier, tmp_path):
    target = rf.PenalizedRegressor(rf.L1().across_outputs(), cv=5).fit(X, Y)
    for model in (classifier, target):
        model.save(tmp_path / "model.rfit", overwrite=True)
        same = rf.load(tmp_path / "model.rfit")
        np.testing.assert_array_equal(same.predict(X), model.predict(X))
        np.testing.assert_array_equal(same.path_.coefs, model.path_.coefs)
        assert same.penalty_ == model.penalty_


@at_the_edge
def test_the_score_of_the_folds_is_the_log_loss_of_refits():
    folds = KFold(3, shuffle=True, random_state=1)
    model = rf.PenalizedClassifier(strengths=[0.1, 0.01], cv=folds, tol=1e-9).fit(X, LABELS)
    at = rf.PenalizedClassifier(strength=0.01, tol=1e-9)
    truth = -cross_val_score(at, X, LABELS, cv=folds, scoring="neg_log_loss")
    np.testing.assert_allclose(model.cv_.folds[1], truth, rtol=1e-4)


@at_the_edge
@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", "roc_auc_ovr"])
def test_scorers_see_probabilities_of_every_class(scoring):
    folds = KFold(3, shuffle=True, random_state=1)
    model = rf.PenalizedClassifier(strengths=[0.1, 0.01], cv=folds, scoring=scoring, tol=1e-9).fit(X, LABELS)
    truth = cross_val_score(
        rf.PenalizedClassifier(strength=0.1, tol=1e-9), X, LABELS, cv=folds, scoring=scoring
    )
    np.testing.assert_allclose(model.cv_.folds[0], truth, rtol=1e-4)


def test_an_honest_score_is_found_in_lockstep():
    score = rf.honest_score(rf.PenalizedClassifier(), X, LABELS, cv=5, repeats=1)
    assert 0.02 < score.mean < 0.3
    assert score.skewed
    targets = rf.honest_score(rf.PenalizedRegressor(), X, Y, cv=5)
    assert 0.8 < targets.mean < 1.4
    assert not targets.skewed


@at_the_edge
@pytest.mark.parametrize("select", ["1se", "aic", "bic", "ebic"])
def test_rules_of_selection(select):
    model = rf.PenalizedClassifier(select=select, cv=5).fit(X, LABELS)
    assert model.path_.strengths[0] > model.strength_
    target = rf.PenalizedRegressor(select=select, cv=5).fit(X, Y)
    assert target.coef_.any()


def test_exact_leave_one_out_of_several_targets_is_their_mean():
    model = rf.PenalizedRegressor(rf.L2(), select="loo").fit(X, Y)
    grid = model.path_.strengths
    alone = [rf.PenalizedRegressor(rf.L2(), select="loo", strengths=grid).fit(X, y) for y in Y.T]
    np.testing.assert_allclose(model.criterion_.values, np.mean([m.criterion_.values for m in alone], axis=0))


def test_candidates_across_and_apart_compete():
    both = [rf.L1(), rf.L1().across_outputs()]
    assert rf.PenalizedRegressor(both, cv=4).fit(X, Y).penalty_ in both
    assert rf.PenalizedClassifier(both, cv=4).fit(X, LABELS).penalty_ in both


def test_an_offset_is_given_again():
    model = rf.PenalizedClassifier(strength=0.02).fit(X, LABELS, offset=OFFSET)
    np.testing.assert_allclose(
        model.decision_function(X, offset=OFFSET) - model.decision_function(X), OFFSET, atol=1e-12
    )
    target = rf.PenalizedRegressor(strength=0.02).fit(X, Y, offset=OFFSET)
    np.testing.assert_allclose(target.predict(X, offset=OFFSET) - target.predict(X), OFFSET, atol=1e-12)
    with pytest.raises(InputError, match=r"offset has shape \(150,\), but there are 3 linear predictors"):
        rf.PenalizedClassifier(strength=0.02).fit(X, LABELS, offset=OFFSET[:, 0])


def test_two_classes_may_have_a_predictor_each():
    model = rf.PenalizedClassifier(loss="multinomial", strength=0.02).fit(X[:100], LABELS[:100])
    assert model.coef_.shape == (2, 4)
    assert model.predict_proba(X).shape == (150, 2)
    assert model.score(X[:100], LABELS[:100]) == 1
    usual = rf.PenalizedClassifier(strength=0.02).fit(X[:100], LABELS[:100])
    assert usual.coef_.shape == (1, 4)


def test_a_fold_without_a_class_is_refused_by_its_label():
    with pytest.raises(InputError, match=r"Class 'setosa' has no row .* training rows of fold 0"):
        rf.PenalizedClassifier(cv=PredefinedSplit(CODES)).fit(X, LABELS)


def test_a_class_without_weight_is_refused_by_its_label():
    with pytest.raises(InputError, match="sample_weight is 0 on every row of class 'virginica'"):
        rf.PenalizedClassifier().fit(X, LABELS, sample_weight=(CODES != 2).astype(float))


def test_losses_with_one_predictor_are_named():
    with pytest.raises(UnsupportedError, match=r"tells two classes apart, and y has 3.*OneVsRestClassifier"):
        rf.PenalizedClassifier(loss="squared_hinge").fit(X, LABELS)
    with pytest.raises(InputError, match="y has 3 columns, but loss='poisson' has one linear predictor"):
        rf.PenalizedRegressor(loss="poisson").fit(X, np.abs(Y))


def test_stability_selection_counts_columns_of_one_predictor():
    with pytest.raises(UnsupportedError, match=r"this fit has 3 .one a class or target"):
        rf.stability_selection(rf.PenalizedClassifier(), X, LABELS)


def test_the_path_alone():
    path = rf.fit_path(X, CODES, rf.L1(), loss="multinomial", strengths=[0.1, 0.01], offset=OFFSET)
    assert path.coefs.shape == (2, 3, 4)
    assert rf.fit_path(X, Y, strengths=[0.1]).coefs.shape == (1, 3, 4)

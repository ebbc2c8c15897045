"""Held-out scores by scikit-learn's scorers equal those of its metrics."""

import numpy as np
import pytest
from sklearn import metrics

import regularfit as rf
from regularfit.linear._scoring import make_scoring

RNG = np.random.default_rng(0)
ETA, Y, W = RNG.normal(size=50), RNG.normal(size=50), RNG.random(50) + 0.5
Y01, LABELS = (RNG.random(50) < 0.5).astype(float), np.array(["no", "yes"])
WORDS, PROBA = LABELS[Y01.astype(int)], 1 / (1 + np.exp(-ETA))


def regression(scoring, weighted=False):
    return make_scoring(scoring, rf.Squared(), classes=None, weighted=weighted)


def classification(scoring, weighted=False):
    return make_scoring(scoring, rf.Logistic(), classes=LABELS, weighted=weighted)


def test_none_is_the_score_of_the_loss():
    scoring = classification(None)
    assert (scoring.name, scoring.greater_is_better, scoring.score) == ("mean log-loss", False, None)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("r2", metrics.r2_score),
        ("neg_mean_absolute_error", lambda *a, **k: -metrics.mean_absolute_error(*a, **k)),
    ],
)
@pytest.mark.parametrize("weighted", [True, False])
def test_names_for_numbers(name, metric, weighted):
    scoring = regression(name, weighted)
    expected = metric(Y, ETA, sample_weight=W if weighted else None)
    assert scoring.greater_is_better
    assert scoring.score(Y, ETA, W) == pytest.approx(expected)


@pytest.mark.parametrize("weighted", [True, False])
def test_names_for_classes(weighted):
    w = W if weighted else None
    found = {
        n: classification(n, weighted).score(Y01, ETA, W) for n in ("accuracy", "roc_auc", "neg_log_loss")
    }
    predicted = LABELS[(ETA > 0).astype(int)]
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(WORDS, predicted, sample_weight=w))
    assert found["roc_auc"] == pytest.approx(metrics.roc_auc_score(WORDS, ETA, sample_weight=w))
    assert found["neg_log_loss"] == pytest.approx(-metrics.log_loss(WORDS, PROBA, sample_weight=w))


def test_made_scorers_and_plain_functions():
    made = metrics.make_scorer(metrics.f1_score, pos_label="yes")
    expected = metrics.f1_score(WORDS, LABELS[(ETA > 0).astype(int)], pos_label="yes")
    assert classification(made).score(Y01, ETA, W) == pytest.approx(expected)

    def brier(estimator, X, y):
        return -np.mean((estimator.predict_proba(X)[:, 1] - (y == "yes")) ** 2)

    scoring = classification(brier, weighted=True)
    assert scoring.name == "brier"
    assert scoring.score(Y01, ETA, W) == pytest.approx(-np.mean((PROBA - Y01) ** 2))


def test_metrics_without_weights_are_used_without():
    assert regression("neg_max_error", weighted=True).score(Y, ETA, W) == pytest.approx(
        -np.abs(Y - ETA).max()
    )


@pytest.mark.parametrize(
    ("scoring", "message"),
    [("neg_mse", "not a scikit-learn scorer"), (3, "neither None, the name.*make_scorer")],
)
def test_unknown_scores_are_named(scoring, message):
    with pytest.raises(rf.InputError, match=message):
        regression(scoring)


def test_a_score_of_the_wrong_kind_says_so():
    with pytest.raises(rf.InputError, match=r"scoring='roc_auc' failed.*must suit the kind of model"):
        regression("roc_auc").score(Y, ETA, W)

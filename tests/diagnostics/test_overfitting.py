"""Against leave-one-out in closed form, against loops of clones, and what the sentence says."""

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import regularfit as rf
from regularfit.diagnostics import overfitting_gap
from regularfit.errors import InputError, UnsupportedError
from regularfit.selection import make_folds


def table(n=60, p=5, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X[:, 0] - X[:, 1] + noise * rng.normal(size=n)


def test_least_squares_left_out_one_by_one():
    """Held out: residual over 1 - leverage. The null model: deviation from the mean of the others."""
    X, y = table(30)
    A = np.column_stack([np.ones(30), X])
    H = A @ np.linalg.solve(A.T @ A, A.T)
    errors = ((y - H @ y) / (1 - np.diag(H))) ** 2
    found = overfitting_gap(LinearRegression(), X, y, cv=30)
    assert found.held_out[0] == pytest.approx(errors.mean(), rel=1e-10)
    assert found.held_out_se[0] == pytest.approx(errors.std(ddof=1) / np.sqrt(30), rel=1e-10)
    assert found.null == pytest.approx(np.mean(((y - y.mean()) * 30 / 29) ** 2), rel=1e-10)
    assert found.fits == 30
    assert found.strengths is None


@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2()])
def test_lanes_equal_a_loop_of_clones(penalty):
    X, y = table()
    grid = [1.0, 0.1, 0.01]
    model = rf.PenalizedRegressor(penalty, tol=1e-10)
    folds = make_folds(6, 60, random_state=3)
    found = overfitting_gap(model, X, y, cv=folds, strengths=grid)
    for k, strength in enumerate(grid):
        losses = np.array(
            [
                np.square(
                    y
                    - rf.PenalizedRegressor(penalty, strength=strength, tol=1e-10).fit(X[a], y[a]).predict(X)
                )
                for a, _ in folds
            ]
        )
        own = np.array([[i in test for i in range(60)] for _, test in folds])
        new, seen = losses[own.argmax(axis=0), np.arange(60)], np.where(own, 0, losses).sum(axis=0) / 5
        assert found.held_out[k] == pytest.approx(new.mean(), rel=1e-6)
        assert found.train[k] == pytest.approx(seen.mean(), rel=1e-6)
        assert found.gap_se[k] == pytest.approx((new - seen).std(ddof=1) / np.sqrt(60), rel=1e-6)
    assert found.strength_min in grid
    assert "At the weakest, 0.01" in found.finding


def classes(count):
    X, _ = table(90)
    return X, np.array(["a", "b", "c"])[
        (X[:, :count] + np.random.default_rng(1).gumbel(size=(90, count))).argmax(axis=1)
    ]


@pytest.mark.parametrize("count", [2, 3])
def test_log_losses_of_lanes_equal_those_of_clones(count):
    X, y = classes(count)
    model = rf.PenalizedClassifier(rf.L2(), strength=0.05, tol=1e-10)
    lanes, alone = overfitting_gap(model, X, y, cv=5), overfitting_gap(make_pipeline(model), X, y, cv=5)
    for name in ("train", "held_out", "gap", "gap_se", "null", "null_train"):
        np.testing.assert_allclose(getattr(lanes, name), getattr(alone, name), rtol=1e-6)
    assert lanes.strengths.tolist() == [0.05]


@pytest.mark.filterwarnings(
    "ignore::regularfit.errors.GridEdgeWarning"
)  # of three strengths, and no matter here
def test_chosen_strengths_repeats_weights_and_offsets():
    X, y = table()
    model = rf.PenalizedRegressor(rf.L1(), strengths=[0.3, 0.1, 0.03], cv=5)
    chosen = overfitting_gap(model, X, y, cv=5, strengths="chosen")
    along = overfitting_gap(model, X, y, cv=5)
    assert chosen.strengths is None
    assert len(along) == 3
    assert along.held_out.min() - 1e-9 <= chosen.held_out[0] <= along.held_out.max() + 1e-9
    twice = overfitting_gap(model, X, y, cv=5, repeats=2)
    assert twice.fits == 2 * along.fits
    away = np.linspace(-3, 3, 60)
    moved = overfitting_gap(model, X, y + away, cv=5, offset=away, sample_weight=np.full(60, 2.0))
    np.testing.assert_allclose(moved.held_out, along.held_out, rtol=1e-6)
    np.testing.assert_allclose(moved.null, along.null, rtol=1e-9)


def test_grouped_rows_stay_together_and_count_as_one_draw():
    X, y = table()
    X, y, groups = np.repeat(X, 2, axis=0), np.repeat(y, 2), np.repeat(np.arange(60), 2)
    model = DecisionTreeRegressor(random_state=0)
    apart, together = overfitting_gap(model, X, y), overfitting_gap(model, X, y, groups=groups)
    assert apart.held_out[0] < 0.5 * together.held_out[0]  # copies on both sides give the answers away
    rows = overfitting_gap(rf.PenalizedRegressor(rf.L2(), strength=0.1), X, y, groups=groups)
    plain = overfitting_gap(rf.PenalizedRegressor(rf.L2(), strength=0.1), X, y)
    assert rows.held_out_se[0] > 1.3 * plain.held_out_se[0]  # sqrt(2), but for other folds


def test_what_the_sentence_says():
    X, y = table(200, noise=0.1)
    sure = overfitting_gap(LinearRegression(), X, y)
    assert "hardly overfits" in sure.finding or "does not measurably overfit" in sure.finding
    noisy = table(200, noise=1.5)
    assert overfitting_gap(DecisionTreeRegressor(random_state=0), *noisy).finding.startswith("memorises")
    assert (
        "worse than the null"
        in overfitting_gap(DecisionTreeRegressor(random_state=0), *table(100, noise=9)).finding
    )
    assert overfitting_gap(DummyRegressor(), X, y).finding.startswith("explains nothing")
    labels = np.where(X[:, 0] + np.random.default_rng(0).normal(size=200) > 0, 1, 0)
    rates = overfitting_gap(LinearSVC(), X, labels)
    assert rates.loss_name == "error rate"
    assert rates.null == pytest.approx(min(labels.mean(), 1 - labels.mean()), abs=0.02)
    deep = overfitting_gap(DecisionTreeClassifier(random_state=0), X, labels)
    assert deep.lost[0] > 1
    frame = overfitting_gap(rf.PenalizedRegressor(rf.L2(), strengths=4), X, y).to_frame()
    assert list(frame)[:3] == ["strength", "train", "train_se"]
    assert len(frame) == 4


@pytest.mark.parametrize(
    ("model", "changes", "error", "match"),
    [
        (LinearRegression(), {"cv": [(np.arange(30), np.arange(30, 60))]}, InputError, "partition"),
        (LinearRegression(), {"strengths": [1.0]}, InputError, "no path"),
        (LinearRegression(), {"repeats": 0}, InputError, "repeats"),
        (LinearRegression(), {"offset": np.zeros(60)}, UnsupportedError, "offset"),
        (rf.PenalizedRegressor([rf.L1(), rf.L2()]), {}, UnsupportedError, "several candidate"),
        (rf.PenalizedCox(), {}, UnsupportedError, "PenalizedCox"),
        (LogisticRegression(), {"sample_weight": -np.ones(60)}, InputError, "sample_weight"),
    ],
)
def test_what_cannot_be_is_said(model, changes, error, match):
    X, y = table()
    y = (y > 0).astype(int) if isinstance(model, LogisticRegression) else y
    with pytest.raises(error, match=match):
        overfitting_gap(model, X, y, **changes)

"""Against the closed form of least squares, against clones, and that subsets are nested, stratified and honest."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

import regularfit as rf
from regularfit.diagnostics import learning_curve
from regularfit.diagnostics._splits import nested_order, sizes_of
from regularfit.errors import InputError, UnsupportedError
from regularfit.selection import make_folds


def table(n=100, p=5, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X[:, 0] - X[:, 1] + noise * rng.normal(size=n)


def test_least_squares_follows_its_closed_form():
    """Gaussian columns: new rows err by s2 (n + 1)(n - 2) / (n (n - p - 2)), training rows by s2 (n - p - 1) / n."""
    p, sizes = 5, [12, 25, 80]
    curves = [learning_curve(LinearRegression(), *table(100, p, seed), sizes=sizes) for seed in range(60)]
    for name, truth in (
        ("test", [(n + 1) * (n - 2) / (n * (n - p - 2)) for n in sizes]),
        ("train", [(n - p - 1) / n for n in sizes]),
    ):
        values = np.array([getattr(curve, name) for curve in curves])
        near = 4 * values.std(axis=0, ddof=1) / np.sqrt(60)
        assert (np.abs(values.mean(axis=0) - truth) < near).all(), name


def labelled(n=120):
    X, y = table(n)
    return X, np.where(y > 0.5, "yes", "no")


CASES = [
    (rf.PenalizedRegressor(rf.L1(), strength=0.1), table(), None),
    (rf.PenalizedRegressor(rf.L1(), strength=0.1), table(), "r2"),
    (rf.PenalizedClassifier(rf.L2(), strength=0.1), labelled(), None),
    (rf.PenalizedClassifier(rf.L2(), strength=0.1), labelled(), "roc_auc"),
]


@pytest.mark.parametrize(("model", "data", "scoring"), CASES)
def test_lanes_equal_clones(model, data, scoring):
    model = clone(model).set_params(tol=1e-10)
    given = {"sizes": [20, 50], "scoring": scoring, "cv": 4, "repeats": 2}
    lanes, alone = learning_curve(model, *data, **given), learning_curve(make_pipeline(model), *data, **given)
    np.testing.assert_allclose(lanes.train_scores, alone.train_scores, rtol=1e-6)
    np.testing.assert_allclose(lanes.test_scores, alone.test_scores, rtol=1e-6)
    assert lanes.greater_is_better == (scoring is not None)
    assert lanes.train_scores.shape == (2, 2, 4)
    assert lanes.fits == 16


@pytest.mark.filterwarnings(
    "ignore::regularfit.errors.GridEdgeWarning"
)  # on some subsets, and no matter here
def test_a_chosen_strength_is_chosen_on_the_subset_alone():
    X, y = table(90, 8)
    model = rf.PenalizedRegressor(rf.L1(), strengths=10, cv=4)
    folds = make_folds(3, 90, random_state=1)
    found = learning_curve(model, X, y, sizes=[30, 60], cv=folds)
    for k, (train, test) in enumerate(folds):
        fit = clone(model).fit(X[np.sort(train)], y[np.sort(train)])  # the last size is all of them
        assert found.test_scores[1, 0, k] == pytest.approx(
            np.mean((y[test] - fit.predict(X[test])) ** 2), rel=1e-9
        )
    spoilt = y.copy()
    spoilt[folds[0][1]] += 1e3
    again = learning_curve(model, X, spoilt, sizes=[30, 60], cv=folds)
    np.testing.assert_allclose(
        again.train_scores[:, 0, 0], found.train_scores[:, 0, 0]
    )  # no say for the fold


class Remembers(RegressorMixin, BaseEstimator):
    """Keeps the rows it was given, named by their first column."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y):
        Remembers.seen.append(set(X[:, 0].tolist()))
        self.mean_ = y.mean()
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


def test_subsets_grow_and_never_hold_the_fold():
    Remembers.seen = []
    X, folds = np.arange(60.0)[:, None], make_folds(3, 60)
    learning_curve(Remembers(), X, np.arange(60.0), sizes=[5, 20, 40], cv=folds)
    sets = np.array(Remembers.seen, dtype=object).reshape(3, 3)
    for k, (_, test) in enumerate(folds):
        assert [len(one) for one in sets[:, k]] == [5, 20, 40]
        assert sets[0, k] < sets[1, k] < sets[2, k]
        assert not sets[2, k] & set(test.tolist())


def test_beginnings_hold_every_class_and_its_share():
    labels = np.array(["rare"] * 10 + ["often"] * 90)
    order = nested_order(np.arange(100), labels, np.random.default_rng(0))
    assert sorted(order) == list(range(100))
    assert set(labels[order[:2]]) == {"rare", "often"}
    shares = [np.mean(labels[order[:size]] == "rare") for size in (30, 50, 80)]
    np.testing.assert_allclose(shares, 0.1, atol=0.04)


def test_errors_of_means_and_what_is_said():
    X, y = table(300, 40)
    found = learning_curve(rf.PenalizedRegressor(rf.L2(), strength=0.01), X, y, sizes=[50, 200])
    one = found.test_scores[:, 0]
    np.testing.assert_allclose(found.test, one.mean(axis=1))
    np.testing.assert_allclose(found.test_se, one.std(axis=1, ddof=1) / np.sqrt(5))
    gain, se = found.last_gain
    assert gain == pytest.approx(np.mean(one[0] - one[1]))
    assert gain > 2 * se
    assert found.finding.startswith("More rows still help: from 50 to 200 rows")
    assert list(found.to_frame()) == ["size", "train", "train_se", "test", "test_se", "gap", "gap_se"]
    assert (found.gap > 0).all()
    flat = learning_curve(rf.PenalizedRegressor(rf.L2(), strength=100.0), X, y, sizes=[200, 220])
    assert flat.finding.startswith("More rows bring nothing measurable")
    better = learning_curve(LogisticRegression(), *labelled(), sizes=[20, 80], scoring="accuracy")
    assert better.greater_is_better
    assert better.gap[0] == pytest.approx(better.train[0] - better.test[0])


def test_strength_can_be_given_and_eight_sizes_are_usual():
    found = learning_curve(rf.PenalizedRegressor(rf.L2()), *table(300), strength=0.1)
    assert len(found) == 8
    assert (found.sizes[0], found.sizes[-1]) == (12, 240)
    assert sizes_of([0.5, 1.0], 80, 10) == [40, 80]


@pytest.mark.parametrize(
    ("model", "changes", "error", "match"),
    [
        (LinearRegression(), {"sizes": [500]}, InputError, "from 2 to 80"),
        (LinearRegression(), {"sizes": [1]}, InputError, "from 2 to 80"),
        (LinearRegression(), {"sizes": ["all"]}, InputError, "numbers of rows"),
        (LinearRegression(), {"strength": 1.0}, UnsupportedError, "no strength"),
        (
            LinearRegression(),
            {"repeats": 2, "cv": [(np.arange(50), np.arange(50, 100))]},
            InputError,
            "repeats",
        ),
        (LinearRegression(), {"cv": [(np.arange(50), np.arange(50, 100))]}, InputError, "two folds"),
        (rf.PenalizedRegressor(cv=10), {"sizes": [5]}, InputError, "Larger sizes"),
        (rf.PenalizedCox(), {}, UnsupportedError, "PenalizedCox"),
    ],
)
def test_what_cannot_be_is_said(model, changes, error, match):
    with pytest.raises(error, match=match):
        learning_curve(model, *table(), **changes)

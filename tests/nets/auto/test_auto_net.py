"""AutoNet: within its budget, never without the defaults, and what it predicts with is what it reports."""

import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.errors import InputError  # noqa: E402
from regularfit.nets import NetClassifier  # noqa: E402
from regularfit.nets.auto import AutoNetClassifier, AutoNetRegressor  # noqa: E402
from regularfit.nets.auto.search import FEWEST, FIRST, WITH_BINS, Search  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def quiet_machine():
    """Budgets are seconds of this process, so that what a search finds does not hang on what else runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", time.process_time)
        yield


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True)
    return train_test_split(X, np.array(["a", "b", "c"])[y], test_size=0.3, random_state=0, stratify=y)


@pytest.fixture(scope="module")
def found(wine):
    begun = time.monotonic()
    auto = AutoNetClassifier(budget=5, hidden=(16,), cv=3, random_state=0).fit(wine[0], wine[2])
    return auto, time.monotonic() - begun


def test_it_searches_and_predicts(wine, found):
    auto, seconds = found
    assert seconds < 1.3 * 5
    assert auto.score(wine[1], wine[3]) > 0.9
    p = auto.predict_proba(wine[1])
    np.testing.assert_allclose(p.sum(1), 1.0, atol=1e-5)
    assert (auto.classes_[p.argmax(1)] == auto.predict(wine[1])).all()
    assert auto.n_features_in_ == 13


def test_the_defaults_are_always_there_and_the_best_is_not_worse(found):
    auto, _ = found
    result = auto.search_
    assert result.points[: len(WITH_BINS)] == list(WITH_BINS)
    assert result.complete.any()
    assert auto.cocktail_ == result.points[result.best]
    known = result.measured[result.complete]
    assert result.measured[result.best] == known.min()
    assert auto.ensemble_.score <= known.min() + 1e-9  # greedy picking begins with the best


def test_one_net_of_the_best_cocktail(wine, found):
    auto, _ = found
    net = auto.refit(wine[0], wine[2])
    assert isinstance(net, NetClassifier)
    assert net.score(wine[1], wine[3]) > 0.8
    named = {type(r).__name__ for r in net.regularisers}
    assert named == {name.partition(".")[0] for name in auto.cocktail_ if "." in name}


def test_a_table_with_categories_and_missing_values():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"size": rng.normal(size=120), "kind": rng.choice(["x", "y"], 120)})
    table.loc[::7, "size"] = np.nan
    y = np.where((table["kind"] == "x") & (table["size"].fillna(0) > 0), "yes", "no")
    auto = AutoNetClassifier(budget=3, hidden=(8,), cv=3, random_state=0, metric="balanced_accuracy").fit(
        table, y
    )
    assert auto.score(table, y) > 0.7
    assert auto.search_.metric.name == "balanced_accuracy"


def test_a_regression():
    X, y = load_diabetes(return_X_y=True)
    auto = AutoNetRegressor(budget=3, hidden=(16,), cv=3, random_state=0).fit(X[:300], y[:300])
    assert auto.score(X[300:], y[300:]) > 0.3


def test_balanced_classes_are_judged_as_they_are_trained():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    y = (X[:, 0] + rng.normal(size=400) > 2.2).astype(int)  # one row in seventeen
    scores = {}
    for weight in (None, "balanced"):
        auto = AutoNetClassifier(2, hidden=(16,), cv=3, class_weight=weight, random_state=0).fit(
            X[:250], y[:250]
        )
        scores[weight] = balanced_accuracy_score(y[250:], auto.predict(X[250:]))
        data = auto.search_.data
        assert (data.score_weight is None) == (weight is None)
    each = [float(data.score_weight[data.y == k].sum()) for k in (0, 1)]
    assert each[0] == pytest.approx(each[1], rel=1e-4)
    assert scores["balanced"] > scores[None] + 0.1


def test_a_class_with_one_row_is_no_obstacle(wine):
    y = np.append(wine[2][:-1], "rare")
    auto = AutoNetClassifier(2, hidden=(8,), cv=3, random_state=0).fit(wine[0], y)
    assert auto.predict_proba(wine[1]).shape == (len(wine[1]), 4)


def test_a_budget_that_is_far_too_short_gives_what_there_is(wine):
    with pytest.warns(UserWarning, match="budget ended before any net was trained to its end"):
        auto = AutoNetClassifier(0.02, hidden=(64, 64), cv=5, random_state=0).fit(wine[0], wine[2])
    assert set(auto.predict(wine[1])) <= {"a", "b", "c"}


def test_other_columns_are_refused(found, wine):
    with pytest.raises(InputError, match="12 features, but AutoNetClassifier"):
        found[0].predict(wine[1][:, :12])


def test_a_budget_is_a_number_of_seconds(wine):
    with pytest.raises(InputError, match="budget"):
        AutoNetClassifier(budget=-1).fit(wine[0], wine[2])


def test_a_short_budget_has_fewer_defaults():
    found = []
    for affordable in (FEWEST + 1, FEWEST - 1):  # steps of all six
        search = Search.__new__(Search)
        search.budget, search.prepared = 10.0, SimpleNamespace(data=SimpleNamespace(bins=np.array([True])))
        found.append(search._first(FIRST * 10.0 / (affordable * len(WITH_BINS))))
    assert found == [list(WITH_BINS), list(WITH_BINS[:3])]
    assert {point["bins"] for point in found[1]} == {False, True}

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier

import regularfit as rf
from regularfit import trees
from regularfit.errors import InputError
from regularfit.selection import honest_score, make_folds
from regularfit.tuning import Competition


def entrants(**tree):
    return [
        ("lasso", rf.PenalizedRegressor(rf.L1(), strengths=10)),
        ("tree", trees.PrunedTreeRegressor(**tree)),
    ]


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(90, 3)), rng.normal(size=90)


@pytest.mark.parametrize("winner", ["lasso", "tree"])
def test_the_lower_held_out_error_wins_and_predicts(winner, rows):
    X, noise = rows
    y = (X[:, 0] if winner == "lasso" else np.where(X[:, 0] > 0, 3.0, 0.0)) + 0.1 * noise
    model = Competition(entrants(), cv=4).fit(X, y)
    assert model.winner_ == winner
    folds = make_folds(4, 90, y, random_state=0)
    alone = {name: clone(one).set_params(cv=folds).fit(X, y) for name, one in entrants()}
    for name, one in alone.items():
        assert model.errors_[name] == one.cv_.mean[one.cv_.index_min]
    np.testing.assert_array_equal(model.predict(X), alone[winner].predict(X))


def test_the_folds_of_all_are_the_same_and_follow_groups(rows, monkeypatch):
    X, noise = rows
    seen = []
    fit = trees.PrunedTreeRegressor.fit
    monkeypatch.setattr(
        trees.PrunedTreeRegressor, "fit", lambda self, *a, **k: seen.append(self.cv) or fit(self, *a, **k)
    )
    groups, y = np.arange(90) // 5, X[:, 0] + 0.1 * noise
    model = Competition(entrants(), cv=3).fit(X, y, groups=groups)
    (folds,) = seen
    assert all(not set(groups[train]) & set(groups[test]) for train, test in folds)
    linear = rf.PenalizedRegressor(rf.L1(), strengths=10, cv=folds).fit(X, y)
    assert model.errors_["lasso"] == linear.cv_.mean[linear.cv_.index_min]


def test_gaps_are_filled_for_those_that_take_none(rows):
    X, noise = rows
    y = X[:, 0] + 0.1 * noise
    X = X.copy()
    X[::8, 1] = np.nan
    table = pd.DataFrame(X, columns=list("abc"))
    model = Competition(entrants(), cv=3).fit(table, y)
    assert model.winner_ == "lasso"
    filled = table.fillna(table.mean())
    np.testing.assert_allclose(model.predict(table), model.model_.predict(filled), rtol=1e-12)


@pytest.mark.filterwarnings("ignore::regularfit.errors.GridEdgeWarning")  # ten strengths are few
def test_the_honest_score_nests_the_choice(rows):
    X, noise = rows
    y = X[:, 0] + noise
    score = honest_score(Competition(entrants(), cv=3), X, y, 4, random_state=0)
    low, high = score.interval(0.9)
    assert low < 1.0 < high
    assert score.score_name == "mean squared error"


def test_classes(rows):
    X, noise = rows
    y = np.where(X[:, 0] + 0.3 * noise > 0, "yes", "no")
    both = [
        ("ridge", rf.PenalizedClassifier(rf.L2(), strengths=8)),
        ("tree", trees.PrunedTreeClassifier(scoring="log-loss")),
    ]
    model = Competition(both, cv=3).fit(X, y)
    assert is_classifier(model)
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.predict_proba(X).shape == (90, 2)
    assert (model.predict(X) == y).mean() > 0.8


def test_errors_of_several_kinds_are_refused(rows):
    X, noise = rows
    y = X[:, 0] + 0.1 * noise
    with pytest.raises(InputError, match="different scores"):
        Competition(entrants(criterion="absolute_error"), cv=3).fit(X, y)
    with pytest.raises(InputError, match="nobody"):
        Competition([], cv=3).fit(X, y)


@pytest.mark.filterwarnings("ignore::regularfit.errors.GridEdgeWarning")
@pytest.mark.parametrize("gaps", [False, True])
def test_every_entrant_has_the_honest_score_of_its_own_from_the_same_fits(rows, gaps):
    X, noise = rows
    y = X[:, 0] + noise
    if gaps:
        X = X.copy()
        X[::9, 2] = np.nan
    fits = []
    whole = honest_score(Competition(entrants(), cv=3, tell=fits.append), X, y, 4, random_state=0)
    assert fits == ["lasso", "tree"] * 11  # 4 folds, 6 pairs of them, and all rows for the tuned errors
    for one, found in zip(entrants(), whole.candidates, strict=True):
        alone = honest_score(Competition([one], cv=3), X, y, 4, random_state=0)
        assert (found.mean, found.se, found.tuned_mean) == (alone.mean, alone.se, alone.tuned_mean)
        fitted = Competition([one], cv=3, random_state=None).fit(X, y)
        assert found.optimism == found.mean - fitted.errors_[one[0]]
    tuned = [found.tuned_mean for found in whole.candidates]
    assert whole.tuned_mean == min(tuned)


def test_the_tuned_error_is_that_of_the_choice(rows):
    X, noise = rows
    y = X[:, 0] + 0.2 * noise
    tree = trees.PrunedTreeRegressor(select="1se")
    model = Competition([("tree", tree)], cv=5).fit(X, y)
    cv = model.model_.cv_
    assert cv.index_1se != cv.index_min
    assert model._tuned_errors == [cv.mean[cv.index_1se]] * 2

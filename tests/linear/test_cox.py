"""PenalizedCox as users meet it; tests/reference/test_cox.py compares its numbers with R."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import regularfit as rf
from regularfit.errors import InputError

N, P = 150, 8


def data(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P))
    time, limit = rng.exponential(np.exp(-X[:, 0] + 0.5 * X[:, 1])), rng.exponential(2.0, N)
    return X, rf.survival(np.minimum(time, limit), time <= limit)


def test_it_chooses_and_proves_and_says_who_is_at_risk():
    X, y = data()
    model = rf.PenalizedCox(select="1se").fit(X, y)
    assert model.coef_[0] > 0.3
    assert model.coef_[1] < -0.1
    assert model.intercept_ == 0
    assert model.certificate_.converged
    assert model.cv_.score_name == "partial-likelihood deviance per event"
    assert 0.7 < model.score(X, y) < 0.9
    np.testing.assert_allclose(np.log(model.predict(X)), model.predict_eta(X))


@pytest.mark.parametrize("select", ["min", "1se", "aic", "bic", "ebic"])
@pytest.mark.parametrize("penalty", [rf.L1(), rf.ElasticNet(0.5), rf.Adaptive()])
def test_every_rule_with_every_kind_of_penalty(select, penalty):
    X, y = data()
    model = rf.PenalizedCox(penalty, select=select, strengths=30, cv=4).fit(X, y)
    assert model.certificate_.converged
    assert model.coef_[0] > 0.1
    assert model.path_.strengths[-1] < model.strength_ < model.path_.strengths[0]


def test_the_criteria_count_events():
    X, y = data()
    model = rf.PenalizedCox(select="bic", strengths=20).fit(X, y)
    events = y["event"].sum()
    by_hand = []
    for coef, df in zip(model.path_.coefs, model.path_.df, strict=True):
        eta = X @ coef
        loglik = sum(
            eta[i] - np.log(np.exp(eta[y["time"] >= y["time"][i]]).sum()) for i in np.flatnonzero(y["event"])
        )
        by_hand.append(-2 * loglik + np.log(events) * df)
    difference = model.criterion_.values - np.array(by_hand)
    np.testing.assert_allclose(difference, difference[0], atol=1e-8)


@pytest.mark.parametrize("scoring", ["concordance", "ungrouped", lambda model, X, y: model.score(X, y)])
def test_other_scores(scoring):
    X, y = data()
    model = rf.PenalizedCox(scoring=scoring, strengths=20, cv=5).fit(X, y)
    assert model.cv_.greater_is_better == (scoring != "ungrouped")
    if scoring != "ungrouped":
        assert 0.7 < model.cv_.mean.max() < 0.85


def test_curves_fall_and_agree_with_their_hazard():
    X, y = data()
    model = rf.PenalizedCox(strength=0.05).fit(X, y)
    times = np.array([0.0, 0.2, 0.5, 1.0, 100.0])
    S = model.predict_survival_function(X, times)
    assert S.shape == (N, 5)
    assert (S[:, 0] == 1).all()
    assert (np.diff(S, axis=1) <= 0).all()
    order = np.argsort(model.predict(X))
    assert (np.diff(S[order, 2]) <= 0).all()
    np.testing.assert_allclose(
        -np.log(S), model.predict_cumulative_hazard_function(X, times), rtol=1e-12, atol=1e-15
    )
    assert model.predict_survival_function(X[:3]).shape == (3, len(model.baseline_.times))
    # over all rows, hazards expected up to the time they left add up to the events: Breslow's property
    H = model.predict_cumulative_hazard_function(X, y["time"])
    assert np.diag(H).sum() == pytest.approx(y["event"].sum(), rel=1e-9)


def test_weights_are_repeated_rows():
    X, y = data()
    times = np.random.default_rng(1).integers(1, 4, N)
    again = np.repeat(np.arange(N), times)
    weighted = rf.PenalizedCox(strength=0.05, tol=1e-11).fit(X, y, sample_weight=times)
    repeated = rf.PenalizedCox(strength=0.05, tol=1e-11).fit(X[again], y[again])
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-9)
    at = [model.predict_survival_function(X[:5], [0.5]) for model in (weighted, repeated)]
    np.testing.assert_allclose(*at, rtol=1e-8)
    assert weighted.score(X, y, times) == pytest.approx(repeated.score(X[again], y[again]), rel=1e-10)


def test_an_offset_is_a_column_whose_coefficient_is_known():
    X, y = data()
    free = rf.PenalizedCox(rf.L1().on(range(1, P)), strength=0.05, tol=1e-12).fit(X, y)
    given = rf.PenalizedCox(strength=0.05, tol=1e-12).fit(X[:, 1:], y, offset=X[:, 0] * free.coef_[0])
    np.testing.assert_allclose(given.coef_, free.coef_[1:], atol=1e-8)


def test_strata_have_baselines_of_their_own():
    X, y = data()
    side = np.where(np.arange(N) % 2, "left", "right")
    target = rf.survival(np.zeros(N), y["time"], y["event"], strata=side)
    model = rf.PenalizedCox(strength=0.05, cv=3).fit(X, target)
    assert model.strata_.tolist() == ["left", "right"]
    with pytest.raises(InputError, match="give strata"):
        model.predict_survival_function(X[:2])
    two = model.predict_survival_function(X[[0, 0]], [0.5], strata=["left", "right"])
    assert two[0, 0] != two[1, 0]


def test_a_saved_model_predicts_the_same(tmp_path):
    X, y = data()
    side = np.where(np.arange(N) % 2, "left", "right")
    target = rf.survival(np.zeros(N), y["time"], y["event"], strata=side)
    frame = pd.DataFrame(X).add_prefix("x")
    model = rf.PenalizedCox(rf.ElasticNet(0.5), ties="efron", strengths=10, cv=3).fit(frame, target)
    model.save(tmp_path / "model.rfit")
    same = rf.load(tmp_path / "model.rfit")
    curves = [m.predict_survival_function(frame, [0.5, 1.0], strata=side) for m in (model, same)]
    np.testing.assert_array_equal(*curves)
    assert same.get_params() == model.get_params()
    assert same.path_.loss == model.path_.loss
    assert same.cv_.strength_min == model.cv_.strength_min


@pytest.mark.filterwarnings("ignore::regularfit.GridEdgeWarning")
def test_it_is_an_estimator_of_scikit_learn():
    X, y = data()
    model = rf.PenalizedCox(rf.L1(), strengths=10, cv=3)
    assert clone(model).get_params() == model.get_params()
    search = GridSearchCV(rf.PenalizedCox(strength=1.0), {"strength": [0.1, 0.01]}, cv=3).fit(X, y)
    assert search.best_score_ > 0.7
    assert cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=3).mean() > 0.7
    assert model.set_params(penalty__strength=2.0).penalty.strength == 2.0


def test_an_honest_score_is_the_concordance_of_refits():
    X, y = data()
    found = rf.honest_score(rf.PenalizedCox(strength=0.05), X, y, cv=4)
    assert found.score_name == "concordance"
    assert 0.6 < found.mean < 0.85
    low, high = found.interval(0.9)
    assert low < found.mean < high
    with pytest.raises(InputError, match="takes no offset"):
        rf.honest_score(rf.PenalizedCox(strength=0.05), X, y, cv=4, offset=np.zeros(N))


def test_an_honest_score_reads_a_table_by_the_names_of_its_columns():
    X, y = data()
    stratum, weights = (
        np.array(["a", "b", "c"])[np.arange(N) % 3],
        np.random.default_rng(0).uniform(0.5, 2, N),
    )
    model = rf.PenalizedCox(strength=0.05)
    table = pd.DataFrame({"stratum": stratum, "event": y["event"], "time": y["time"]})
    expected = rf.survival(y["time"], y["event"], strata=stratum)
    by_name, by_array = (
        rf.honest_score(model, X, target, cv=4, sample_weight=weights) for target in (table, expected)
    )
    assert by_name.mean == by_array.mean
    assert by_name.se == by_array.se


def test_plots():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    X, y = data()
    model = rf.PenalizedCox(strengths=10, cv=3).fit(X, y)
    assert model.plot_path().ax_ is not None
    assert model.plot_cv().ax_.get_ylabel() == "partial-likelihood deviance per event, held out"


BAD = {
    "y must say for every row": lambda X, y: rf.PenalizedCox().fit(X, y["time"]),
    "150 entries but X has 10": lambda X, y: rf.PenalizedCox().fit(X[:10], y),
    "is for the squared loss": lambda X, y: rf.PenalizedCox(select="loo").fit(X, y),
    "is 0 on every row with an event": lambda X, y: rf.PenalizedCox().fit(
        X, y, sample_weight=1.0 - y["event"]
    ),
    "use PenalizedCox": lambda X, y: rf.PenalizedRegressor(loss="cox").fit(X, y["time"]),
    "do not know censored times": lambda X, y: rf.PenalizedCox(scoring="r2").fit(X, y),
    "have no event, so there is nothing to score": lambda X, y: rf.PenalizedCox(
        cv=[(np.flatnonzero(y["event"]), np.flatnonzero(~y["event"]))]
    ).fit(X, y),
}


@pytest.mark.parametrize("message", BAD)
def test_what_cannot_be_fitted_is_refused_by_name(message):
    with pytest.raises(InputError, match=message):
        BAD[message](*data())


def test_fit_path_takes_it_too():
    X, y = data()
    path = rf.fit_path(X, y, loss="cox", strengths=5)
    assert path.converged.all()
    assert not path.intercepts.any()

import numpy as np
import pytest

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.report.collect import collect
from regularfit.report.data import ReportData, RunFacts, TableFacts
from regularfit.report.render import render
from regularfit.report.target import target_facts

RUN = RunFacts("regularfit fit t.csv --target y", "0", {}, 0, "", "", 0.0, {})


def rows(n=80, p=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.array([1.0, 10.0, 0.1, 1.0, 1.0, 1.0])[:p]
    return X, X[:, 0] + X[:, 1] / 10 + rng.normal(size=n)


def facts(estimator, X, y, classes=(), **options):
    table = TableFacts("t.csv", *X.shape, X.shape[1])
    return collect(
        estimator, X, y, table=table, target=target_facts("y", y, classes=classes), run=RUN, **options
    )


@pytest.fixture(scope="module")
def fitted():
    X, y = rows()
    estimator = rf.PenalizedRegressor([rf.L2(), rf.L1()], strengths=30, cv=5, random_state=0).fit(X, y)
    honest = rf.honest_score(estimator, X, y, 5, random_state=0)
    return estimator, X, y, facts(estimator, X, y, honest=honest)


def test_the_choice_is_the_estimators(fitted):
    estimator, _, _, data = fitted
    chosen = data.candidates[data.chosen.candidate]
    assert data.chosen.strength == estimator.strength_ == chosen.strength
    assert data.chosen.kept == np.count_nonzero(estimator.coef_)
    assert data.chosen.error == pytest.approx(estimator.cv_.mean.min())
    assert chosen.certificate.gap == estimator.certificate_.gap
    assert [c.name for c in data.candidates] == ["Ridge", "Lasso"]


def test_training_errors_are_those_of_the_path(fitted):
    estimator, X, y, data = fitted
    for facts_of, path in zip(data.candidates, estimator.paths_, strict=True):
        wanted = ((y[:, None] - path.predict(X)) ** 2).mean(0)
        np.testing.assert_allclose(facts_of.curve.train, wanted, rtol=1e-9)


def test_coefficients_come_on_both_scales(fitted):
    estimator, X, _, data = fitted
    for c in data.coefficients:
        j = int(c.name[1:])
        assert c.original == estimator.coef_[j]
        assert c.standardised == pytest.approx(estimator.coef_[j] * X[:, j].std())
    sizes = [abs(c.standardised) for c in data.coefficients]
    assert sizes == sorted(sizes, reverse=True)


def test_the_honest_score_is_kept_whole(fitted):
    _, _, _, data = fitted
    assert data.honest.low < data.honest.mean < data.honest.high
    assert all(c.honest is not None for c in data.candidates)


def test_it_goes_through_json_to_a_page(fitted):
    data = ReportData.from_json(fitted[3].to_json())
    assert "<h1>" in render(data)


def test_two_classes_and_one_standard_error():
    X, y = rows()
    labels = (y > 0).astype(float)
    estimator = rf.PenalizedClassifier(rf.L1(), strengths=20, cv=5, select="1se").fit(X, labels)
    data = facts(estimator, X, labels, classes=("no", "yes"))
    curve = data.candidates[0].curve
    assert curve.strengths[curve.one_se] == data.chosen.strength
    wanted = [-np.mean(np.log(np.where(labels, p, 1 - p))) for p in estimator.path_.predict(X).T]
    np.testing.assert_allclose(curve.train, wanted, rtol=1e-6)


@pytest.mark.parametrize("options", [{"strength": 0.1}, {"select": "bic", "strengths": 10}])
def test_without_folds_nothing_is_invented(options):
    X, y = rows()
    data = facts(rf.PenalizedRegressor(rf.L1(), **options).fit(X, y), X, y)
    assert np.isnan(data.chosen.error)
    assert data.candidates[0].curve is None
    assert data.simplest is None
    render(data)


def test_weights_and_no_intercept():
    X, y = rows()
    w = np.arange(1.0, len(y) + 1)
    estimator = rf.PenalizedRegressor(rf.L1(), strengths=10, cv=4, fit_intercept=False).fit(
        X, y, sample_weight=w
    )
    data = facts(estimator, X, y, sample_weight=w)
    wanted = np.average((y[:, None] - estimator.path_.predict(X)) ** 2, axis=0, weights=w)
    np.testing.assert_allclose(data.candidates[0].curve.train, wanted, rtol=1e-9)


def test_names_are_taken_and_counted(fitted):
    estimator, X, y, _ = fitted
    data = facts(estimator, X, y, names=["ridge", "lasso"], columns=list("abcdef"))
    assert data.candidates[0].name == "Ridge"
    assert {c.name for c in data.path.columns} <= set("abcdef")
    with pytest.raises(InputError, match="2 candidates"):
        facts(estimator, X, y, names=["one"])
    with pytest.raises(InputError, match="6 columns"):
        facts(estimator, X, y, columns=["one"])


def test_another_score_than_the_loss_is_refused():
    X, y = rows()
    estimator = rf.PenalizedRegressor(rf.L1(), strengths=10, cv=4, scoring="r2").fit(X, y)
    with pytest.raises(UnsupportedError, match="scoring=None"):
        facts(estimator, X, y)


def test_of_20000_columns_the_largest_are_kept():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 20_000))
    y = X[:, :3].sum(1) + 0.1 * rng.normal(size=40)
    data = facts(
        rf.PenalizedRegressor([rf.L1(), rf.L2()], strengths=10, cv=3, random_state=0).fit(X, y), X, y
    )
    assert len(data.path.columns) <= 60
    assert data.path.total == 20_000
    assert len(data.coefficients) <= 60
    assert len(render(data)) < 500_000

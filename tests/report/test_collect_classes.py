"""Facts of three classes against the estimator's own probabilities."""

import numpy as np
import pytest

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.report import findings
from regularfit.report.collect import collect
from regularfit.report.collect_classes import columns_kept
from regularfit.report.data import ReportData, RunFacts, TableFacts
from regularfit.report.render import render
from regularfit.report.target import target_facts

NAMES = ("a", "b", "c")
RUN = RunFacts("regularfit fit t.csv --target y", "0", {}, 0, "", "", 0.0, {})


def rows(n=120, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n).astype(float)
    X = rng.normal(size=(n, 6)) * np.array([1.0, 10.0, 0.1, 1.0, 1.0, 1.0])
    X[:, 1] += 12 * (y == 2)
    X[:, 0] += y == 1
    return X, y


def facts(estimator, X, y, classes=NAMES, **options):
    target = target_facts("y", np.ravel(y)[: len(X)], classes=classes)
    return collect(estimator, X, y, table=TableFacts("t.csv", *X.shape, 6), target=target, run=RUN, **options)


@pytest.fixture(scope="module")
def fitted():
    X, y = rows()
    estimator = rf.PenalizedClassifier([rf.L2(), rf.L1()], strengths=15, cv=4, random_state=0, select="1se")
    return estimator.fit(X, y), X, y, facts(estimator, X, y)


def test_training_errors_are_those_of_the_path(fitted):
    estimator, X, y, data = fitted
    for facts_of, path in zip(data.candidates, estimator.paths_, strict=True):
        chance = path.predict(X)[np.arange(len(y)), :, y.astype(int)]
        np.testing.assert_allclose(facts_of.curve.train, -np.log(chance).mean(axis=0), rtol=1e-6)


def test_columns_are_kept_by_any_class(fitted):
    estimator, _, _, data = fitted
    for facts_of, path in zip(data.candidates, estimator.paths_, strict=True):
        wanted = (path.coefs != 0).any(axis=1).sum(axis=1)
        np.testing.assert_array_equal(columns_kept(path), wanted)
        assert facts_of.curve.kept == tuple(wanted.tolist())
    assert data.path.nonzeros == tuple(columns_kept(estimator.path_).tolist())
    assert data.chosen.kept == estimator.coef_.any(axis=0).sum() < 6


def test_the_path_is_of_the_widest_differences(fitted):
    estimator, X, _, data = fitted
    coefs = estimator.path_.coefs * X.std(axis=0)
    for column in data.path.columns:
        of = coefs[:, :, int(column.name[1:])]
        np.testing.assert_allclose(column.values, of.max(axis=1) - of.min(axis=1), rtol=1e-12, atol=1e-15)


def test_coefficients_come_class_by_class(fitted):
    estimator, X, _, data = fitted
    found = data.by_class
    assert found.intercepts == tuple(estimator.intercept_.tolist())
    assert len(found.coefficients) == data.chosen.kept
    for c in found.coefficients:
        j = int(c.name[1:])
        assert c.original == tuple(estimator.coef_[:, j].tolist())
        np.testing.assert_allclose(c.standardised, estimator.coef_[:, j] * X[:, j].std(), rtol=1e-12)
    spreads = [c.spread for c in found.coefficients]
    assert spreads == sorted(spreads, reverse=True)
    assert data.coefficients == ()


def test_the_finding_is_what_the_probabilities_do(fitted):
    """Move the named column by one standard deviation: the log-odds of the named pair move by what is said."""
    estimator, X, _, data = fitted
    top = data.by_class.coefficients[0]
    moved = X.copy()
    moved[:, int(top.name[1:])] += X[:, int(top.name[1:])].std()
    change = np.log(estimator.predict_proba(moved)) - np.log(estimator.predict_proba(X))
    reach = change[0].max() - change[0].min()
    most, least = change[0] >= change[0].max() - 1e-9, change[0] <= change[0].min() + 1e-9  # zeros tie
    said = findings.coefficients(data).sentence
    assert f"{top.name} weighs most" in said
    pairs = [(u, d) for u in np.flatnonzero(most) for d in np.flatnonzero(least)]
    assert len(pairs) < 4
    assert any(f"log-odds of “{NAMES[u]}” against “{NAMES[d]}” by +{reach:.3g}" in said for u, d in pairs)


def test_it_goes_through_json_to_a_page(fitted):
    data = fitted[3]
    page = render(ReportData.from_json(data.to_json()))
    assert "Intercepts, and coefficients for one unit" in page
    assert "nan" not in page.partition("<body>")[2].partition("<script>")[0]


def test_an_empty_model_is_called_empty():
    X, y = rows()
    data = facts(rf.PenalizedClassifier(rf.L1(), strength=100.0).fit(X, y), X, y)
    assert data.by_class.coefficients == ()
    assert "empty" in findings.coefficients(data).sentence
    assert "No column enters" in render(data) or "there is no path to follow" in render(data)


def test_weights_and_no_intercept():
    X, y = rows()
    w = np.arange(1.0, len(y) + 1)
    estimator = rf.PenalizedClassifier(rf.L1(), strengths=8, cv=4, fit_intercept=False)
    data = facts(estimator.fit(X, y, sample_weight=w), X, y, sample_weight=w)
    chance = estimator.path_.predict(X)[np.arange(len(y)), :, y.astype(int)]
    wanted = np.average(-np.log(chance), axis=0, weights=w)
    np.testing.assert_allclose(data.candidates[0].curve.train, wanted, rtol=1e-6)


def test_a_predictor_for_each_of_two_classes():
    X, y = rows()
    two = (y == 2).astype(float)
    estimator = rf.PenalizedClassifier(rf.L1(), loss="multinomial", strength=0.05).fit(X, two)
    data = facts(estimator, X, two, classes=("no", "yes"))
    assert len(data.by_class.intercepts) == 2
    assert "the one whose probability" not in render(data)


def test_what_does_not_fit_is_refused(fitted):
    estimator, X, y, _ = fitted
    with pytest.raises(InputError, match=r"target names 4 classes, but the estimator has 3"):
        facts(estimator, X, y, classes=("a", "b", "c", "d"))
    several = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(X, X[:, :2])
    with pytest.raises(UnsupportedError, match="one target"):
        facts(several, X, X[:, :2], classes=())

"""The estimators take the penalties of groups, sorted weights and bent slopes by their value."""

import numpy as np
import pytest

import regularfit as rf
from regularfit.errors import InputError

LABELS = tuple(np.arange(8) // 2)
PENALTIES = [rf.MCP(3.0), rf.SCAD(3.7), rf.Group(LABELS), rf.SparseGroup(LABELS, 0.5), rf.SLOPE(0.2)]


def data(n=80, p=8, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, X[:, :2] @ np.array([3.0, -2.0]) + rng.standard_normal(n)


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_cross_validation_an_honest_score_and_a_model_file(penalty, tmp_path):
    X, y = data()
    fit = rf.PenalizedRegressor(penalty, cv=4, strengths=15, random_state=0).fit(X, y)
    assert fit.certificate_.converged
    assert fit.coef_[:2].all()
    assert fit.score(X, y) > 0.9
    score = rf.honest_score(rf.PenalizedRegressor(penalty, cv=4, strengths=6, random_state=0), X, y, cv=4)
    assert score.mean < np.var(y)
    fit.save(tmp_path / "m.rfit")
    again = rf.load(tmp_path / "m.rfit")
    assert again.penalty == penalty
    np.testing.assert_array_equal(again.predict(X), fit.predict(X))


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("select", ["aic", "bic", "ebic"])
def test_criteria_count_the_nonzero_coefficients(penalty, select):
    X, y = data()
    fit = rf.PenalizedRegressor(penalty, select=select, strengths=20).fit(X, y)
    np.testing.assert_array_equal(fit.path_.df, fit.path_.nonzeros)
    assert fit.coef_[:2].all()


def test_they_compete_and_classify():
    X, y = data()
    fit = rf.PenalizedRegressor([rf.L1(), rf.MCP(3.0), rf.Group(LABELS)], cv=4, strengths=10).fit(X, y)
    assert fit.penalty_ in (rf.L1(), rf.MCP(3.0), rf.Group(LABELS))
    for penalty in (rf.MCP(3.0), rf.SLOPE(0.2)):
        classes = rf.PenalizedClassifier(penalty, strength=0.05).fit(X, y > 0)
        assert classes.score(X, y > 0) > 0.9


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_leave_one_out_is_for_ridge_and_says_so(penalty):
    X, y = data()
    with pytest.raises((InputError, rf.UnsupportedError), match="loo"):
        rf.PenalizedRegressor(penalty, select="loo").fit(X, y)

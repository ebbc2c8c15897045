"""Logistic ridge on many sparse columns: as two classes it is what Newton's method and scikit-learn find."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes, make_problem, roads, two_classes
from regularfit.lockstep.newton import fit_newton
from regularfit.lockstep.two_classes import fit_two_classes, suits_two_classes
from tests.lockstep.truth import drive

RNG = np.random.default_rng(2)
N, P = 50, 600
X = sparse.random(N, P, 0.05, random_state=1, format="lil") * 2
X[:, 0] = RNG.normal(size=(N, 1))  # will be free: a rare word would run away
X = X.tocsc()
Y = (np.asarray(X[:, :50].sum(axis=1)).ravel() + RNG.normal(size=N) > 2).astype(float)
GRID = np.array([1.0, 0.1, 0.02])
FACTORS = np.r_[0.0, np.inf, np.linspace(0.5, 2.0, P - 2)]
ROWS = np.arange(N)
LANES = [Lane(ROWS, keep=True), Lane(ROWS[10:], (ROWS[:5], ROWS[5:10]), keep=True)]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sample_weight": RNG.integers(0, 3, N).astype(float), "offset": RNG.normal(size=N)},
        {"fit_intercept": False, "standardize": False},
    ],
    ids=["plain", "weights and offset", "bare"],
)
@pytest.mark.parametrize("penalty", [rf.L2(), rf.L2().weighted(FACTORS)], ids=["plain", "factors"])
def test_two_classes_are_what_newton_finds(penalty, options):
    problem = make_problem(X, Y, "logistic", **options)
    ours = drive(fit_two_classes, problem, penalty, GRID, LANES, tol=1e-11)
    theirs = drive(fit_newton, problem, penalty, GRID, LANES, tol=1e-11)
    for a, b in zip(ours, theirs, strict=True):
        assert a.converged.all()
        assert a.path.outputs is None
        np.testing.assert_array_equal(a.path.strengths, GRID)
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-4)
        np.testing.assert_allclose(a.path.intercepts, b.path.intercepts, atol=1e-4)
        np.testing.assert_allclose(a.path.deviance_ratio, b.path.deviance_ratio, atol=1e-8)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-4)


def test_the_solution_is_that_of_scikit_learn():
    path = rf.fit_path(X, Y, rf.L2(), loss="logistic", strengths=[0.02], standardize=False, tol=1e-12)
    truth = LogisticRegression(C=1 / (N * 0.02), tol=1e-12, max_iter=10_000).fit(X, Y)
    off = np.sqrt(2e-12 * np.log(2) / 0.02)  # what the gap proves
    assert path.gaps[0] <= 1e-12
    np.testing.assert_allclose(path.coefs[0], truth.coef_[0], atol=off)


def test_violations_are_those_of_one_predictor():
    path = rf.fit_path(
        X, Y, rf.L2(), loss="logistic", strengths=[0.05], standardize=False, fit_intercept=False, tol=1e-3
    )
    rest = X.T @ (Y - path.predict(X)[:, 0]) / N - 0.05 * path.coefs[0]
    assert path.kkt[0] * 0.05 >= np.abs(rest).max() * (1 - 1e-9)


def test_a_score_of_the_callers_sees_one_predictor():
    problem = make_problem(X, Y, "logistic")
    lanes = [Lane(ROWS[10:], (ROWS[:10],))]

    def wrong(y, eta, weights):
        assert y.shape == eta.shape == weights.shape == (10,)
        return float(np.mean((eta > 0) != y))

    [[ours]] = fit_lanes(problem, [rf.L2()], [GRID], lanes, score=wrong)
    [theirs] = drive(fit_newton, problem, rf.L2(), GRID, lanes, score=wrong)
    np.testing.assert_array_equal(ours.scores, theirs.scores)


def test_rows_without_weight_have_no_score():
    problem = make_problem(X, Y, "logistic", sample_weight=np.r_[np.zeros(5), np.ones(45)])
    [[fit]] = fit_lanes(problem, [rf.L2()], [GRID], LANES[1:])
    assert np.isnan(fit.scores[:, 0]).all()
    assert np.isfinite(fit.scores[:, 1]).all()


def test_only_sparse_ridge_with_both_classes_goes_this_way():
    problem, lanes = make_problem(X, Y, "logistic"), LANES
    assert roads.road_of(problem, rf.L2(), lanes) is fit_two_classes
    assert roads.road_of(make_problem(X.toarray(), Y, "logistic"), rf.L2(), lanes) is not fit_two_classes
    assert roads.road_of(make_problem(X, Y, "poisson"), rf.L2(), lanes) is not fit_two_classes
    one = [Lane(np.flatnonzero(Y == 1), keep=True)]
    for other, asked in [
        (rf.ElasticNet(0.5), lanes),
        (rf.L2().nonnegative(), lanes),
        (rf.L2().on(range(two_classes.MANY)), lanes),
        (rf.L2(), one),
    ]:
        assert not suits_two_classes(problem, other.coordinates(P), asked)

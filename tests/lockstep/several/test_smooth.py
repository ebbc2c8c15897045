"""Multinomial ridge with many coefficients: against CLARABEL, scikit-learn and the other roads, in both coordinates."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

import regularfit as rf
from regularfit.designs import Imputed
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.lockstep.several import entry, smooth, spaces
from regularfit.lockstep.several.frame import frame_of
from tests.lockstep.several.test_newton import CODES, FACTORS, GIVEN, OFFSET, WEIGHT, X, best, objective

PENALTIES = [rf.L2(), rf.L2().weighted(FACTORS), rf.L2().across_outputs()]
RNG = np.random.default_rng(11)


@pytest.fixture(params=["plain", "rotated"])
def space(request, monkeypatch):
    """Every size takes this road, in both coordinates."""
    monkeypatch.setattr(smooth, "PAIRS", 0)
    monkeypatch.setattr(spaces, "_short", lambda frame: request.param == "rotated")
    return request.param


def path_of(penalty, strengths, X=X, y=CODES, tol=1e-9, **options):
    problem = make_problem(X, y, "multinomial", **options)
    lane = Lane(np.arange(problem.n), keep=True)
    return fit_lanes(problem, [penalty], [np.asarray(strengths, float)], [lane], tol=tol)[0][0].path


def wide(n=60, p=200, K=3):
    X = sparse.random(n, p, 0.1, random_state=4, format="csc") * 3
    eta = X[:, :40] @ RNG.normal(size=(40, K))
    return X, (eta + RNG.gumbel(size=(n, K))).argmax(axis=1).astype(float)


@pytest.mark.usefixtures("space")
@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("options", GIVEN, ids=["plain", "weights and offset", "bare"])
def test_the_objective_is_the_smallest_there_is(penalty, options):
    strengths = [0.1, 0.02]
    path = path_of(penalty, strengths, **options)
    assert path.gaps.max() <= 1e-9
    for k, strength in enumerate(strengths):
        ours = objective(penalty, strength, path.coefs[k], path.intercepts[k], options)
        assert ours == pytest.approx(best(penalty, strength, options), rel=1e-7)


@pytest.mark.usefixtures("space")
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("store", [sparse.csc_matrix, lambda X: X.toarray()], ids=["sparse", "dense"])
def test_wide_ridge_is_that_of_scikit_learn(store, standardize):
    X, codes = wide()
    scale = X.toarray().std(axis=0) if standardize else np.ones(X.shape[1])
    scale = np.where(scale > 0, scale, 1.0)
    strength = 0.05
    C = 1 / (strength * X.shape[0])
    truth = LogisticRegression(C=C, tol=1e-12, max_iter=10_000).fit(X.toarray() / scale, codes)
    path = path_of(rf.L2(), [strength], store(X), codes, tol=1e-12, standardize=standardize)
    assert path.gaps[0] <= 1e-12
    off = np.sqrt(
        2e-12 * np.log(3) / strength
    )  # what the gap proves, as the ridge part bends by the strength
    np.testing.assert_allclose(path.coefs[0] * scale, truth.coef_, atol=off)
    np.testing.assert_allclose(path.intercepts[0], truth.intercept_ - truth.intercept_.mean(), atol=10 * off)


@pytest.mark.parametrize("weight", [WEIGHT, None], ids=["weights", "none"])
def test_lanes_and_scores_are_those_of_the_hessian(space, weight, monkeypatch):
    problem = make_problem(X, CODES, "multinomial", sample_weight=weight, offset=OFFSET)
    penalty = rf.L2().weighted([0, 1, 1, 2, 0.5, 1])
    rows, parts = np.arange(problem.n), np.split(np.arange(problem.n), 3)
    lanes = [Lane(rows, keep=True), *(Lane(np.setdiff1d(rows, part), (part,)) for part in parts)]
    grid = strength_grid(problem, penalty, 12)
    found = fit_lanes(problem, [penalty], [grid], lanes, tol=1e-11)[0]
    monkeypatch.setattr(entry, "suits_smooth", lambda frame: False)
    other = fit_lanes(problem, [penalty], [grid], lanes, tol=1e-11)[0]
    for ours, theirs in zip(found, other, strict=True):
        assert ours.converged.all()
        np.testing.assert_allclose(ours.scores, theirs.scores, rtol=1e-5)
    np.testing.assert_allclose(found[0].path.deviance_ratio, other[0].path.deviance_ratio, atol=1e-8)
    np.testing.assert_allclose(found[0].path.coefs, other[0].path.coefs, atol=1e-3)


@pytest.mark.usefixtures("space")
def test_violations_reported_are_never_below_the_truth():
    X, codes = wide()
    path = path_of(rf.L2(), [0.3, 0.03], X, codes, tol=1e-4, standardize=False, fit_intercept=False)
    for k, s in enumerate([0.3, 0.03]):
        R = (codes[:, None] == np.arange(3)) - path.predict(X)[:, k]
        rest = X.T @ R / len(codes) - s * path.coefs[k].T
        assert path.kkt[k] * s >= np.abs(rest).max() * (1 - 1e-9)
        assert path.kkt[k] < 1


@pytest.mark.usefixtures("space")
def test_a_column_that_is_constant_in_a_fold_and_missing_values():
    away = X.copy()
    away[:, 1] = 0.0
    away[:5, 1] = 1.0
    rows = np.arange(len(away))
    problem = make_problem(away, CODES, "multinomial")
    lane = Lane(rows[5:], (rows[:5],), keep=True)
    [[fit]] = fit_lanes(problem, [rf.L2()], [np.array([0.1])], [lane])
    assert fit.converged.all()
    assert not fit.path.coefs[0][:, 1].any()
    assert np.isfinite(fit.scores).all()
    away[3, 2] = np.nan
    design = Imputed(away)
    filled = path_of(rf.L2(), [0.1], design.fill(np.ones(len(away))).X)
    np.testing.assert_allclose(path_of(rf.L2(), [0.1], design).coefs, filled.coefs, atol=1e-8)


@pytest.mark.usefixtures("space")
def test_classes_that_part_end_the_path_early_and_a_weak_strength_is_still_proved():
    X, codes = wide(30, 300)
    problem = make_problem(X, codes, "multinomial")
    grid = strength_grid(problem, rf.L2(), 60)
    [[fit]] = fit_lanes(problem, [rf.L2()], [grid], [Lane(np.arange(30), keep=True)], cut=True)
    assert fit.path.ended is not None
    assert fit.path.converged.all()
    assert np.isnan(fit.gaps[len(fit.path) :]).all()
    weak = path_of(rf.L2(), grid[-1:], X, codes, tol=1e-7)  # without the way down to it
    assert weak.converged.all()
    assert weak.deviance_ratio[0] > 0.999


def test_float32_is_enough():
    X, codes = wide()
    full, half = (
        path_of(rf.L2(), [0.1], X.toarray().astype(t), codes, tol=1e-11) for t in (np.float64, np.float32)
    )
    np.testing.assert_allclose(half.coefs, full.coefs, atol=1e-5)


@pytest.mark.parametrize(
    ("penalty", "suits"),
    [
        (rf.L2(), True),
        (rf.L2().weighted([0.0] + [1.0] * 198 + [np.inf]), True),
        (rf.ElasticNet(0.5), False),
        (rf.L2().nonnegative(), False),
        (rf.L1().across_outputs(), False),
        (rf.L2().on(range(100)), False),
    ],
    ids=repr,
)
def test_only_many_coefficients_under_squares_alone_go_this_way(penalty, suits):
    X, codes = wide()
    assert smooth.suits_smooth(frame_of(make_problem(X, codes, "multinomial"), penalty)) == suits


def test_few_rows_are_rotated_and_many_are_not():
    X, _ = wide()
    empty = sparse.random(300, 400, 0.01, random_state=4, format="csc")
    forms = [
        (X.toarray(), True),
        (X.toarray()[:, :50], False),
        (X, True),
        (empty, False),
        (empty.toarray(), True),
    ]
    for X, short in forms:
        problem = make_problem(X, np.arange(X.shape[0]) % 3.0, "multinomial")
        assert spaces._short(frame_of(problem, rf.L2())) == short

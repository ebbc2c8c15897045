"""Cox by proximal Newton: derivatives by differences, the other Cox road, and what lanes and certificates give."""

import itertools

import numpy as np
import pytest
from scipy import sparse

import regularfit as rf
from regularfit.designs import as_design
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.lockstep.cox.smooth import CoxSmooth
from regularfit.losses import Cox
from regularfit.penalties import MCP, SCAD, SLOPE, Group, GroupMCP, SparseGroup
from tests.lockstep.cox.data import cox_problem, objective

PAIRS = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
SHAPES = [{}, {"late": True}, {"strata": 3}, {"late": True, "strata": 3, "ties": "efron"}]


def fitted(problem, penalty, grid, lane=None, tol=1e-9, **options):
    [[found]] = fit_lanes(
        problem, [penalty], [grid], [lane or Lane(np.arange(problem.n), keep=True)], tol=tol, **options
    )
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_value_descent_and_curve_are_derivatives_of_each_other(shape):
    problem = cox_problem(**shape)
    weights = Lane(np.arange(10, 80)).weights(problem)
    smooth, rng, h = CoxSmooth(problem, weights), np.random.default_rng(0), 1e-5
    eta, step = rng.normal(size=80), rng.normal(size=80)
    slope = (smooth.value(eta + h * step) - smooth.value(eta - h * step)) / (2 * h)
    np.testing.assert_allclose(slope, -smooth.descent(eta) @ step, rtol=1e-6)
    assert not smooth.descent(eta)[:10].any()
    X, mean, inverse = problem.design.X, rng.normal(size=12), rng.uniform(1, 2, 12)
    Z = (X - mean) * inverse
    bend = -np.column_stack(
        [Z.T @ (smooth.descent(eta + h * z) - smooth.descent(eta - h * z)) / (2 * h) for z in Z.T]
    )
    curve, every = smooth.curve(eta, None), np.arange(12)
    first = curve.gram(problem.design, every[:5], every[:5], mean, inverse)
    rest = curve.gram(problem.design, every, every[5:], mean, inverse)
    np.testing.assert_allclose(first, bend[:5, :5], atol=1e-7)
    np.testing.assert_allclose(rest, bend[:, 5:], atol=1e-7)
    alone = smooth.curve(eta, None).gram(problem.design, every, every[5:], mean, inverse)
    np.testing.assert_allclose(alone, rest, atol=1e-12)


def test_a_stretched_curve_bounds_the_loss_along_the_step_that_failed():
    problem = cox_problem(late=True)
    smooth = CoxSmooth(problem, problem.sample_weight / problem.n)
    rng = np.random.default_rng(3)
    eta, move = 3 * rng.normal(size=80), 6 * rng.normal(size=80)
    design, one = as_design(move[:, None]), np.array([0])
    above = smooth.value(eta + move) - smooth.value(eta) + smooth.descent(eta) @ move
    lifted, bends = None, []
    for _ in range(12):
        curve = smooth.curve(eta, lifted)
        bends.append(float(curve.gram(design, one, one, np.zeros(1), np.ones(1))[0, 0]) / 2)
        lifted = smooth.lift(eta, move, lifted)
    assert bends[0] < above  # the Hessian is no bound
    assert all(b >= 2 * a for a, b in itertools.pairwise(bends))
    assert bends[-1] > above


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    "same",
    [Group(range(12)), SparseGroup(PAIRS, 1.0), SLOPE(weights=[1.0] * 12), MCP(1e9), SCAD(1e9)],
    ids=repr,
)
def test_what_is_a_lasso_in_disguise_agrees_with_the_other_road(same, shape):
    problem = cox_problem(**shape)
    grid = strength_grid(problem, rf.L1(), 8, 0.02)
    lane = Lane(np.arange(60), tests=(np.arange(60, 80), np.arange(70, 80)), keep=True)
    found, expected = fitted(problem, same, grid, lane), fitted(problem, rf.L1(), grid, lane)
    assert found.converged.all()
    np.testing.assert_allclose(found.path.coefs, expected.path.coefs, atol=2e-6)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-6)
    np.testing.assert_allclose(found.path.deviance_ratio, expected.path.deviance_ratio, atol=1e-7)
    assert not found.path.intercepts.any()


def test_a_score_of_ones_own_sees_the_same_predictors_as_on_the_other_road():
    base = cox_problem()
    problem = make_problem(base.design.X + 5, base.y, Cox(), sample_weight=base.sample_weight)
    grid, lane = np.array([0.05, 0.01]), Lane(np.arange(60), tests=(np.arange(60, 80),))
    scores = [
        fitted(problem, penalty, grid, lane, score=lambda y, eta, w: float(w @ eta)).scores
        for penalty in (SLOPE(weights=[1.0] * 12), rf.L1())
    ]
    np.testing.assert_allclose(*scores, rtol=1e-5)


@pytest.mark.parametrize("penalty", [Group(PAIRS), SLOPE(0.2), SparseGroup(PAIRS, 0.4)], ids=repr)
def test_a_loose_solution_is_within_its_gap_of_a_proved_one(penalty):
    problem = cox_problem(late=True, strata=2, ties="efron", standardize=False)
    grid = strength_grid(problem, penalty, 6, 0.05)
    exact, loose = fitted(problem, penalty, grid, tol=1e-10), fitted(problem, penalty, grid, tol=1e-3)
    assert exact.converged.all()
    for k, s in enumerate(grid):
        best = objective(problem, penalty, s, exact.path.coefs[k])
        there = objective(problem, penalty, s, loose.path.coefs[k])
        assert there - best <= (loose.gaps[k] + 1e-9) * there


@pytest.mark.parametrize("penalty", [Group(PAIRS), GroupMCP(PAIRS, 3.0), SLOPE(0.2), MCP(3.0)], ids=repr)
def test_sparse_columns_float32_and_rows_of_weight_two(penalty):
    problem = cox_problem()
    X = problem.design.X * (np.random.default_rng(0).random((80, 12)) < 0.4)
    grid = np.array([0.1, 0.03])
    dense = fitted(make_problem(X, problem.y, Cox()), penalty, grid).path.coefs
    assert dense[-1].any()
    for other in (sparse.csc_array(X), X.astype(np.float32)):
        given = make_problem(other, problem.y, Cox())
        np.testing.assert_allclose(fitted(given, penalty, grid).path.coefs, dense, atol=1e-5)
    counts = np.random.default_rng(1).integers(0, 3, 80)
    rows = np.repeat(np.arange(80), counts)
    weighted = make_problem(X, problem.y, Cox(), sample_weight=counts)
    repeated = make_problem(X[rows], problem.y[rows], Cox())
    np.testing.assert_allclose(
        fitted(weighted, penalty, grid).path.coefs, fitted(repeated, penalty, grid).path.coefs, atol=1e-6
    )


@pytest.mark.parametrize("bent", [MCP(3.0), SCAD(3.7)], ids=repr)
def test_bent_penalties_leave_free_columns_alone_and_keep_bounds(bent):
    problem = cox_problem(standardize=False)
    penalty = bent.weighted([0.0] + [1.0] * 11).bounded(-0.2, 0.5)
    found = fitted(problem, penalty, np.array([0.05, 0.02]))
    assert found.converged.all()
    coef = found.path.coefs[-1]
    assert coef.min() >= -0.2
    assert coef.max() <= 0.5
    assert coef[0] != 0
    here = objective(problem, bent.at(0.02).weighted([0.0] + [1.0] * 11), 1.0, coef)
    rng = np.random.default_rng(0)
    for _ in range(50):
        there = np.clip(coef + 1e-4 * rng.normal(size=12) * (coef != 0), -0.2, 0.5)
        assert objective(problem, bent.at(0.02).weighted([0.0] + [1.0] * 11), 1.0, there) >= here - 1e-12


def test_where_a_bent_objective_is_convex_is_read_off_its_hessian():
    problem = cox_problem(standardize=False)
    path = fitted(problem, MCP(3.0), strength_grid(problem, MCP(3.0), 10, 0.02)).path
    assert path.convex.any()
    assert not path.convex.all()
    smooth = CoxSmooth(problem, problem.sample_weight / problem.n)
    for k, coef in enumerate(path.coefs):
        active, h = np.flatnonzero(coef), 1e-5
        Z, eta = problem.design.X[:, active], problem.design.X @ coef + problem.offset
        H = np.column_stack(
            [Z.T @ (smooth.descent(eta - h * z) - smooth.descent(eta + h * z)) / (2 * h) for z in Z.T]
            or [np.empty(0)]
        )
        lowest = np.linalg.eigvalsh(H).min() if len(active) else np.inf
        assert abs(lowest - 1 / 3) > 1e-6
        assert path.convex[k] == (lowest > 1 / 3)


def test_the_estimator_takes_them():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 6))
    time, limit = rng.exponential(np.exp(-X[:, 0])), rng.exponential(2.0, 150)
    y = rf.survival(np.minimum(time, limit), time <= limit)
    for penalty in (rf.MCP(), rf.Group([0, 0, 1, 1, 2, 2]), rf.SLOPE(0.1)):
        model = rf.PenalizedCox(penalty, strengths=15, cv=4).fit(X, y)
        assert model.certificate_.converged
        assert model.coef_[0] > 0.4
        assert model.score(X, y) > 0.65

"""One problem, many ways to solve it: NumPy and C++, weights and repeats, subtraction and refits, road and road."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regularfit import _core, penalties
from regularfit.lockstep import Lane, fit_lanes, strength_grid
from regularfit.lockstep.atoms import collect_atoms
from regularfit.lockstep.gram import fit_gram
from regularfit.lockstep.moments import reduce
from regularfit.lockstep.newton import fit_newton
from regularfit.lockstep.proximal import proximal_quadratic
from regularfit.lockstep.threads import workers
from regularfit.lockstep.workset import fit_workset
from regularfit.losses import Logistic
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.truth import drive, make_data, objective, slow_fit

PUBLIC = [getattr(penalties, name) for name in penalties.__all__]
CLASSES = [c for c in PUBLIC if issubclass(c, penalties.Penalty) and not inspect.isabstract(c)]
EXAMPLES = [e for c in CLASSES for e in c.examples() if e.coordinates(5) is not None]
ROADS = [("squared", fit_gram), ("squared", fit_workset), ("squared", fit_newton), ("logistic", fit_newton)]
OPTIONS = [{}, {"intercept": False}, {"standardize": False}, {"intercept": False, "standardize": False}]
some = pytest.mark.parametrize("penalty", [L1(), ElasticNet(0.5), L2()], ids=repr)
losses = pytest.mark.parametrize("loss", ["squared", "logistic"])
seeds = st.integers(0, 10**6)


# ------------------------------------------------------------ every penalty, every road, against slow truth


@pytest.mark.parametrize("penalty", EXAMPLES, ids=repr)
def test_the_numpy_twin_equals_the_compiled_one(penalty):
    problem = make_data().but(standardize=False).problem()  # bounds then mean the same on both sides
    grid = strength_grid(problem, penalty, 5, 0.01)
    [fit] = drive(fit_gram, problem, penalty, grid)
    with workers(1) as team:
        whole = reduce(problem, collect_atoms(problem, [Lane(np.arange(problem.n))], team).grams[0])
    twin = proximal_quadratic(whole.gram, whole.c, penalty, grid, tol=1e-10, max_iter=100_000)
    np.testing.assert_allclose(fit.path.coefs, twin.coefs, atol=1e-6)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(("loss", "road"), ROADS, ids=lambda x: getattr(x, "__name__", x))
@pytest.mark.parametrize(
    "penalty", [e for e in EXAMPLES if e.convex], ids=repr
)  # others go roads of their own
def test_every_road_reaches_the_optimum_and_proves_it(penalty, loss, road, options):
    data = make_data(30, 5, 3, loss).but(**options)
    problem = data.problem()
    grid = strength_grid(problem, penalty, 3, 0.01)
    [fit] = drive(road, problem, penalty, grid, tol=1e-7)
    assert fit.converged.all()
    for k, s in enumerate(grid):
        coef, intercept = fit.path.coefs[k], float(fit.path.intercepts[k])
        assert np.isfinite(penalty.value(coef))  # bounds are kept to the last digit
        got, best = (objective(data, penalty, s, *x) for x in ((coef, intercept), slow_fit(data, penalty, s)))
        assert got - best <= (fit.gaps[k] + 1e-12) * got


@pytest.mark.parametrize("tol", [0.3, 1e-3])
@given(seed=seeds)
@settings(max_examples=8, deadline=None)
def test_a_loose_fit_admits_how_loose_it_is(tol, seed):
    data = make_data(30, 5, seed, "logistic")
    grid = strength_grid(data.problem(), L1(), 3, 0.01)
    [fit] = drive(fit_newton, data.problem(), L1(), grid, tol=tol)
    for k, s in enumerate(grid):
        got = objective(data, L1(), s, fit.path.coefs[k], fit.path.intercepts[k])
        assert got - objective(data, L1(), s, *slow_fit(data, L1(), s)) <= (fit.gaps[k] + 1e-12) * got


# ------------------------------------------------------------ the data said in another way


def whole_path(data, penalty, grid, X=None):
    every = [Lane(np.arange(data.n), keep=True)]
    [[fit]] = fit_lanes(data.problem(X), [penalty], [grid], every, tol=1e-10)
    return fit.path


def assert_same(a, b, atol=1e-6):
    np.testing.assert_allclose(a.coefs, b.coefs, atol=atol)
    np.testing.assert_allclose(a.intercepts, b.intercepts, atol=atol)
    np.testing.assert_allclose(a.deviance_ratio, b.deviance_ratio, atol=atol)


@losses
@some
@given(seed=seeds)
@settings(max_examples=5, deadline=None)
def test_integer_weights_are_repeated_rows_in_data_and_in_lanes(penalty, loss, seed):
    data = make_data(25, 4, seed, loss, weighted=False)
    counts = np.random.default_rng(seed).integers(0, 4, 25)
    counts[:2] = 1
    repeated = data.rows(np.repeat(np.arange(25), counts))
    grid = strength_grid(repeated.problem(), penalty, 4, 0.05)
    expected = whole_path(repeated, penalty, grid)
    assert_same(whole_path(data.but(weight=counts.astype(float)), penalty, grid), expected)
    lane = Lane(np.repeat(np.arange(25), counts), keep=True)
    [[fit]] = fit_lanes(data.problem(), [penalty], [grid], [lane], tol=1e-10)
    assert_same(fit.path, expected)


@losses
@some
def test_only_ratios_of_weights_count(penalty, loss):
    data = make_data(30, 4, 1, loss)
    grid = strength_grid(data.problem(), penalty, 4, 0.05)
    assert_same(
        whole_path(data.but(weight=7.5 * data.weight), penalty, grid), whole_path(data, penalty, grid)
    )


@some
@pytest.mark.parametrize("p", [4, 320])
def test_an_offset_of_least_squares_is_a_shift_of_y(penalty, p):
    data = make_data(20, p, 2)
    shifted = data.but(y=data.y - data.offset, offset=np.zeros(20))
    grid = strength_grid(data.problem(), penalty, 4, 0.1)
    np.testing.assert_allclose(grid, strength_grid(shifted.problem(), penalty, 4, 0.1))
    assert_same(whole_path(data, penalty, grid), whole_path(shifted, penalty, grid))


@losses
def test_a_constant_offset_moves_the_intercept_alone(loss):
    data = make_data(30, 4, 3, loss)
    moved = data.but(offset=data.offset + 0.7)
    grid = strength_grid(data.problem(), L1(), 4, 0.05)
    a, b = whole_path(data, L1(), grid), whole_path(moved, L1(), grid)
    np.testing.assert_allclose(b.coefs, a.coefs, atol=1e-6)
    np.testing.assert_allclose(b.intercepts, a.intercepts - 0.7, atol=1e-6)


@losses
@some
@pytest.mark.parametrize("intercept", [True, False])
def test_units_and_origins_of_the_columns_do_not_matter(penalty, loss, intercept):
    data = make_data(30, 5, 4, loss).but(intercept=intercept)
    units, origin = np.array([1e-4, 1.0, -3.0, 1e4, 0.2]), np.array([0.0, 5.0, -1.0, 1e3, 2.0]) * intercept
    moved = data.but(X=data.X * units + origin)
    grid = strength_grid(data.problem(), penalty, 4, 0.05)
    a, b = whole_path(data, penalty, grid), whole_path(moved, penalty, grid)
    np.testing.assert_allclose(b.coefs * units, a.coefs, atol=1e-6)
    np.testing.assert_allclose(b.intercepts + b.coefs @ origin, a.intercepts, atol=1e-6)


def test_scaling_y_scales_lasso_and_its_strengths():
    data = make_data(30, 5, 5, shifted=False)
    grid = strength_grid(data.problem(), L1(), 4, 0.05)
    a, b = whole_path(data, L1(), grid), whole_path(data.but(y=1e3 * data.y), L1(), 1e3 * grid)
    np.testing.assert_allclose(b.coefs, 1e3 * a.coefs, atol=1e-6)


# ------------------------------------------------------------ lanes are fits of their own rows


def resamples(n, seed):
    rng = np.random.default_rng(seed)
    folds = np.array_split(rng.permutation(n), 3)
    out = [Lane(np.setdiff1d(np.arange(n), fold), (fold,), keep=True) for fold in folds]
    inner = folds[1]  # nested: trained on one fold, scored on another and on the outer one
    out.append(Lane(inner, (folds[2], folds[0]), keep=True))
    out.append(
        Lane(rng.integers(0, n, n), (folds[0],), keep=True)
    )  # a bootstrap: repeats, and scores in sample
    out.append(Lane(np.arange(n // 2), (np.arange(n // 2, n),), keep=True))  # time order
    return [*out, Lane(np.arange(n), keep=True)]


LANED = [*ROADS[:2], ROADS[3]]


@pytest.mark.parametrize(("loss", "road"), LANED, ids=lambda x: getattr(x, "__name__", x))
@some
@given(seed=seeds)
@settings(max_examples=4, deadline=None)
def test_every_lane_equals_a_fit_of_the_rows_it_names(penalty, loss, road, seed):
    data = make_data(36, 4, seed, loss)
    lanes = resamples(36, seed)
    grid = strength_grid(data.problem(), penalty, 4, 0.05)
    for lane, fit in zip(lanes, drive(road, data.problem(), penalty, grid, lanes), strict=True):
        [alone] = drive(road, data.rows(lane.train).problem(), penalty, grid)
        assert_same(fit.path, alone.path)
        for group, rows in enumerate(lane.tests):
            eta = data.X[rows] @ alone.path.coefs.T + alone.path.intercepts + data.offset[rows, None]
            y, w = data.y[rows, None], data.weight[rows] / data.weight[rows].sum()
            by_hand = w @ ((y - eta) ** 2 if loss == "squared" else np.logaddexp(0, eta) - y * eta)
            np.testing.assert_allclose(fit.scores[:, group], by_hand, rtol=1e-5)


@losses
@some
def test_many_lanes_and_penalties_together_equal_each_alone(penalty, loss):
    data = make_data(40, 6, 6, loss)
    problem, lanes, tol = data.problem(), resamples(40, 6), 1e-9
    chosen = [penalty, L1(), ElasticNet(0.2)]
    grids = [strength_grid(problem, one, 5, 0.02) for one in chosen]
    together = fit_lanes(problem, chosen, grids, lanes, tol=tol)
    for one, grid, row in zip(chosen, grids, together, strict=True):
        for lane, fit in zip(lanes, row, strict=True):
            [[alone]] = fit_lanes(problem, [one], [grid], [lane], tol=tol)
            # Both are within `tol` of one optimum: what is not optimal by more would be seen here.
            train = data.rows(lane.train)
            for k, s in enumerate(grid):
                a, b = (objective(train, one, s, f.path.coefs[k], f.path.intercepts[k]) for f in (fit, alone))
                assert abs(a - b) <= (fit.gaps[k] + alone.gaps[k] + 1e-12) * a
            assert fit.gaps.max() <= 1e-8


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@some
def test_gram_and_working_sets_agree(penalty, options):
    data = make_data(20, 30, 7).but(**options)
    grid = strength_grid(data.problem(), penalty, 8, 0.05)
    lanes = resamples(20, 7)
    a, b = (drive(road, data.problem(), penalty, grid, lanes) for road in (fit_gram, fit_workset))
    for x, y in zip(a, b, strict=True):
        assert_same(x.path, y.path)
        np.testing.assert_allclose(x.scores, y.scores, rtol=1e-6)


@given(seed=seeds)
@settings(max_examples=10, deadline=None)
def test_grams_by_subtraction_are_those_of_the_rows(seed):
    data = make_data(30, 4, seed)
    lanes = resamples(30, seed)
    problem = data.problem()
    with workers(1) as team:
        atoms = collect_atoms(problem, lanes, team)
        every = reduce(problem, atoms.of_train(range(len(lanes))))
        for f, lane in enumerate(lanes):
            found = every.lane(f)
            sub = data.rows(lane.train).problem()
            direct = reduce(sub, collect_atoms(sub, [Lane(np.arange(sub.n))], team).grams[0])
            np.testing.assert_allclose(found.gram, direct.gram, atol=1e-10)
            np.testing.assert_allclose(found.c, direct.c, atol=1e-10)
            np.testing.assert_allclose(found.inverse, direct.inverse, rtol=1e-9)


@pytest.mark.parametrize("method", ["value", "gradient", "curvature"])
def test_a_compiled_loss_equals_its_numpy_class(method):
    rng = np.random.default_rng(0)
    eta = np.concatenate(
        [rng.standard_normal(2000) * 10.0 ** rng.integers(-12, 3, 2000), [0.0, 700, -700, 1e-300]]
    )
    y = rng.choice([0.0, 1.0, 0.25], len(eta))
    out = np.empty_like(eta)
    getattr(_core.TwinLoss("logistic"), method)(y, eta, out)
    truth = getattr(Logistic(), method)(y, eta)
    # Each is a few roundings from the exact value; a gradient near y = p is a difference, exact to its terms.
    scale = np.abs(truth) if method != "gradient" else np.maximum(np.abs(truth), np.where(y == 0.25, 0.25, 0))
    assert (np.abs(out - truth) <= 8 * np.finfo(float).eps * scale + 1e-300).all()

"""Cox lanes: optimal beyond what their certificate admits, alike alone and together, whatever X is stored as."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.lockstep.cox import rounds
from regularfit.losses import Cox
from tests.lockstep.cox.data import cox_problem, objective

WAYS = [(late, strata, ties) for late in (False, True) for strata in (1, 2) for ties in ("breslow", "efron")]


def fitted(problem, penalty, grid, lanes=None, **options):
    every = Lane(np.arange(problem.n), keep=True)
    return fit_lanes(problem, [penalty], [np.asarray(grid)], lanes or [every], **options)[0]


@pytest.mark.parametrize(("late", "strata", "ties"), WAYS)
def test_a_smooth_problem_has_the_answer_of_a_general_optimiser(late, strata, ties):
    problem = cox_problem(late=late, strata=strata, ties=ties, standardize=False)
    path = fitted(problem, rf.L2(), [0.1], tol=1e-12)[0].path
    found = minimize(lambda b: objective(problem, rf.L2(), 0.1, b), np.zeros(problem.p), tol=1e-12)
    np.testing.assert_allclose(path.coefs[0], found.x, atol=2e-5)
    assert objective(problem, rf.L2(), 0.1, path.coefs[0]) <= found.fun + 1e-13


@pytest.mark.parametrize(
    "penalty", [rf.L1(), rf.ElasticNet(0.5), rf.L1().bounded(-0.1, 0.2), rf.L1().on([1, 2, 3])]
)
def test_no_step_improves_a_solution(penalty):
    problem = cox_problem(standardize=False)
    grid = strength_grid(problem, rf.L1(), 1)[0] * np.array([0.5, 0.1, 0.01])
    path = fitted(problem, penalty, grid, tol=1e-10)[0].path
    assert path.converged.all()
    rng = np.random.default_rng(0)
    for strength, coef in zip(grid, path.coefs, strict=True):
        here = objective(problem, penalty, strength, coef)
        for size in (1e-2, 1e-4):
            for _ in range(20):
                there = objective(problem, penalty, strength, coef + size * rng.normal(size=problem.p))
                assert here <= there + 1e-12


def test_folds_are_fits_of_their_own_rows():
    problem = cox_problem(n=90)
    rng = np.random.default_rng(1)
    folds = rng.integers(0, 3, 90)
    grid = strength_grid(problem, rf.L1(), 8, 0.02)
    lanes = [Lane(np.flatnonzero(folds != k), (np.flatnonzero(folds == k),), keep=True) for k in range(3)]
    for lane, found in zip(lanes, fitted(problem, rf.L1(), grid, lanes, tol=1e-11), strict=True):
        own = make_problem(
            problem.design.X[lane.train],
            problem.y[lane.train],
            Cox(),
            sample_weight=problem.sample_weight[lane.train],
            offset=problem.offset[lane.train],
        )
        alone = fitted(own, rf.L1(), grid, tol=1e-11)[0].path
        np.testing.assert_allclose(found.path.coefs, alone.coefs, atol=1e-7)
        eta = problem.design.X @ alone.coefs.T + problem.offset[:, None]
        test = np.isin(np.arange(90), lane.tests[0])
        w = problem.sample_weight
        total = [problem.loss.deviance_of(problem.y, eta, v) * v.sum() for v in (w, np.where(test, 0, w))]
        expected = (total[0] - total[1]) / (w * test * problem.y[:, 2]).sum()
        np.testing.assert_allclose(found.scores[:, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("store", [sparse.csr_matrix, sparse.csc_matrix, np.asfortranarray])
def test_the_storage_of_X_changes_nothing(store):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(70, 15)) * (rng.random((70, 15)) < 0.4)
    y = cox_problem(n=70).y
    grid = strength_grid(make_problem(X, y, Cox()), rf.L1(), 6, 0.02)
    paths = [
        fitted(make_problem(kind(X), y, Cox()), rf.L1(), grid, tol=1e-11)[0].path
        for kind in (np.array, store)
    ]
    np.testing.assert_allclose(paths[1].coefs, paths[0].coefs, atol=1e-8)


def test_float32_is_close_and_far_columns_cost_nothing():
    problem = cox_problem()
    X = problem.design.X
    options = {"sample_weight": problem.sample_weight, "offset": problem.offset}
    grid = strength_grid(problem, rf.L1(), 6, 0.02)
    plain = fitted(problem, rf.L1(), grid, tol=1e-11)[0].path
    single = fitted(make_problem(X.astype(np.float32), problem.y, Cox(), **options), rf.L1(), grid)[0].path
    far = fitted(make_problem(X + 2.0**20, problem.y, Cox(), **options), rf.L1(), grid)[0].path
    np.testing.assert_allclose(single.coefs, plain.coefs, atol=1e-5)
    np.testing.assert_allclose(far.coefs, plain.coefs, atol=1e-6)
    assert not far.intercepts.any()


def test_the_top_of_the_grid_is_where_the_first_column_enters():
    for penalty in (rf.L1(), rf.L1().on(range(2, 12))):
        problem = cox_problem()
        top = strength_grid(problem, penalty, 1)[0]
        path = fitted(problem, penalty, top * np.array([1.0001, 0.999]), tol=1e-10)[0].path
        held = slice(None) if penalty == rf.L1() else slice(2, None)
        assert [int((row[held] != 0).sum()) for row in path.coefs] == [0, 1]


def test_free_columns_are_proved_too():
    problem = cox_problem()
    path = fitted(problem, rf.L1().on(range(4, 12)), [0.1, 0.01])[0].path
    assert path.converged.all()
    path = fitted(problem, rf.L1().weighted(np.zeros(12)), [1.0])[0].path
    assert path.converged.all()


def test_a_foretold_order_ends_the_path_and_a_free_one_says_why():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    y = np.column_stack([np.zeros(50), np.argsort(np.argsort(-X[:, 0])) + 1.0, np.ones(50), np.zeros(50)])
    problem = make_problem(X, y, Cox())
    grid = strength_grid(problem, rf.L1(), 60, 1e-6)
    cut = fitted(problem, rf.L1(), grid, cut=True)[0].path
    assert "reproduced" in str(cut.ended)
    assert cut.converged.all()
    free = fitted(problem, rf.L1().weighted([0, 1, 1]), [0.1])[0].path
    assert not free.converged[0]
    assert "no finite coefficients" in free.reasons[0]
    assert np.isfinite(free.coefs).all()


def test_a_column_that_spares_its_rows_every_event_is_named_as_running_away():
    problem = cox_problem()
    X = problem.design.X.copy()
    X[:, 0] = (problem.y[:, 2] == 0) & (np.arange(80) % 3 == 0)
    path = fitted(make_problem(X, problem.y, Cox()), rf.L1().weighted([0] + [1] * 11), [0.02])[0].path
    assert not path.converged[0]
    assert "unpenalised column" in path.reasons[0]


def test_effective_degrees_of_freedom_of_ridge():
    problem = cox_problem(standardize=False)
    path = fitted(problem, rf.L2(), [1.0, 0.01], full_df=True)[0].path
    assert 0 < path.df[0] < path.df[1] < 12


def test_what_is_not_fitted_is_refused_by_name():
    with pytest.raises(UnsupportedError, match="takes no Fused yet; L1, L2, ElasticNet, MCP and SCAD are"):
        fitted(cox_problem(), rf.Fused(), [0.1])


def test_a_fold_without_events_is_refused():
    problem = cox_problem()
    censored = np.flatnonzero(problem.y[:, 2] == 0)
    with pytest.raises(InputError, match="no event"):
        fitted(problem, rf.L1(), [0.1], [Lane(censored)])


@pytest.mark.parametrize(("late", "strata", "ties"), WAYS)
def test_working_sets_give_what_all_columns_at_once_give(late, strata, ties, monkeypatch):
    problem = cox_problem(n=60, p=90, late=late, strata=strata, ties=ties)
    lane = Lane(np.arange(50), (np.arange(50, 60),), keep=True)
    grid = strength_grid(problem, rf.L1(), 30, 0.05)
    whole = fitted(problem, rf.L1(), grid, [lane], tol=1e-11)[0]
    monkeypatch.setattr(rounds, "BYTES", 0.0)
    parts = fitted(problem, rf.L1(), grid, [lane], tol=1e-11)[0]
    assert whole.path.converged.all()
    np.testing.assert_allclose(parts.path.coefs, whole.path.coefs, atol=1e-9)
    np.testing.assert_allclose(parts.scores, whole.scores, rtol=1e-8)


def test_predictors_beyond_the_range_of_exp_are_fitted():
    problem = cox_problem(n=60, p=4, standardize=False)
    X = problem.design.X * 1e3
    offset = np.where(np.arange(60) % 2, 900.0, -900.0)
    for late in (False, True):
        wide = make_problem(X, cox_problem(n=60, late=late).y, Cox(), offset=offset, standardize=False)
        path = fitted(wide, rf.L1(), strength_grid(wide, rf.L1(), 5, 0.1), tol=1e-8)[0].path
        assert path.converged.all()
        rng = np.random.default_rng(0)
        for strength, coef in zip(path.strengths, path.coefs, strict=True):
            here = objective(wide, rf.L1(), strength, coef)
            for _ in range(20):
                there = objective(wide, rf.L1(), strength, coef + 1e-6 * rng.normal(size=4))
                assert here <= there * (1 + 1e-10)

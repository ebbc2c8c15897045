"""Several targets: scikit-learn's multi-task models, single fits, and what must be the same fit."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import MultiTaskElasticNet, MultiTaskLasso

import regularfit as rf
from regularfit.designs import Imputed
from regularfit.errors import UnsupportedError
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid

RNG = np.random.default_rng(5)
N, K = 80, 3
TALL = RNG.normal(size=(N, 7)) * np.geomspace(0.5, 4, 7) + RNG.normal(size=(N, 1))
WIDE = RNG.normal(size=(N, 350)) + RNG.normal(size=(N, 1))
WEIGHT = RNG.integers(0, 4, N).astype(float)
OFFSET = RNG.normal(size=(N, K))


def targets(X):
    rng = np.random.default_rng(1)
    return X[:, :4] @ rng.normal(size=(4, K)) + rng.normal(size=(N, K)) * [0.3, 1.0, 3.0] + [0, 5, -9]


PENALTIES = [
    rf.L1(),
    rf.L2(),
    rf.ElasticNet(0.5),
    rf.L1().across_outputs(),
    rf.ElasticNet(0.5).across_outputs(),
    rf.L2().across_outputs(),
]
every_penalty = pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
shapes = pytest.mark.parametrize("X", [TALL, WIDE], ids=["tall", "wide"])


def path_of(X, Y, penalty, strengths, tol=1e-11, **options):
    problem = make_problem(X, Y, **options)
    lane = Lane(np.arange(problem.n), keep=True)
    return fit_lanes(problem, [penalty], [np.asarray(strengths, float)], [lane], tol=tol)[0][0].path


@shapes
@pytest.mark.parametrize("intercept", [True, False])
def test_rows_are_the_multi_task_models_of_scikit_learn(X, intercept):
    Y = targets(X)
    how = {"fit_intercept": intercept, "tol": 1e-13, "max_iter": 200_000}
    for ratio, truth in (
        (1.0, MultiTaskLasso(0.3, **how)),
        (0.5, MultiTaskElasticNet(0.3, l1_ratio=0.5, **how)),
    ):
        truth.fit(X, Y)
        penalty = rf.ElasticNet(ratio).across_outputs()
        path = path_of(X, Y, penalty, [0.3], standardize=False, fit_intercept=intercept)
        np.testing.assert_allclose(path.coefs[0], truth.coef_, atol=1e-5)
        np.testing.assert_allclose(path.intercepts[0], truth.intercept_, atol=1e-5)


@shapes
@pytest.mark.parametrize("penalty", [*PENALTIES[:3], rf.MCP(3.0), rf.L1().nonnegative()], ids=repr)
def test_a_sum_over_targets_is_a_fit_for_each(X, penalty):
    Y, how = targets(X), {"sample_weight": WEIGHT}
    path = path_of(X, Y, penalty, [0.5, 0.2], offset=OFFSET, **how)
    for k in range(K):
        one = path_of(X, Y[:, k], penalty, [0.5, 0.2], offset=OFFSET[:, k], **how)
        np.testing.assert_allclose(path.coefs[:, k], one.coefs, atol=1e-7)
        np.testing.assert_allclose(path.intercepts[:, k], one.intercepts, atol=1e-7)


@shapes
@every_penalty
def test_gaps_bound_and_violations_are_small(X, penalty):
    Y = targets(X)
    problem = make_problem(X, Y, sample_weight=WEIGHT + 1, offset=OFFSET)
    grid = strength_grid(problem, penalty, 15, 1e-2)
    loose = path_of(X, Y, penalty, grid, tol=1e-4, sample_weight=WEIGHT + 1, offset=OFFSET)
    sharp = path_of(X, Y, penalty, grid, tol=1e-10, sample_weight=WEIGHT + 1, offset=OFFSET)
    assert loose.converged.all()
    assert sharp.converged.all()
    w = (WEIGHT + 1) / (WEIGHT + 1).sum()
    scale = np.sqrt(w @ (X - w @ X) ** 2)
    for k, s in enumerate(grid):
        values = []
        for path in (loose, sharp):
            B = (path.coefs[k] * scale).T
            residual = Y - OFFSET - X @ path.coefs[k].T - path.intercepts[k]
            size = penalty.value(B) if "across" in repr(penalty) else sum(penalty.value(b) for b in B.T)
            values.append(float(w @ (residual**2).sum(axis=1)) / 2 + s * size)
        assert values[0] - values[1] <= loose.gaps[k] * values[0] + 1e-9 * values[0]


@shapes
@every_penalty
def test_a_fold_is_a_fit_of_its_rows(X, penalty):
    Y = targets(X)
    problem = make_problem(X, Y, sample_weight=WEIGHT + 1, offset=OFFSET)
    grid = strength_grid(problem, penalty, 8, 0.05)
    folds = [(np.flatnonzero(np.arange(N) % 4 != k), np.flatnonzero(np.arange(N) % 4 == k)) for k in range(4)]
    lanes = [Lane(np.arange(N), keep=True)] + [Lane(train, (test,)) for train, test in folds]
    plain = fit_lanes(problem, [penalty], [grid], lanes, tol=1e-10)[0]

    def score(y, eta, weights):
        return float(np.average(((y - eta) ** 2).mean(axis=1), weights=weights))

    scored = fit_lanes(problem, [penalty], [grid], lanes, tol=1e-10, score=score)[0]
    for (train, test), result, other in zip(folds, plain[1:], scored[1:], strict=True):
        own = path_of(
            X[train], Y[train], penalty, grid, 1e-10, sample_weight=WEIGHT[train] + 1, offset=OFFSET[train]
        )
        eta = own.predict_eta(X[test]) + OFFSET[test][:, None]
        wrong = ((Y[test][:, None] - eta) ** 2).mean(axis=2)
        truth = np.average(wrong, axis=0, weights=WEIGHT[test] + 1)
        np.testing.assert_allclose(result.scores[:, 0], truth, rtol=1e-4)
        np.testing.assert_allclose(other.scores[:, 0], truth, rtol=1e-4)


@shapes
@every_penalty
def test_storage_and_units_change_nothing(X, penalty):
    Y = targets(X)
    strengths = np.array([0.5, 0.2])
    path = path_of(X, Y, penalty, strengths)
    near = {"rtol": 1e-4, "atol": 1e-6}
    np.testing.assert_allclose(path_of(sparse.csc_matrix(X), Y, penalty, strengths).coefs, path.coefs, **near)
    if "L2" not in repr(penalty) and "Elastic" not in repr(penalty):
        tiny = path_of(X * 1e3, Y * 1e-9, penalty, strengths * 1e-9)
        np.testing.assert_allclose(tiny.coefs * 1e12, path.coefs, **near)


@every_penalty
def test_the_grid_begins_where_everything_is_zero(penalty):
    Y = targets(TALL)
    grid = strength_grid(make_problem(TALL, Y, offset=OFFSET), penalty, 3, 0.5)
    if "L2" in repr(penalty):
        return  # ridge has no such strength
    path = path_of(TALL, Y, penalty, [grid[0], 0.97 * grid[0]], offset=OFFSET)
    assert not path.coefs[0].any()
    assert path.coefs[1].any()


def test_excluded_and_free_columns():
    Y = targets(TALL)
    factors = [0.0, 1.0, np.inf, 1.0, 1.0, 1.0, 1.0]
    penalty = rf.L1().weighted(factors).across_outputs()
    problem = make_problem(TALL, Y)
    top = strength_grid(problem, penalty, 2, 0.1)
    path = path_of(TALL, Y, penalty, top, tol=1e-9)
    assert path.converged.all()
    assert not path.coefs[:, :, 2].any()
    assert path.coefs[0][:, 0].all()
    assert (
        np.abs(path.coefs[0][:, 1:]).max() <= 1e-12
    )  # the top is where the first column enters, but for rounding
    truth = np.linalg.lstsq(np.column_stack([np.ones(N), TALL[:, 0]]), Y, rcond=None)[0]
    np.testing.assert_allclose(path.coefs[0][:, 0], truth[1], rtol=1e-5)


def test_missing_values_are_means_of_the_lanes_own_rows():
    holes, Y, train = TALL.copy(), targets(TALL), np.arange(60)
    holes[::7, 1] = np.nan
    for penalty in (rf.L1(), rf.L1().across_outputs()):
        lanes = [Lane(np.arange(N), keep=True), Lane(train, (np.arange(60, N),), keep=True)]
        problem = make_problem(Imputed(holes), Y)
        results = fit_lanes(problem, [penalty], [np.array([0.2])], lanes, tol=1e-10)[0]
        filled = np.where(np.isnan(holes), np.nanmean(holes[train], axis=0), holes)
        own = path_of(filled[train], Y[train], penalty, [0.2])
        np.testing.assert_allclose(results[1].path.coefs, own.coefs, atol=1e-5)


def test_a_target_without_noise_ends_the_path_where_all_are_explained():
    Y = TALL[:, :2] @ np.ones((2, K))
    path = rf.fit_path(TALL, Y, rf.L1().across_outputs(), strengths=100, min_ratio=1e-8)
    assert path.ended is not None
    assert path.deviance_ratio[-1] > 1 - 1e-9


def test_bent_penalties_across_targets_are_refused():
    with pytest.raises(UnsupportedError, match="across_outputs"):
        rf.MCP(3.0).across_outputs()

"""Multinomial lanes against CLARABEL, scikit-learn, and what must be the same fit."""

import cvxpy as cp
import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

import regularfit as rf
from regularfit.designs import Imputed
from regularfit.errors import InputError, UnsupportedError
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.lockstep.several import entry, newton

N, P, K = 90, 6, 4
RNG = np.random.default_rng(3)
X = RNG.normal(size=(N, P)) * np.geomspace(0.5, 4, P) + RNG.normal(size=P)
ETA = X @ RNG.normal(size=(P, K)) / 3
CODES = (ETA + RNG.gumbel(size=(N, K))).argmax(axis=1).astype(float)
WEIGHT = RNG.integers(0, 4, N).astype(float)
OFFSET = RNG.normal(size=(N, K))
FACTORS = [0.0, 1.0, np.inf, 2.0, 0.5, 1.0]
PENALTIES = [
    rf.L1(),
    rf.L2(),
    rf.ElasticNet(0.5),
    rf.ElasticNet(0.5).weighted(FACTORS),
    rf.L1().nonnegative(),
    rf.ElasticNet(0.7).bounded(-0.1, 0.2),
    rf.L1().across_outputs(),
    rf.ElasticNet(0.5).weighted(FACTORS).across_outputs(),
]
GIVEN = [
    {},
    {"sample_weight": WEIGHT, "offset": OFFSET},
    {"fit_intercept": False, "standardize": False},
]
ROADS = {"core": True, "together": False}


@pytest.fixture(autouse=True, params=ROADS)
def road(request, monkeypatch):
    """Both roads of multinomial lanes pass every test here, whatever size would choose."""
    monkeypatch.setattr(entry, "suits_core", lambda frame: ROADS[request.param])
    return request.param


every_penalty = pytest.mark.parametrize("penalty", PENALTIES, ids=repr)


def path_of(penalty, strengths, X=X, y=CODES, tol=1e-9, **options):
    problem = make_problem(X, y, "multinomial", **options)
    lane = Lane(np.arange(problem.n), keep=True)
    return fit_lanes(problem, [penalty], [np.asarray(strengths, float)], [lane], tol=tol)[0][0].path


def objective(penalty, strength, coef, intercept, options):
    """The objective on the penalised scale, written out."""
    w = options.get("sample_weight", np.ones(N)) / options.get("sample_weight", np.ones(N)).sum()
    eta = X @ coef.T + intercept + options.get("offset", 0.0)
    away = eta - eta.max(axis=1, keepdims=True)
    loss = np.log(np.exp(away).sum(axis=1)) - away[np.arange(N), CODES.astype(int)]
    scale = np.sqrt(w @ (X - w @ X) ** 2) if options.get("standardize", True) else np.ones(P)
    form = penalty.coordinates(P)
    B = (coef * scale)[:, np.isfinite(form.l1)]
    l1, l2 = form.l1[np.isfinite(form.l1)], form.l2[np.isfinite(form.l1)]
    joint = "across" in repr(penalty)
    size = np.linalg.norm(B, axis=0) if joint else np.abs(B).sum(axis=0)
    return float(w @ loss + strength * (size @ l1 + (B**2).sum(axis=0) @ l2 / 2))


def best(penalty, strength, options):
    """The smallest objective there is, by CLARABEL."""
    w = options.get("sample_weight", np.ones(N)) / options.get("sample_weight", np.ones(N)).sum()
    scale = np.sqrt(w @ (X - w @ X) ** 2) if options.get("standardize", True) else np.ones(P)
    form = penalty.coordinates(P)
    B, a = cp.Variable((P, K)), cp.Variable((1, K))  # on the penalised scale
    eta = (X / scale) @ B + options.get("offset", np.zeros((N, K)))
    held = [B[j] == 0 for j in np.flatnonzero(np.isinf(form.l1))]
    if options.get("fit_intercept", True):
        eta = eta + np.ones((N, 1)) @ a
    for j in range(P):
        if np.isfinite(form.lower[j]):
            held.append(B[j] >= form.lower[j] * scale[j])
        if np.isfinite(form.upper[j]):
            held.append(B[j] <= form.upper[j] * scale[j])
    used = np.flatnonzero(np.isfinite(form.l1))
    norm = cp.norm2 if "across" in repr(penalty) else cp.norm1
    value = sum(form.l1[j] * norm(B[j]) + form.l2[j] / 2 * cp.sum_squares(B[j]) for j in used)
    pick = np.eye(K)[CODES.astype(int)]
    loss = cp.sum(cp.multiply(w, cp.log_sum_exp(eta, axis=1) - cp.sum(cp.multiply(pick, eta), axis=1)))
    problem = cp.Problem(cp.Minimize(loss + strength * value), held)
    return float(problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-8, tol_gap_rel=1e-8, tol_feas=1e-8))


@every_penalty
@pytest.mark.parametrize("options", GIVEN, ids=["plain", "weights and offset", "bare"])
def test_the_objective_is_the_smallest_there_is(penalty, options):
    strengths = [0.1, 0.02]
    path = path_of(penalty, strengths, **options)
    assert path.gaps.max() <= 1e-9
    for k, strength in enumerate(strengths):
        ours = objective(penalty, strength, path.coefs[k], path.intercepts[k], options)
        truth = best(penalty, strength, options)
        assert ours <= truth * (1 + 1e-7)
        assert ours >= truth * (1 - 1e-7)  # nor is it a point that the constraints forbid


@every_penalty
def test_a_gap_bounds_what_is_left(penalty):
    loose = path_of(penalty, [0.05], tol=1e-2, sample_weight=WEIGHT, offset=OFFSET)
    sharp = path_of(penalty, [0.05], tol=1e-11, sample_weight=WEIGHT, offset=OFFSET)
    options = {"sample_weight": WEIGHT, "offset": OFFSET}
    here = objective(penalty, 0.05, loose.coefs[0], loose.intercepts[0], options)
    least = objective(penalty, 0.05, sharp.coefs[0], sharp.intercepts[0], options)
    assert here - least <= loose.gaps[0] * here + 1e-12


def test_ridge_is_that_of_scikit_learn():
    path = path_of(rf.L2(), [0.05], standardize=False, tol=1e-13)
    truth = LogisticRegression(C=1 / (0.05 * N), tol=1e-12, max_iter=10_000).fit(X, CODES)
    np.testing.assert_allclose(path.coefs[0], truth.coef_, atol=1e-6)
    np.testing.assert_allclose(path.intercepts[0], truth.intercept_ - truth.intercept_.mean(), atol=1e-5)


@every_penalty
def test_weights_are_repeated_rows_and_storage_changes_nothing(penalty):
    rows = np.repeat(np.arange(N), WEIGHT.astype(int))
    strengths, how = [0.1, 0.02], {"offset": OFFSET, "tol": 1e-12}
    path = path_of(penalty, strengths, sample_weight=WEIGHT, **how)
    again = path_of(penalty, strengths, X[rows], CODES[rows], offset=OFFSET[rows], tol=1e-12)
    kept = path_of(penalty, strengths, sparse.csr_matrix(X), sample_weight=WEIGHT, **how)
    short = path_of(penalty, strengths, X.astype(np.float32), sample_weight=WEIGHT, **how)
    for other, near in ((again, 1e-4), (kept, 1e-4), (short, 1e-3)):
        eta = other.predict_eta(X, None) - path.predict_eta(X, None)
        assert np.abs(eta - eta.mean(axis=2, keepdims=True)).max() <= near


@every_penalty
def test_a_fold_is_a_fit_of_its_rows(penalty):
    problem = make_problem(X, CODES, "multinomial", offset=OFFSET, sample_weight=WEIGHT + 1)
    grid = strength_grid(problem, penalty, 12, 1e-2)
    folds = [(np.flatnonzero(np.arange(N) % 5 != k), np.flatnonzero(np.arange(N) % 5 == k)) for k in range(5)]
    lanes = [Lane(np.arange(N), keep=True)] + [Lane(train, (test,)) for train, test in folds]
    results = fit_lanes(problem, [penalty], [grid], lanes, tol=1e-10)[0]
    for (train, test), result in zip(folds[:2], results[1:3], strict=True):
        assert result.converged.all()
        own = path_of(
            penalty,
            grid,
            X[train],
            CODES[train],
            1e-10,
            offset=OFFSET[train],
            sample_weight=WEIGHT[train] + 1,
        )
        eta = own.predict_eta(X[test]) + OFFSET[test][:, None]
        scores = np.average(
            problem.loss.score(problem.y[test][:, None], eta), axis=0, weights=WEIGHT[test] + 1
        )
        np.testing.assert_allclose(result.scores[:, 0], scores, atol=1e-5)


@every_penalty
def test_the_grid_begins_where_everything_penalised_is_zero(penalty):
    problem = make_problem(X, CODES, "multinomial", offset=OFFSET)
    grid = strength_grid(problem, penalty, 3, 0.5)
    form = penalty.coordinates(P)
    if not (np.isfinite(form.l1) & (form.l1 > 0)).any():
        return  # ridge has no such strength
    held = np.isfinite(form.l1) & (form.l1 > 0)
    path = path_of(penalty, [grid[0], 0.97 * grid[0]], offset=OFFSET)
    assert not path.coefs[0][:, held].any()
    assert path.coefs[1][:, held].any()


@pytest.mark.parametrize("penalty", [rf.L1(), rf.ElasticNet(0.5), rf.L1().across_outputs()], ids=repr)
def test_a_block_that_grows_finds_the_same(penalty, monkeypatch, road):
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(60, 150))
    codes = (wide[:, :3] * 2 + rng.gumbel(size=(60, 3))).argmax(axis=1).astype(float)
    grid = np.geomspace(0.2, 0.02, 8)
    whole = path_of(penalty, grid, wide, codes)
    monkeypatch.setattr(newton, "COMPLETE", 10)
    monkeypatch.setattr(entry, "suits_core", lambda frame: False)
    grown = path_of(penalty, grid, wide, codes)
    assert grown.gaps.max() <= 1e-9
    np.testing.assert_allclose(grown.predict_eta(wide), whole.predict_eta(wide), atol=1e-3)


def test_two_classes_are_the_logistic_fit():
    codes = (CODES > 1).astype(float)
    both = path_of(rf.L1(), [0.05], y=codes)
    one = rf.fit_path(X, codes, rf.L1(), loss="logistic", strengths=[0.05], tol=1e-9)
    np.testing.assert_allclose(both.coefs[0][1] - both.coefs[0][0], one.coefs[0], atol=1e-5)
    square = path_of(rf.L2(), [0.05], y=codes)
    half = rf.fit_path(X, codes, rf.L2(), loss="logistic", strengths=[0.025], tol=1e-9)
    np.testing.assert_allclose(square.coefs[0][1] - square.coefs[0][0], half.coefs[0], atol=1e-4)


def test_missing_values_are_means_of_the_lanes_own_rows():
    holes = X.copy()
    holes[::7, 1] = np.nan
    problem = make_problem(Imputed(holes), CODES, "multinomial")
    train = np.arange(60)
    lanes = [Lane(np.arange(N), keep=True), Lane(train, (np.arange(60, N),), keep=True)]
    results = fit_lanes(problem, [rf.L1()], [np.array([0.05])], lanes, tol=1e-10)[0]
    filled = np.where(np.isnan(holes), np.nanmean(holes[train], axis=0), holes)
    own = path_of(rf.L1(), [0.05], filled[train], CODES[train], 1e-10)
    np.testing.assert_allclose(results[1].path.coefs, own.coefs, atol=1e-5)


def test_classes_that_a_line_separates_end_the_path_and_say_so():
    codes = np.digitize(X[:, 0], np.quantile(X[:, 0], [0.3, 0.6])).astype(float)
    path = rf.fit_path(X, codes, rf.L1(), loss="multinomial", strengths=60, min_ratio=1e-6)
    assert path.ended is not None
    assert path.converged.all()


def test_a_training_set_without_a_class_is_refused():
    problem = make_problem(X, CODES, "multinomial")
    with pytest.raises(InputError, match=r"Class 2 .counted from 0. has no row"):
        fit_lanes(problem, [rf.L1()], [np.array([0.1])], [Lane(np.flatnonzero(CODES != 2))])


@pytest.mark.parametrize(
    "penalty", [rf.Group([0, 0, 1, 1, 2, 2]), rf.MCP(), rf.SLOPE(0.1), rf.Adaptive(rf.L1())], ids=repr
)
def test_penalties_that_are_not_built_are_named(penalty):
    with pytest.raises(
        UnsupportedError, match=r"not built for several linear predictors.*L1, L2 and ElasticNet are"
    ):
        path_of(penalty, [0.1])


def test_a_path_ends_where_enough_columns_entered():
    problem = make_problem(X, CODES, "multinomial")
    lane = Lane(np.arange(N), keep=True, most=2)
    path = fit_lanes(problem, [rf.L1()], [strength_grid(problem, rf.L1(), 30)], [lane])[0][0].path
    assert (path.coefs[-1] != 0).any(axis=0).sum() > 2
    assert (path.coefs[-2] != 0).any(axis=0).sum() <= 2
    assert "entered" in path.ended

"""Linear constraints against CLARABEL: log-contrasts, portfolios, monotone coefficients, one-sided rows."""

import warnings

import cvxpy as cp
import numpy as np
import pytest
from scipy import sparse

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid

N, P = 80, 7


def rows(n=N, p=P, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * np.exp(rng.standard_normal(p)) + rng.standard_normal(p)
    return X, X @ (rng.standard_normal(p) * (np.arange(p) < 4)) + rng.standard_normal(n) + 3


CONSTRAINTS = {
    "sum to zero": rf.LinearConstraints(np.ones(P), 0, 0),
    "sum to one": rf.LinearConstraints(np.ones(P), 1, 1),
    "monotone": rf.LinearConstraints.monotone(P),
    "sides": rf.LinearConstraints(np.vstack([np.ones(P), np.arange(P) - 3.0]), [-1, -0.5], [0.3, np.inf]),
    "repeated": rf.LinearConstraints(np.ones((2, P)), 0, 0),
}
PENALTIES = [
    rf.L1(),
    rf.L2(),
    rf.ElasticNet(0.5).bounded(-0.3, 0.6),
    rf.L1().weighted([1, 2, 0, np.inf, 1, 0.5, 1]),
]


def best_value(X, y, w, s, form, constraints, scale):
    b, a = cp.Variable(P), cp.Variable()
    A, low, high = constraints.arrays(P)
    kept = np.isfinite(form.l1)
    l1, z = np.where(kept, form.l1, 0.0), cp.multiply(b, scale)
    within = [A[k] @ b >= low[k] for k in np.flatnonzero(np.isfinite(low))]
    within += [A[k] @ b <= high[k] for k in np.flatnonzero(np.isfinite(high))]
    within += [b[k] >= form.lower[k] for k in np.flatnonzero(np.isfinite(form.lower))]
    within += [b[k] <= form.upper[k] for k in np.flatnonzero(np.isfinite(form.upper))]
    if not kept.all():
        within.append(b[~kept] == 0)
    root = np.sqrt(w / w.sum())
    loss = cp.sum_squares(cp.multiply(root, y - a - X @ b)) / 2
    task = cp.Problem(cp.Minimize(loss + s * (l1 @ cp.abs(z) + form.l2 @ cp.square(z) / 2)), within)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        task.solve(solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    return task.value


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_every_penalty_is_clarabel_s(name, penalty, standardize):
    X, y = rows()
    constraints, w = CONSTRAINTS[name], np.random.default_rng(1).uniform(0.5, 2, N)
    problem = make_problem(X, y, sample_weight=w, standardize=standardize, constraints=constraints)
    grid = strength_grid(problem, penalty, 12, 1e-3)
    [[found]] = fit_lanes(problem, [penalty], [grid], [Lane(np.arange(N), keep=True)])
    path, form = found.path, penalty.coordinates(P)
    assert path.converged.all()
    A, low, high = constraints.arrays(P)
    share = w / w.sum()
    scale = np.sqrt(share @ (X - share @ X) ** 2) if standardize else np.ones(P)
    for k in (0, 4, 11):
        b, a = path.coefs[k], path.intercepts[k]
        assert (A @ b >= low - 1e-9).all()
        assert (A @ b <= high + 1e-9).all()
        l1 = np.where(np.isfinite(form.l1), form.l1, 0.0)
        own = share @ (y - a - X @ b) ** 2 / 2
        own += path.strengths[k] * (l1 @ np.abs(b * scale) + form.l2 @ (b * scale) ** 2 / 2)
        best = best_value(X, y, w, path.strengths[k], form, constraints, scale)
        assert abs(own - best) <= 2e-7 * best


def test_the_top_is_the_smallest_strength_without_columns():
    X, y = rows()
    problem = make_problem(X, y, constraints=CONSTRAINTS["sum to zero"])
    top = strength_grid(problem, rf.L1(), 1)[0]
    assert top < strength_grid(make_problem(X, y), rf.L1(), 1)[0]
    [[found]] = fit_lanes(problem, [rf.L1()], [top * np.array([1.0, 0.98])], [Lane(np.arange(N), keep=True)])
    assert found.path.nonzeros[0] == 0
    assert found.path.nonzeros[1] == 2  # one column alone cannot add up to zero


def test_without_a_row_that_presses_it_is_the_plain_fit():
    X, y = rows()
    loose = rf.LinearConstraints(np.ones(P), -1e6, 1e6)
    free = rf.fit_path(X, y, strengths=[0.3, 0.01])
    held = rf.fit_path(X, y, strengths=[0.3, 0.01], linear_constraints=loose)
    np.testing.assert_allclose(held.coefs, free.coefs, atol=1e-9)


@pytest.mark.parametrize("shape", [(40, 60)])
def test_more_columns_than_rows(shape):
    rng = np.random.default_rng(3)
    X = rng.standard_normal(shape)
    y = X[:, 0] - X[:, 1] + 0.1 * rng.standard_normal(40)
    path = rf.fit_path(X, y, strengths=30, linear_constraints=rf.LinearConstraints(np.ones(60), 0, 0))
    assert path.converged.all()
    assert np.abs(path.coefs.sum(axis=1)).max() <= 1e-10
    stored = rf.fit_path(
        sparse.csr_array(X),
        y,
        strengths=path.strengths,
        linear_constraints=rf.LinearConstraints(np.ones(60), 0, 0),
    )
    np.testing.assert_allclose(stored.coefs, path.coefs, atol=1e-7)


def test_folds_are_lanes():
    X, y = rows()
    one = CONSTRAINTS["sum to one"]
    problem = make_problem(X, y, constraints=one)
    grid = strength_grid(problem, rf.L1(), 10)
    test = np.arange(0, N, 4)
    train = np.setdiff1d(np.arange(N), test)
    [[lane]] = fit_lanes(problem, [rf.L1()], [grid], [Lane(train, (test,))])
    alone = rf.fit_path(X[train], y[train], strengths=grid, linear_constraints=one)
    errors = np.square(y[test, None] - alone.predict_eta(X[test])).mean(axis=0)
    np.testing.assert_allclose(lane.scores[:, 0], errors, rtol=1e-8)
    model = rf.PenalizedRegressor(linear_constraints=one, cv=5).fit(X, y)
    assert np.isclose(model.coef_.sum(), 1, atol=1e-10)
    assert model.certificate_.converged


def test_a_saved_model_keeps_its_constraints(tmp_path):
    X, y = rows()
    model = rf.PenalizedRegressor(strength=0.1, linear_constraints=rf.LinearConstraints.monotone(P)).fit(X, y)
    assert (np.diff(model.coef_) >= -1e-12).all()
    model.save(tmp_path / "m.rfit")
    again = rf.load(tmp_path / "m.rfit")
    assert again.linear_constraints == model.linear_constraints
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_rows_that_contradict_each_other_are_named():
    X, y = rows()
    A = np.vstack([np.ones(P), np.eye(P)[0], 2 * np.ones(P)])
    with pytest.raises(InputError, match=r"rows 0 and 2 of A"):
        rf.fit_path(X, y, linear_constraints=rf.LinearConstraints(A, [0, 0, 1], [0, 1, 1]))
    with pytest.raises(InputError, match=r"row 0 of A"):
        rf.fit_path(X, y, rf.L1().bounded(0, 0.1), linear_constraints=rf.LinearConstraints(np.ones(P), 1, 1))


def test_what_is_not_supported_is_named():
    X, y = rows()
    one = CONSTRAINTS["sum to one"]
    for penalty in (rf.MCP(), rf.Group([0] * P)):
        with pytest.raises(UnsupportedError, match="L1, L2, ElasticNet"):
            rf.fit_path(X, y, penalty, linear_constraints=one)
    with pytest.raises(UnsupportedError, match="squared"):
        rf.fit_path(X, y, loss="huber", linear_constraints=one)
    with pytest.raises(UnsupportedError, match="one target"):
        rf.fit_path(X, np.column_stack([y, y]), linear_constraints=one)
    with pytest.raises(UnsupportedError, match="loo"):
        rf.PenalizedRegressor(rf.L2(), select="loo", linear_constraints=one).fit(X, y)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[1, np.nan]],), "finite"),
        (([[0, 0]],), "row 0 of A is zero"),
        (([[1, 1]], 2, 1), "above"),
        (([[1, 1]], [1, 2]), "lower"),
        (("a",), "numbers"),
        (([[1, 1]], np.nan), "NaN"),
    ],
)
def test_bad_constraints_are_named(arguments, words):
    with pytest.raises(InputError, match=words):
        rf.LinearConstraints(*arguments)


def test_bad_use_is_named():
    X, y = rows()
    with pytest.raises(InputError, match="3 columns"):
        rf.fit_path(X, y, linear_constraints=rf.LinearConstraints(np.ones(3)))
    with pytest.raises(InputError, match="LinearConstraints"):
        rf.PenalizedRegressor(linear_constraints=np.ones(P)).fit(X, y)
    with pytest.raises(InputError, match="monotone"):
        rf.LinearConstraints.monotone(3, [0])

import cvxpy as cp
import numpy as np
import pytest
from scipy import sparse

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.penalties import L1, Fused


def differences(p, order):
    """D, by its definition."""
    out = np.eye(p)
    for _ in range(order):
        out = out[1:] - out[:-1]
    return out


def by_cvxpy(objective):
    task = cp.Problem(cp.Minimize(objective))
    task.solve(solver=cp.CLARABEL, tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)
    return float(task.value)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("step", [0.1, 3.0, 1e4])
def test_the_proximal_step_of_long_runs(order, step):
    rng = np.random.default_rng(order)
    v = np.abs(np.linspace(-2, 1, 60)) + 0.3 * rng.standard_normal(60)
    w = Fused(order).prox(v, step)
    found = np.sum((w - v) ** 2) / 2 + step * np.abs(differences(60, order) @ w).sum()
    x = cp.Variable(60)
    best = by_cvxpy(cp.sum_squares(x - v) / 2 + step * cp.norm1(differences(60, order) @ x))
    assert found <= best * (1 + 1e-7)
    np.testing.assert_allclose(Fused(order).kkt(w, (w - v) / step), 0, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_thousand_columns_are_solved_to_rounding(order):
    v = np.cumsum(np.random.default_rng(0).standard_normal(1000))
    for step in (0.3, 30.0, 1e5):
        w = Fused(order).prox(v, step)
        np.testing.assert_allclose(Fused(order).kkt(w, (w - v) / step), 0, atol=1e-9)


def test_what_is_smooth_costs_nothing():
    x = np.arange(30.0)
    assert Fused().value(np.full(30, 2.5)) == 0
    np.testing.assert_allclose(Fused(2).prox(3 * x - 1, 5.0), 3 * x - 1, atol=1e-11)
    np.testing.assert_allclose(Fused(3).value(x**2 - x), 0, atol=1e-10)
    np.testing.assert_allclose(Fused().prox(x, 1e6), np.full(30, x.mean()), atol=1e-11)


def test_one_column_and_runs_too_short_are_free():
    assert Fused().prox(np.array([2.0]), 1.0).tolist() == [2.0]
    assert Fused(3, runs=[[0, 1], [2]]).prox(np.array([2.0, -1.0, 4.0]), 9.0).tolist() == [2.0, -1.0, 4.0]
    assert Fused(l1_ratio=0.5).prox(np.array([2.0]), 1.0).tolist() == [1.5]


def test_l1_alone():
    v, g = np.random.default_rng(0).normal(size=(2, 7))
    np.testing.assert_allclose(Fused(l1_ratio=1.0).prox(v, 0.4), L1().prox(v, 0.4), atol=1e-15)
    assert np.isclose(Fused(l1_ratio=1.0).polar(g), np.abs(g).max())


@pytest.mark.parametrize("ratio", [0.1, 0.6])
def test_the_polar_is_that_of_a_linear_programme(ratio):
    g = np.random.default_rng(3).standard_normal(9)
    w = cp.Variable(9)
    price = ratio * cp.norm1(w) + (1 - ratio) * cp.norm1(cp.diff(w))
    task = cp.Problem(cp.Maximize(g @ w), [price <= 1])
    task.solve(solver=cp.CLARABEL)
    assert np.isclose(Fused(l1_ratio=ratio).polar(g), task.value, rtol=1e-6)


def case(kind, runs):
    """Data in one of the ways a fit takes them."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((70, 24)) + 0.3 * rng.standard_normal((70, 1))
    weights, offset = rng.uniform(0.5, 2, 70), 0.4 * rng.standard_normal(70)
    y = X @ np.repeat([0.0, 1.5, -1.0, 0.0], 6) + offset + rng.standard_normal(70)
    given = {"sparse": sparse.csc_array(X), "float32": X.astype(np.float32)}.get(kind, X)
    X = given.astype(np.float64) if kind == "float32" else X
    standardize = kind == "standardised"
    problem = make_problem(given, y, sample_weight=weights, offset=offset, standardize=standardize)
    return problem, X, y, weights / weights.sum(), offset, standardize


@pytest.mark.parametrize("kind", ["dense", "sparse", "float32", "standardised"])
@pytest.mark.parametrize("penalty", [
    Fused(), Fused(2), Fused(3), Fused(l1_ratio=0.3),
    Fused(runs=[list(range(4, 16)), [20, 17, 23]]), Fused(l1_ratio=0.4, runs=[list(range(4, 16)), [20, 17, 23]]),
])  # fmt: skip
def test_paths_are_optimal(kind, penalty):
    problem, X, y, w, offset, standardize = case(kind, None)
    grid = strength_grid(problem, penalty, 5, min_ratio=1e-3)
    [[found]] = fit_lanes(problem, [penalty], [grid], [Lane(np.arange(70), keep=True)], tol=1e-9)
    assert found.converged.all()
    mean = w @ X
    scale = np.sqrt(w @ (X - mean) ** 2) if standardize else np.ones(24)
    for k, s in enumerate(grid):
        b, a = cp.Variable(24), cp.Variable()
        price = sum(
            (1 - penalty.l1_ratio) * cp.norm1(differences(len(run), penalty.order) @ b[run])
            + penalty.l1_ratio * cp.norm1(b[run])
            for run in penalty.chains(24)
        )
        rows = cp.square(y - offset - a - X @ cp.multiply(b, 1 / scale))
        best = by_cvxpy(w @ rows / 2 + s * price)
        left = y - offset - found.path.intercepts[k] - X @ found.path.coefs[k]
        value = w @ left**2 / 2 + s * penalty.value(found.path.coefs[k] * scale)
        assert value <= best + 2e-7 * (1 + best)


@pytest.mark.parametrize("penalty", [Fused(), Fused(2), Fused(l1_ratio=0.3)])
def test_the_grid_begins_where_everything_is_fused(penalty):
    problem = case("dense", None)[0]
    top = strength_grid(problem, penalty, 1)[0]
    lane = [Lane(np.arange(70), keep=True)]
    [[found]] = fit_lanes(problem, [penalty], [np.array([top, 0.99 * top])], lane)
    rough = penalty.value(found.path.coefs[0]), penalty.value(found.path.coefs[1])
    assert rough[0] <= 1e-10
    assert rough[1] > 1e-6


def test_the_signal_approximator_beside_an_intercept():
    """X = I and an intercept: the constant is twice there, which is not to matter."""
    rng = np.random.default_rng(0)
    y = np.repeat([0.0, 3.0, 1.0], 30) + 0.2 * rng.standard_normal(90)
    path = rf.fit_path(np.eye(90), y, Fused(), standardize=False, strengths=30)
    assert path.converged.all()
    fitted = path.coefs + path.intercepts[:, None]
    for k in (3, 15, 29):
        np.testing.assert_allclose(fitted[k], Fused().prox(y, 90 * path.strengths[k]), atol=1e-6)
    assert path.df[-1] > 50


def test_fused_columns_are_exactly_equal_and_counted_as_one():
    problem = case("dense", None)[0]
    for penalty in (Fused(), Fused(l1_ratio=0.2)):
        grid = strength_grid(problem, penalty, 6)
        [[found]] = fit_lanes(problem, [penalty], [grid], [Lane(np.arange(70), keep=True)])
        for b, df in zip(found.path.coefs, found.path.df, strict=True):
            assert df == sum(1 for j in range(24) if b[j] != 0 and (j == 0 or b[j] != b[j - 1]))


def test_other_losses_and_cross_validation():
    problem, X, y, *_ = case("dense", None)
    model = rf.PenalizedRegressor(Fused(), standardize=False, cv=5).fit(X, y)
    assert model.certificate_.converged
    clear = rf.fit_path(
        X, (y > 0).astype(float), Fused(l1_ratio=0.2), loss="logistic", strengths=5, min_ratio=0.1
    )
    assert clear.converged.all()
    assert (clear.gaps <= 1e-7).all()


def test_named_runs():
    penalty = Fused().on("b", "d").resolve(["a", "b", "c", "d"])
    assert penalty == Fused(runs=[[1, 3]])
    assert penalty.value(np.array([9.0, 1.0, -5.0, 4.0])) == 3
    assert Fused().on([False, True, True]) == Fused(runs=[[1, 2]])


def test_wrong_arguments_are_refused():
    with pytest.raises(InputError, match="whole number above 0"):
        Fused(0)
    with pytest.raises(UnsupportedError, match=r"Use Fused\(l1_ratio=0.5\) or Fused\(order=2\)"):
        Fused(2, 0.5)
    with pytest.raises(InputError, match="no column 7"):
        Fused(runs=[[0, 7]]).value(np.zeros(3))
    with pytest.raises(InputError, match="names are not resolved"):
        Fused().on("a", "b").value(np.zeros(3))
    with pytest.raises(UnsupportedError, match="has its runs already"):
        Fused(runs=[[0, 1]]).on([0, 1])
    with pytest.raises(UnsupportedError, match="take factors, bounds and chosen columns"):
        Fused().nonnegative()

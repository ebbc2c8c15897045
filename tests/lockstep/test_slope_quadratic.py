"""SLOPE on a Gram matrix: closed forms, cvxpy, ties, singular matrices."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Lasso

from regularfit.lockstep.slope_quadratic import slope_path, solve_slope
from regularfit.penalties import SLOPE
from regularfit.penalties.slope import sorted_kkt, sorted_prox


def data(rows, columns, seed=0, shared=1.0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, columns)) + shared * rng.standard_normal((rows, 1))
    y = X @ (rng.standard_normal(columns) * (rng.random(columns) < 0.3)) + rng.standard_normal(rows)
    return X, y, X.T @ X / rows, X.T @ y / rows


@pytest.mark.parametrize("share", [0.7, 0.2, 0.03])
@pytest.mark.parametrize("shape", [(60, 12), (8, 20)], ids=str)
def test_it_has_the_value_that_cvxpy_finds(shape, share):
    X, y, H, c = data(*shape)
    penalty = SLOPE(0.2)
    weights = share * penalty.strength_max(c) * penalty.sequence(shape[1])
    b = solve_slope(H, c, weights, np.zeros(shape[1]), 1e-10)
    w = cp.Variable(shape[1])
    gaps = np.append(weights[:-1] - weights[1:], weights[-1])
    sorted_l1 = sum(gap * cp.sum_largest(cp.abs(w), k + 1) for k, gap in enumerate(gaps))
    task = cp.Problem(cp.Minimize(cp.sum_squares(y - X @ w) / (2 * shape[0]) + sorted_l1))
    task.solve(solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    size = np.sort(np.abs(b))[::-1]
    assert abs(np.sum((y - X @ b) ** 2) / (2 * shape[0]) + weights @ size - task.value) <= 1e-8
    assert sorted_kkt(b, H @ b - c, weights).max() <= 1e-10


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 15), st.integers(2, 30), st.floats(0.01, 1.0), st.floats(0, 30))
@example(
    seed=971058, columns=7, rows=2, share=0.01171875, shared=6.0
)  # 12 calls of an older solver left 0.5 s
def test_it_ends_where_nothing_is_violated(seed, columns, rows, share, shared):
    _, _, H, c = data(rows, columns, seed, shared)
    penalty = SLOPE(0.2)
    s = share * penalty.strength_max(c)
    weights = s * penalty.sequence(columns)
    b = np.random.default_rng(seed).standard_normal(columns)
    for _ in range(12):  # each call takes a limited number of steps, and its callers call again
        b = solve_slope(H, c, weights, b, 1e-8 * s)
    size = float(np.abs(H).sum() * np.abs(b).max(initial=0) + np.abs(c).max())
    assert sorted_kkt(b, H @ b - c, weights).max() <= 1e-8 * s + 1e-15 * size


def test_with_orthonormal_columns_it_is_the_proximal_step():
    rng = np.random.default_rng(3)
    c, weights = rng.standard_normal(20), np.linspace(1.0, 0.1, 20)
    np.testing.assert_allclose(
        solve_slope(np.eye(20), c, weights, np.zeros(20), 1e-13), sorted_prox(c, weights), atol=1e-12
    )


@pytest.mark.parametrize("tail", [0, 8])
def test_with_orthogonal_columns_ties_in_the_target_and_no_weight_at_the_end(tail):
    rng = np.random.default_rng(4)
    c = np.round(3 * rng.standard_normal(24), 0) * 0.5  # ties, and zeros
    weights = np.concatenate([np.linspace(1.5, 0.5, 24 - tail), np.zeros(tail)])
    H = 2.0 * np.eye(24)
    b = solve_slope(H, c, weights, np.zeros(24), 1e-13)
    np.testing.assert_allclose(b, sorted_prox(c / 2, weights / 2), atol=1e-12)


@pytest.mark.parametrize("shape", [(60, 12), (25, 40)], ids=str)
def test_equal_weights_are_the_lasso(shape):
    X, y, H, c = data(*shape, shared=0.3)
    s = 0.1 * float(np.abs(c).max())
    b = solve_slope(H, c, np.full(shape[1], s), np.zeros(shape[1]), 1e-12)
    other = Lasso(alpha=s, fit_intercept=False, tol=1e-14, max_iter=10**6).fit(X, y).coef_
    np.testing.assert_allclose(b, other, atol=1e-8)
    assert np.count_nonzero(b) < shape[1]


@pytest.mark.parametrize("shape", [(60, 12), (8, 20), (40, 90)], ids=str)
def test_a_path_ends_each_strength_by_the_gap_or_the_violation(shape):
    _, y, H, c = data(*shape, shared=0.5)
    m, penalty = shape[1], SLOPE(0.2)
    weights, yy = penalty.sequence(m), float(y @ y) / shape[0]
    strengths = penalty.strength_max(c) * np.logspace(0, -2, 30)
    for violation, gap in ((1e-10, 0.0), (1e-12, 1e-8)):
        b, kkt = slope_path(H, c, weights, strengths, np.zeros(m), violation, gap, yy)
        g = c - b @ H
        for k, s in enumerate(strengths):
            assert kkt[k] == pytest.approx(sorted_kkt(b[k], -g[k], s * weights).max() / s, abs=1e-12)
            if gap and kkt[k] > violation:
                r = max(1.0, penalty.strength_max(g[k]) / s)  # g / r is feasible
                fit = 0.5 * (yy - 2 * c @ b[k] + b[k] @ H @ b[k])
                primal = fit + s * penalty.value(b[k])
                dual = (yy - c @ b[k]) / r - fit / r**2
                assert primal - dual <= gap * primal + 1e-14 * yy
            else:
                assert kkt[k] <= violation


def test_copies_of_a_column_get_one_coefficient():
    X, y, _, _ = data(40, 3, 5, 0.0)
    X = np.column_stack([X, X[:, 0], -X[:, 0]])
    H, c = X.T @ X / 40, X.T @ y / 40
    b = solve_slope(H, c, np.linspace(0.02, 0.01, 5), np.zeros(5), 1e-11)
    assert b[0] != 0
    np.testing.assert_allclose([b[3], -b[4]], b[0], atol=1e-9)


def test_what_is_solved_already_does_not_move():
    _, _, H, c = data(40, 6)
    weights = np.linspace(0.3, 0.2, 6)
    b = solve_slope(H, c, weights, np.zeros(6), 1e-12)
    np.testing.assert_array_equal(solve_slope(H, c, weights, b, 1e-9), b)

"""Groups on a Gram matrix: closed forms, the proximal road, singular matrices, groups in pieces."""

import numpy as np
import pytest

from regularfit.lockstep.group_quadratic import solve_groups
from regularfit.lockstep.proximal import proximal_quadratic
from regularfit.penalties import Group, SparseGroup

LABELS = np.arange(12) % 4


def solve(H, c, penalty, s, start=None):
    alone, weights = penalty.thresholds(len(c))
    owner = penalty.layout(len(c)).owner
    return solve_groups(
        H, c, owner, weights, alone, s, 1e-9 * s, np.zeros(len(c)) if start is None else start
    )


@pytest.mark.parametrize(
    "labels",
    [LABELS, np.sort(LABELS), np.arange(12), np.zeros(12, int)],
    ids=["pieces", "runs", "ones", "one"],
)
@pytest.mark.parametrize("ratio", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("rows", [100, 8])  # of fewer rows than columns H is singular
def test_it_is_the_solution_of_the_proximal_road(labels, ratio, rows):
    penalty = SparseGroup(labels, ratio)
    rng = np.random.default_rng(rows)
    X = rng.standard_normal((rows, 12)) + rng.standard_normal((rows, 1))
    H, c = np.asfortranarray(X.T @ X / rows), X.T @ rng.standard_normal(rows) / rows
    strengths = penalty.strength_max(c) * np.geomspace(1, 0.05, 6)
    slow = proximal_quadratic(H, c, penalty, strengths, tol=1e-9)
    b = np.zeros(12)
    for k, s in enumerate(strengths):
        b = solve(H, c, penalty, s, b)
        assert k > 0 or not b.any()
        assert penalty.kkt(b, (H @ b - c) / s).max() <= 1.01e-9
        values = [0.5 * x @ H @ x - c @ x + s * penalty.value(x) for x in (b, slow.coefs[k])]
        assert abs(values[0] - values[1]) <= 1e-11


def test_one_group_with_a_diagonal_matrix_has_a_closed_form():
    # b = c / (h + s w / |b|) with h = 2: |b| = (|c| - s w) / 2
    c, s = np.array([3.0, 4.0]), 1.5
    b = solve(np.asfortranarray(2.0 * np.eye(2)), c, Group([0, 0]), s)
    np.testing.assert_allclose(b, c / 5 * (5 - s * np.sqrt(2)) / 2, rtol=1e-9)


def test_one_group_with_eigenvalues_far_apart_solves_its_equation():
    rng = np.random.default_rng(1)
    V, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    H, c = np.asfortranarray(V @ np.diag([1e-8, 1e-3, 1.0, 50.0]) @ V.T), rng.standard_normal(4)
    b = solve(H, c, Group([0] * 4), 0.3)
    np.testing.assert_allclose((H + 0.6 / np.linalg.norm(b) * np.eye(4)) @ b, c, atol=1e-8)


def test_a_constant_column_stays_at_zero():
    H, c = np.asfortranarray(np.diag([1.0, 0.0, 1.0])), np.array([1.0, 0.0, -1.0])
    b = solve(H, c, Group([0, 0, 1]), 0.2)
    assert b[1] == 0
    assert b[0] > 0 > b[2]


def test_a_view_of_a_larger_matrix_is_read_where_it_lies():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((30, 6))
    large = np.full((9, 9), np.nan, order="F")
    large[:6, :6] = X.T @ X / 30
    c = X.T @ rng.standard_normal(30) / 30
    a, b = (
        solve(H, c, Group([0, 0, 1, 1, 2, 2]), 0.02)
        for H in (large[:6, :6], np.asfortranarray(large[:6, :6]))
    )
    np.testing.assert_array_equal(a, b)

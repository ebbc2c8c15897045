"""Paths on one Gram matrix: every column is checked, early ends are asked for, nothing moves without a cause."""

import numpy as np
import pytest

from regularfit.lockstep.prox_newton.parts import kind_of
from regularfit.lockstep.proximal import proximal_quadratic
from regularfit.lockstep.quadratic_path import quadratic_path
from regularfit.penalties import SLOPE, Group, SparseGroup

LABELS = np.arange(30) % 10


@pytest.mark.parametrize(
    "penalty", [Group(LABELS), SparseGroup(LABELS, 0.4), SLOPE(0.1)], ids=["g", "sg", "slope"]
)
@pytest.mark.parametrize("rows", [120, 20])
def test_it_is_the_proximal_roads_path(penalty, rows):
    rng = np.random.default_rng(rows)
    X = rng.standard_normal((rows, 30)) + 0.5 * rng.standard_normal((rows, 1))
    H, c = X.T @ X / rows, X.T @ rng.standard_normal(rows) / rows
    strengths = penalty.strength_max(c) * np.geomspace(1, 0.05, 8)
    fast = quadratic_path(H, c, kind_of(penalty, 30), strengths, tol=1e-9)
    slow = proximal_quadratic(H, c, penalty, strengths, tol=1e-9)
    assert fast.converged.all()
    assert not fast.coefs[0].any()
    for k, s in enumerate(strengths):
        assert penalty.kkt(fast.coefs[k], (H @ fast.coefs[k] - c) / s).max() <= 1.01e-9
        values = [0.5 * b @ H @ b - c @ b + s * penalty.value(b) for b in (fast.coefs[k], slow.coefs[k])]
        assert abs(values[0] - values[1]) <= 1e-11


def test_it_ends_early_where_that_is_enough():
    H, c = np.eye(4) + 0.3, np.array([3.0, 2.0, -1.0, 0.1])
    asked = []

    def enough(b, gradient, s):
        np.testing.assert_allclose(gradient, H @ b - c, atol=1e-12)
        asked.append(s)
        return True

    rough = quadratic_path(H, c, kind_of(Group([0, 0, 1, 1]), 4), np.array([0.3]), tol=1e-12, enough=enough)
    assert rough.converged.all()
    assert asked
    assert 1e-12 < rough.kkt[0] <= 1e-2

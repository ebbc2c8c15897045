"""Groups on a Gram matrix: closed forms, the proximal road, singular matrices."""

import numpy as np
import pytest

from regularfit.lockstep.group_quadratic import group_quadratic
from regularfit.lockstep.proximal import proximal_quadratic
from regularfit.penalties import Group, SparseGroup

LABELS = np.arange(12) % 4


@pytest.mark.parametrize(
    "penalty", [Group(LABELS), SparseGroup(LABELS, 0.4), SparseGroup(LABELS, 1.0)], ids=repr
)
@pytest.mark.parametrize("rows", [100, 8])  # of fewer rows than columns H is singular
def test_it_is_the_solution_of_the_proximal_road(penalty, rows):
    rng = np.random.default_rng(rows)
    X = rng.standard_normal((rows, 12)) + rng.standard_normal((rows, 1))
    H, c = X.T @ X / rows, X.T @ rng.standard_normal(rows) / rows
    strengths = penalty.strength_max(c) * np.geomspace(1, 0.05, 8)
    fast = group_quadratic(H, c, penalty, strengths, tol=1e-9)
    slow = proximal_quadratic(H, c, penalty, strengths, tol=1e-9)
    assert fast.converged.all()
    assert not fast.coefs[0].any()
    for k, s in enumerate(strengths):
        assert penalty.kkt(fast.coefs[k], (H @ fast.coefs[k] - c) / s).max() <= 1.01e-9
        values = [0.5 * b @ H @ b - c @ b + s * penalty.value(b) for b in (fast.coefs[k], slow.coefs[k])]
        assert abs(values[0] - values[1]) <= 1e-11
    if rows > 12:
        np.testing.assert_allclose(fast.coefs, slow.coefs, atol=1e-7)


def test_a_constant_column_stays_at_zero():
    H, c = np.diag([1.0, 0.0, 1.0]), np.array([1.0, 0.0, -1.0])
    fit = group_quadratic(H, c, Group([0, 0, 1]), np.array([0.2]))
    assert fit.converged.all()
    assert fit.coefs[0, 1] == 0

"""Violations of the optimality conditions."""

import numpy as np
import pytest

from regularfit.lockstep.newton.batch import violations
from regularfit.penalties.coordinates import Coordinates


def test_violations_are_the_distances_that_the_penalty_knows():
    rng = np.random.default_rng(0)
    l1, l2 = np.array([1.0, 0.0, 2.0, np.inf, 1.0]), np.array([0.0, 1.0, 0.5, 0.0, 0.0])
    lower, upper = np.array([-0.5, -1.0, 0.0, -1, -np.inf]), np.array([0.5, np.inf, 1.0, 1, 0.0])
    for _ in range(50):
        b = np.clip(rng.integers(-2, 3, 5) / 2, lower, upper) * np.isfinite(l1)
        g, s = rng.standard_normal(5) * 2, 0.7
        form = Coordinates(
            np.where(np.isinf(l1), np.inf, s * np.where(np.isinf(l1), 0, l1)), s * l2, lower, upper
        )
        found = violations(b[None], g[None], np.array([s]), l1, l2, lower, upper)[0]
        assert found == pytest.approx(form.kkt(b, -g).max())

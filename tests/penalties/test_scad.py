"""SCAD: closed forms, refusals."""

import numpy as np
import pytest

import regularfit as rf
from regularfit.errors import InputError
from regularfit.penalties import L1, SCAD
from tests.penalties.test_mcp import orthonormal


def threshold(z, s, a):
    """The minimiser for an orthonormal column (Fan and Li 2001, equation 2.8)."""
    size, sign = np.abs(z), np.sign(z)
    middle = ((a - 1) * z - sign * a * s) / (a - 2)
    return np.where(size <= 2 * s, sign * np.maximum(size - s, 0), np.where(size <= a * s, middle, z))


@pytest.mark.parametrize("a", [2.2, 3.7, 50.0])
def test_an_orthonormal_design_gives_its_threshold(a):
    X, rng = orthonormal()
    y = X @ np.array([3.0, -1.0, 0.4, 0.0, 0.2, -2.0]) + 0.1 * rng.standard_normal(len(X))
    z = X.T @ (y - y.mean()) / len(y)
    path = rf.fit_path(X, y, SCAD(a), strengths=[1.0, 0.5, 0.1])
    for s, coef in zip(path.strengths, path.coefs, strict=True):
        np.testing.assert_allclose(coef, threshold(z, s, a), atol=1e-9)


def test_a_large_a_is_the_lasso():
    v = np.linspace(-4, 4, 9)
    np.testing.assert_allclose(SCAD(1e9).prox(v, 0.7), L1().prox(v, 0.7), atol=1e-8)


@pytest.mark.parametrize("a", [2.0, 1.5, -3, np.inf, np.nan, "3"])
def test_a_out_of_range_is_refused(a):
    with pytest.raises(InputError, match=r"SCAD\(a\).*3.7 is usual"):
        SCAD(a)

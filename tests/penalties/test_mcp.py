"""MCP: closed forms, the limits gamma -> inf and -> 1, refusals."""

import numpy as np
import pytest

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.penalties import L1, MCP, Folded


def firm(z, s, gamma):
    """The minimiser for an orthonormal column (Breheny and Huang 2011, equation 2.5)."""
    soft = np.sign(z) * np.maximum(np.abs(z) - s, 0)
    return np.where(np.abs(z) <= gamma * s, soft / (1 - 1 / gamma), z)


def orthonormal(n=64, p=6, seed=0):
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(np.column_stack([np.ones(n), rng.standard_normal((n, p))]))
    return np.sqrt(n) * Q[:, 1:], rng


@pytest.mark.parametrize("gamma", [1.5, 3.0, 50.0])
def test_an_orthonormal_design_gives_the_firm_threshold(gamma):
    X, rng = orthonormal()
    y = X @ np.array([3.0, -1.0, 0.4, 0.0, 0.2, -2.0]) + 0.1 * rng.standard_normal(len(X))
    z = X.T @ (y - y.mean()) / len(y)
    path = rf.fit_path(X, y, MCP(gamma), strengths=[1.0, 0.5, 0.1])
    for s, coef in zip(path.strengths, path.coefs, strict=True):
        np.testing.assert_allclose(coef, firm(z, s, gamma), atol=1e-9)
    assert path.convex.all()  # the smallest eigenvalue is 1 > 1 / gamma
    assert path.convex_until == path.strengths[-1]
    assert np.isnan(path.gaps).all()


def test_a_large_gamma_is_the_lasso():
    v = np.linspace(-4, 4, 9)
    np.testing.assert_allclose(MCP(1e9).prox(v, 0.7), L1().prox(v, 0.7), atol=1e-8)


def test_the_flat_part_has_no_slope_and_the_value_stops_rising():
    assert MCP(3.0).value(np.array([3.0])) == MCP(3.0).value(np.array([30.0])) == 1.5
    assert MCP(3.0).kkt(np.array([4.0]), np.zeros(1)) == 0


def test_factors_multiply_the_strength_as_in_ncvreg():
    weighted = MCP(3.0).weighted([2.0, 1.0])
    v = np.array([5.0, 5.0])
    assert weighted.prox(v, 1.0)[0] == MCP(3.0, strength=2.0).prox(v, 1.0)[0]
    assert isinstance(weighted.coordinates(2), Folded)


@pytest.mark.parametrize("gamma", [1.0, 0.5, -3, 0, np.inf, np.nan, "3", None, True])
def test_gamma_out_of_range_is_refused(gamma):
    with pytest.raises(InputError, match=r"MCP\(gamma\).*3 is usual"):
        MCP(gamma)


def test_sums_are_refused_by_name():
    with pytest.raises(UnsupportedError, match="MCP.*bends with the strength"):
        MCP() + L1()

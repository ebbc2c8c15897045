"""X'R without packing: the same numbers as BLAS, for any count of rows, columns and right-hand sides."""

import numpy as np
import pytest
from regularfit._core import thin_product

from regularfit.designs import Dense
from regularfit.designs import dense as module


@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize("p", [1, 8, 63, 130])
@pytest.mark.parametrize("m", [1, 6, 16, 17, 40])
def test_equals_blas(n, p, m):
    rng = np.random.default_rng(n * p + m)
    X, R = np.asfortranarray(rng.standard_normal((n, p + 3)))[:, 2 : p + 2], rng.standard_normal((n, m))
    out = np.full((m, p), np.nan)
    if not thin_product(X, R, out):
        pytest.skip("this machine has no kernel for it")
    np.testing.assert_allclose(out, R.T @ X, atol=1e-12 * n)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_a_dense_design_gives_the_same_by_either_product(order, kind, monkeypatch):
    rng = np.random.default_rng(0)
    X, R = np.array(rng.standard_normal((50, 200)), dtype=kind, order=order), rng.standard_normal((50, 12))
    ours = Dense(X).rmatmat(30, 170, R)
    monkeypatch.setattr(module, "SHORT", 0)
    np.testing.assert_allclose(ours, Dense(X).rmatmat(30, 170, R), atol=1e-12)
    np.testing.assert_allclose(ours, R.T @ X[:, 30:170].astype(float), atol=1e-12)


def test_shapes_that_would_read_outside_are_refused():
    X, R = np.zeros((4, 3), order="F"), np.zeros((4, 2))
    for wrong in ((X, R, np.zeros((3, 2))), (X, np.zeros((5, 2)), np.zeros((2, 3)))):
        with pytest.raises(ValueError, match="differ"):
            thin_product(*wrong)

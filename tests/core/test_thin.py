"""Products of a block of columns with few vectors, against NumPy."""

import numpy as np
import pytest

from regularfit import _core


@pytest.mark.parametrize("rows", [1, 7, 40])
@pytest.mark.parametrize("width", [0, 1, 8, 13])
@pytest.mark.parametrize("m", [1, 3, 8, 11, 24])
def test_forward_and_backward_are_products(rows, width, m):
    rng = np.random.default_rng(rows + width + m)
    Z = np.asfortranarray(rng.standard_normal((rows, width + 2)))
    B, R = rng.standard_normal((width, m)), rng.standard_normal((rows, m))
    E, G = np.full((rows, m), 7.0), np.ones((width, m))
    _core.forward(Z, width, B, E)
    _core.backward(Z, width, R, G)
    np.testing.assert_allclose(E, Z[:, :width] @ B, atol=1e-13)
    np.testing.assert_allclose(G, 1 + Z[:, :width].T @ R, atol=1e-13)


def test_shapes_that_differ_are_refused():
    Z, B = np.zeros((4, 3), order="F"), np.zeros((3, 2))
    for w, b, e in [(4, B, np.zeros((4, 2))), (3, B[:2], np.zeros((4, 2))), (3, B, np.zeros((5, 2)))]:
        with pytest.raises(ValueError, match="forward: shapes differ"):
            _core.forward(Z, w, b, e)
    with pytest.raises(ValueError, match="backward: shapes differ"):
        _core.backward(Z, 3, np.zeros((5, 2)), B)

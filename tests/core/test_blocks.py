"""Products of a block of columns with few vectors, against NumPy."""

import numpy as np
import pytest

from regularfit import _core


@pytest.mark.parametrize("rows", [1, 7, 40])
@pytest.mark.parametrize("width", [0, 1, 8, 13])
@pytest.mark.parametrize("m", [1, 3, 8, 11, 24])
def test_forward_is_a_product(rows, width, m):
    rng = np.random.default_rng(rows + width + m)
    Z = np.asfortranarray(rng.standard_normal((rows, width + 2)))[:, :width]
    B, E = rng.standard_normal((width, m)), np.full((rows, m), 7.0)
    _core.forward(Z, B, E)
    np.testing.assert_allclose(E, Z @ B, atol=1e-13)


def test_shapes_that_differ_are_refused():
    Z, B = np.zeros((4, 3), order="F"), np.zeros((3, 2))
    for b, e in [(B[:2], np.zeros((4, 2))), (B, np.zeros((5, 2)))]:
        with pytest.raises(ValueError, match="forward: shapes differ"):
            _core.forward(Z, b, e)

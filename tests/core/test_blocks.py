"""Products of a block of columns with few vectors, against NumPy."""

import numpy as np
import pytest

from regularfit import _core


@pytest.mark.parametrize("rows", [1, 7, 40, 600])
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


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_columns_are_gathered_in_either_precision(kind, order):
    rng = np.random.default_rng(0)
    X, rows, cols = rng.standard_normal((50, 6)).copy(order=order), np.arange(3, 40, 2), np.array([5, 0, 2])
    centre, scale, weight = rng.standard_normal(3), rng.random(3), rng.random(len(rows))
    out = np.empty((len(rows), 3), kind, order="F")
    _core.gather(X, rows, cols, centre, scale, weight, out)
    exact = weight[:, None] * (X[np.ix_(rows, cols)] - centre) * scale
    np.testing.assert_allclose(out, exact, rtol=2 * np.finfo(kind).eps, atol=2 * np.finfo(kind).eps)


def test_columns_are_gathered_in_no_other_precision():
    with pytest.raises((TypeError, ValueError)):
        _core.gather(
            np.zeros((2, 2)),
            np.arange(2),
            np.arange(2),
            None,
            None,
            None,
            np.empty((2, 2), np.int64, order="F"),
        )

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.penalties import L2


def test_the_orthonormal_ridge_divides_by_one_plus_strength():
    np.testing.assert_allclose(L2(3.0).prox(np.array([4.0, -8.0]), 1.0), [1.0, -2.0])


def test_value_has_the_half():
    assert L2(2.0).value(np.array([1.0, -3.0])) == 10.0


def test_ridge_never_reaches_zero():
    assert L2().strength_max(np.array([1e-300])) == np.inf
    assert not L2().sparse


def test_a_multiple_is_an_l2_again():
    assert L2(3.0) * 2 == L2(6.0)


@pytest.mark.parametrize("strength", [0, -1.0, np.inf, np.nan, "1"])
def test_strength_is_positive_and_finite(strength):
    with pytest.raises(InputError, match=r"L2\(strength\) must be a"):
        L2(strength)

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.penalties import L1


def test_the_orthonormal_lasso_of_the_paper():
    # Tibshirani (1996), eq. 3: for orthonormal columns the lasso is sign(b)(|b| - gamma)+.
    least_squares = np.array([1.0, -2.5, 0.3])
    np.testing.assert_allclose(L1(0.5).prox(least_squares, 1.0), [0.5, -2.0, 0.0])


def test_value_and_largest_strength():
    assert L1(2.0).value(np.array([1.0, -3.0])) == 8.0
    assert L1(2.0).strength_max(np.array([1.0, -3.0])) == 1.5


def test_a_multiple_is_an_l1_again():
    assert 2 * L1(3.0) == L1(6.0)


@pytest.mark.parametrize("strength", [0, -1.0, np.inf, np.nan, "1", None, True, [1.0]])
def test_strength_is_positive_and_finite(strength):
    with pytest.raises(InputError, match=r"L1\(strength\) must be a"):
        L1(strength)

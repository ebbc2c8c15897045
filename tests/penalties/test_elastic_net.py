import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.penalties import L1, L2, ElasticNet


def test_the_orthonormal_naive_elastic_net_of_the_paper():
    # Zou and Hastie (2005), eq. 6, in our scaling: (|b| - a)+ sign(b) / (1 + (1 - a)).
    np.testing.assert_allclose(ElasticNet(0.25).prox(np.array([2.0, -0.2]), 1.0), [1.0, 0.0])


def test_the_ends_are_l1_and_l2():
    w = np.array([1.0, -2.0])
    assert ElasticNet(1.0, 3.0).value(w) == L1(3.0).value(w)
    assert ElasticNet(0.0, 3.0).value(w) == L2(3.0).value(w)
    assert ElasticNet(1.0).traits == L1().traits
    assert ElasticNet(0.0).traits == L2().traits


def test_a_multiple_keeps_the_ratio():
    assert 2 * ElasticNet(0.3, 3.0) == ElasticNet(0.3, 6.0)


@pytest.mark.parametrize("ratio", [1.5, -0.1, np.nan])
def test_the_ratio_lies_between_0_and_1(ratio):
    with pytest.raises(
        InputError, match=r"l1_ratio\) must lie between 0 and 1; .* was given. 1 is the lasso"
    ):
        ElasticNet(ratio)


def test_strength_is_positive_and_finite():
    with pytest.raises(InputError, match=r"ElasticNet\(strength\) must be a positive"):
        ElasticNet(0.5, strength=-1)

"""The scale of a lane: constant columns, bounds there and back, unstandardised fits."""

import numpy as np
import pytest

from regularfit.lockstep.standard import inverse_scale, lane_terms, normal_forms
from regularfit.penalties import L1, L2, ElasticNet


@pytest.mark.parametrize(
    ("standardize", "intercept", "expected"),
    [
        (True, True, [0.5, 0.0]),
        (False, True, [1.0, 0.0]),  # a constant column beside an intercept is no column
        (True, False, [0.5, 1.0]),
        (False, False, [1.0, 1.0]),
    ],
)
def test_the_factor_of_every_column(standardize, intercept, expected):
    np.testing.assert_array_equal(inverse_scale(np.array([2.0, 0.0]), standardize, intercept), expected)


def test_bounds_are_on_the_scale_of_x_and_come_back_exactly():
    inverse = 1 / np.array([3.0, 0.7, 1e-8, 49.0])
    terms = lane_terms(L1().bounded(-0.1, 0.2).coordinates(4), inverse)
    np.testing.assert_allclose(terms.upper, 0.2 * np.array([3.0, 0.7, 1e-8, 49.0]))
    B = np.array([terms.upper, terms.lower, 0.5 * terms.upper, np.zeros(4)])
    raw = terms.raw(B, inverse)
    assert raw[0].tolist() == [0.2] * 4
    assert raw[1].tolist() == [-0.1] * 4
    np.testing.assert_allclose(raw[2], 0.1)
    assert raw[3].tolist() == [0.0] * 4
    assert terms.raw(terms.upper[[3, 1]], inverse, np.array([3, 1])).tolist() == [0.2, 0.2]


def test_a_column_that_cannot_be_used_is_excluded():
    terms = lane_terms(L2().coordinates(2), np.array([0.0, 1.0]))
    assert np.isinf(terms.l1).tolist() == [True, False]
    assert terms.smooth


def test_value_is_that_of_the_penalty():
    penalty, b = ElasticNet(0.3), np.array([[1.0, -2.0, 0.0], [0.5, 0.0, 3.0]])
    terms = lane_terms(penalty.coordinates(3), np.ones(3))
    np.testing.assert_allclose(terms.value(b), [penalty.value(row) for row in b])


@pytest.mark.parametrize(("penalty", "smooth"), [(L1(), False), (L2(), True), (L2().nonnegative(), False)])
def test_smooth(penalty, smooth):
    [form] = normal_forms([penalty], 2)
    assert lane_terms(form, np.ones(2)).smooth is smooth

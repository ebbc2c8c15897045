import math

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.losses import Logistic

loss = Logistic()


def vector(*numbers):
    return np.array(numbers, dtype=float)


def test_value_is_accurate_where_it_is_tiny():
    # log(1 + e^-x) = e^-x to the last digit for large x.
    for x in (40.0, 700.0):
        assert loss.value(vector(1), vector(x))[0] == pytest.approx(math.exp(-x), rel=1e-13)
        assert loss.value(vector(0), vector(-x))[0] == pytest.approx(math.exp(-x), rel=1e-13)
        assert loss.value(vector(1), vector(-x))[0] == x


def test_gradient_and_curvature_are_accurate_where_they_are_tiny():
    for x in (40.0, 700.0):
        assert loss.gradient(vector(1), vector(x))[0] == pytest.approx(-math.exp(-x), rel=1e-13)
        assert loss.gradient(vector(0), vector(-x))[0] == pytest.approx(math.exp(-x), rel=1e-13)
        assert loss.curvature(vector(0), vector(x))[0] == pytest.approx(math.exp(-x), rel=1e-13)
    assert loss.gradient(vector(0), vector(700))[0] == 1.0


def test_even_infinite_predictors_give_no_nan():
    eta = vector(-1e308, 1e308)
    np.testing.assert_allclose(loss.gradient(vector(1, 1), eta), [-1.0, 0.0], atol=1e-300)
    assert loss.curvature(vector(1, 1), eta).tolist() == [0.0, 0.0]


def test_the_best_constant_is_the_logit_of_the_mean():
    assert loss.null_eta(vector(0, 1, 1, 1), np.ones(4)) == pytest.approx(math.log(3))
    assert loss.null_eta(vector(0, 1), vector(1, 4)) == pytest.approx(math.log(4))


def test_a_constant_offset_moves_the_best_constant_by_itself():
    y, weights = vector(0, 1, 1, 1), np.ones(4)
    assert loss.null_eta(y, weights, np.full(4, 650.0)) == pytest.approx(math.log(3) - 650, rel=1e-12)
    assert loss.null_eta(y, weights, np.zeros(4)) == pytest.approx(math.log(3), rel=1e-12)


def test_widely_spread_offsets_converge():
    offset = vector(-700, 700, 0, 0)
    b = loss.null_eta(vector(0, 1, 0, 1), np.ones(4), offset)
    assert b == pytest.approx(0, abs=1e-9)
    b = loss.null_eta(vector(1, 0, 0, 1), np.ones(4), offset)
    assert abs(loss.gradient(vector(1, 0, 0, 1), offset + b).sum()) < 1e-9


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_one_class_only_gives_a_large_finite_answer(y):
    sign = 1 if y else -1
    assert loss.null_eta(np.full(3, y), np.ones(3)) == 36 * sign
    offset = vector(-5, 0, 400)
    b = loss.null_eta(np.full(3, y), np.ones(3), offset)
    assert math.isfinite(b)
    assert (sign * (offset + b)).min() >= 30


def test_rows_of_weight_zero_do_not_count():
    y, offset = vector(1, 0, 1), vector(0, 0, 1e6)
    assert loss.null_eta(y, vector(1, 1, 0), offset) == pytest.approx(0, abs=1e-12)


def test_the_domain_of_the_conjugate():
    assert loss.conjugate(vector(1, 1, 0, 0), vector(-1, 0, 0, 1)).tolist() == [0, 0, 0, 0]
    assert loss.conjugate(vector(1, 0), vector(0.1, -0.1)).tolist() == [np.inf, np.inf]
    assert loss.conjugate(vector(0), vector(0.5))[0] == pytest.approx(-math.log(2))


def test_shares_between_0_and_1_are_allowed_and_have_zero_deviance_when_met():
    assert loss.check_target([0, 0.3, 1]).tolist() == [0.0, 0.3, 1.0]
    assert loss.deviance(vector(0.5), vector(0.0))[0] == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("wrong", [[1, 2], [-1, 1]])
def test_other_targets_are_named(wrong):
    with pytest.raises(
        InputError, match=r"target of 0 and 1 .* y holds (2|-1). PenalizedClassifier takes any two"
    ):
        loss.check_target(wrong)


def test_the_short_road_for_plain_classes_agrees_with_the_general_one():
    eta = np.linspace(-60, 60, 41)
    for y in (0.0, 1.0):
        whole = loss.gradient(np.full(41, y), eta)
        mixed = loss.gradient(np.append(np.full(41, y), 0.5), np.append(eta, 0.0))[:-1]
        np.testing.assert_allclose(whole, mixed, rtol=1e-14)

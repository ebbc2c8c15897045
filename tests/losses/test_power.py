import math
from fractions import Fraction

import numpy as np
import pytest

from regularfit.losses import Gamma, Loss, NegativeBinomial, Poisson, Tweedie


def vector(*numbers):
    return np.array(numbers, dtype=float)


def test_value_is_accurate_near_its_minimum():
    # y (e^d - 1 - d) = y (d^2 / 2 + d^3 / 6 + d^4 / 24 + ...), summed exactly.
    for d in (2.0**-20, -(2.0**-12)):
        exact = float(sum(Fraction(d) ** k / math.factorial(k) for k in range(2, 12)))
        assert Poisson().value(vector(1), vector(d))[0] == pytest.approx(exact, rel=1e-14)
        assert Gamma().value(vector(1), vector(-d))[0] == pytest.approx(exact, rel=1e-14)
        assert Tweedie(1.5).value(vector(1), vector(2 * d))[0] == pytest.approx(2 * exact + 2 * float(
            sum(Fraction(-d) ** k / math.factorial(k) for k in range(2, 12))
        ), rel=1e-14)  # fmt: skip


def test_the_ends_of_tweedie_are_poisson_and_gamma():
    rng = np.random.default_rng(0)
    y, eta, u = rng.gamma(1.0, size=50), rng.standard_normal(50), rng.uniform(-0.5, 0.9, 50)
    for power, other in ((1, Poisson()), (2, Gamma())):
        loss = Tweedie(power)
        for method in ("value", "gradient", "curvature"):
            np.testing.assert_array_equal(getattr(loss, method)(y, eta), getattr(other, method)(y, eta))
        np.testing.assert_array_equal(loss.conjugate(y, u), other.conjugate(y, u))


def test_negative_binomial_tends_to_poisson():
    y, eta = vector(0, 1, 5), vector(0.3, -0.2, 1.0)
    np.testing.assert_allclose(NegativeBinomial(1e9).value(y, eta), Poisson().value(y, eta), rtol=1e-6)


@pytest.mark.parametrize("loss", [Poisson(), Gamma(), Tweedie(1.3)], ids=repr)
def test_the_best_constant_agrees_with_newtons(loss):
    rng = np.random.default_rng(0)
    for _ in range(20):
        y, weights, offset = rng.gamma(1.0, size=9), rng.uniform(0.1, 2, 9), rng.normal(size=9)
        assert loss.null_eta(y, weights, offset) == pytest.approx(
            Loss.null_eta(loss, y, weights, offset), abs=1e-9
        )

"""The core's sorted L1: distances from optimality as the Python formula has them, whatever is tied or zero."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regularfit import _core
from regularfit.penalties.slope import sorted_kkt

WEIGHTS = {
    "falling": lambda m: np.linspace(2.0, 0.1, m),
    "equal": lambda m: np.ones(m),
    "zero tail": lambda m: np.maximum(np.linspace(1.0, -1.0, m), 0.0),
    "steps": lambda m: np.repeat(np.linspace(3.0, 0.0, m // 3 + 1), 3)[:m],
}


def violation(b, grad, weights, s=1.0):
    out = np.empty(len(b))
    return out, _core.sorted_violation(b, -grad, weights, s, out)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from(sorted(WEIGHTS)), st.integers(1, 6))
@example(0, 1, "equal", 1)
def test_the_distance_is_that_of_the_formula(seed, m, kind, levels):
    rng = np.random.default_rng(seed)
    weights, s = WEIGHTS[kind](m), float(rng.uniform(0.1, 3.0))
    b = rng.integers(-levels, levels + 1, m) * (rng.random(m) < 0.7) * 0.5  # many ties, in size and at zero
    grad = np.round(rng.standard_normal(m) * 2, rng.integers(0, 8))
    found, largest = violation(b, grad, weights, s)
    wanted = sorted_kkt(b, grad, s * weights)
    np.testing.assert_allclose(found, wanted, atol=1e-13)
    assert largest == found.max()


def test_a_gradient_that_is_no_number_has_no_small_distance():
    assert np.isnan(violation(np.array([1.0, 0.0]), np.array([np.nan, 0.0]), np.ones(2))[1])

"""SLOPE: the proximal step against a general solver, the published weights, refusals."""

import cvxpy as cp
import numpy as np
import pytest
from scipy.stats import norm

from regularfit.errors import InputError
from regularfit.penalties import L1, SLOPE


@pytest.mark.parametrize("seed", range(5))
def test_the_proximal_step_is_that_of_a_general_solver(seed):
    rng = np.random.default_rng(seed)
    v, weights = 2 * rng.standard_normal(6), np.sort(rng.uniform(0, 2, 6))[::-1]
    w = cp.Variable(6)
    gaps = np.append(weights[:-1] - weights[1:], weights[-1])
    size = sum(g * cp.sum_largest(cp.abs(w), k + 1) for k, g in enumerate(gaps))
    cp.Problem(cp.Minimize(cp.sum_squares(w - v) / 2 + 0.8 * size)).solve(solver=cp.CLARABEL)
    np.testing.assert_allclose(SLOPE(weights=weights).prox(v, 0.8), w.value, atol=1e-5)


def test_equal_weights_are_the_lasso():
    v, u = np.array([3.0, -0.2, 1.0]), np.array([-1.0, 0.5, 2.0])
    own = SLOPE(weights=[1.0, 1.0, 1.0])
    np.testing.assert_allclose(own.prox(v, 0.5), L1().prox(v, 0.5))
    np.testing.assert_allclose(own.kkt(v, u), L1().kkt(v, u))
    assert own.strength_max(u) == L1().strength_max(u)


def test_the_weights_are_the_published_ones():
    np.testing.assert_allclose(
        SLOPE(0.2).sequence(4), [norm.ppf(1 - 0.2 * i / 8) for i in range(1, 5)], rtol=1e-12
    )


def test_alike_columns_get_one_coefficient():
    assert len(set(np.abs(SLOPE(weights=[2.0, 1.0, 0.0]).prox(np.array([3.0, -2.9, 2.8]), 1.0)))) == 1


BAD = {
    "must not increase; entry 0 is 1 and the next 2": [1, 2],
    "first one positive": [0, 0],
    "NaN": [np.nan, 1],
}


@pytest.mark.parametrize("message", BAD)
def test_bad_weights_are_refused(message):
    with pytest.raises(InputError, match=message):
        SLOPE(weights=BAD[message])


def test_weights_of_another_length_and_q_out_of_range_are_refused():
    with pytest.raises(InputError, match="has 2 entries, but the penalty is used on 3"):
        SLOPE(weights=[2, 1]).value(np.zeros(3))
    for q in (0, 1, 1.5, -1):
        with pytest.raises(InputError, match=r"SLOPE\(q\)"):
            SLOPE(q)

"""The dual of the small problem: against slow coordinate descent, whatever the bounds, weights and starting point."""

import numpy as np
import pytest

from regularfit.lockstep.dual import Dual
from regularfit.penalties.coordinates import Coordinates
from tests.lockstep.truth import slow_quadratic

STRENGTHS = np.array([0.5, 0.2, 0.05, 0.01])


def make(seed, n=15, m=60, bounds=True, factors=True):
    rng = np.random.default_rng(seed)
    Z, y = rng.standard_normal((n, m)) / np.sqrt(n), rng.standard_normal(n)
    l1, l2 = (
        (rng.uniform(0.1, 1, m), rng.uniform(0.1, 2, m)) if factors else (np.full(m, 0.3), np.full(m, 0.7))
    )
    if factors:
        l1[::9] = 0.0  # ridge columns
    lower, upper = np.full(m, -np.inf), np.full(m, np.inf)
    if bounds:
        lower[::4], upper[::5], upper[3::7] = 0.0, 0.1, 0.0
    return Z, y, (l1, l2, lower, upper)


def lane(Z, y, terms):
    dual = Dual(y, 1e-9)
    dual.append(Z)
    dual.terms(*terms)
    return dual


@pytest.mark.parametrize("bounds", [False, True])
@pytest.mark.parametrize("factors", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_equals_slow_coordinate_descent(bounds, factors, seed):
    Z, y, terms = make(seed, bounds=bounds, factors=factors)
    b, grad, kkt = lane(Z, y, terms).solve(STRENGTHS)
    np.testing.assert_allclose(grad, (y - b @ Z.T) @ Z, atol=1e-12)
    for k, s in enumerate(STRENGTHS):
        l1, l2, lower, upper = s * terms[0], s * terms[1], *terms[2:]
        np.testing.assert_allclose(b[k], slow_quadratic(Z.T @ Z, Z.T @ y, l1, l2, lower, upper), atol=1e-8)
        exact = Coordinates(l1, l2, lower, upper).kkt(b[k], -grad[k]).max()
        assert kkt[k] * s == pytest.approx(exact, abs=1e-13)
        assert kkt[k] < 1e-8


def test_columns_that_come_later_and_a_base_that_goes_back():
    Z, y, terms = make(7)
    grown = lane(Z[:, :20], y, tuple(t[:20] for t in terms))
    grown.solve(STRENGTHS[:3])
    grown.keep(0)
    for cut in (21, 50, 60):
        grown.append(Z[:, grown.size : cut])
        grown.terms(*(t[:cut] for t in terms))
    b, *_ = grown.solve(STRENGTHS[1:])
    whole, *_ = lane(Z, y, terms).solve(STRENGTHS[1:])
    np.testing.assert_allclose(b, whole, atol=1e-8)


def test_a_column_of_another_world_that_leaves_takes_no_digits_along():
    Z, y, terms = make(3, bounds=False, factors=False)
    Z[:, 0] *= 1e8
    terms[0][0] *= 1e8  # free at small strengths only
    dual = lane(Z, y, terms)
    for s in (0.001, 0.5, 0.02):  # in, out again, and on without it
        dual.solve(np.array([s]))
        dual.keep(0)
    b, _, kkt = dual.solve(np.array([0.02]))
    fresh, *_ = lane(Z, y, terms).solve(np.array([0.02]))
    np.testing.assert_allclose(
        b * np.append(1e8, np.ones(59)), fresh * np.append(1e8, np.ones(59)), atol=1e-8
    )
    assert kkt[0] < 1e-7


def test_identical_columns_share_their_coefficient():
    Z, y, terms = make(5, bounds=False, factors=False)
    Z[:, 1] = Z[:, 0]
    b, *_ = lane(Z, y, terms).solve(STRENGTHS)
    np.testing.assert_allclose(b[:, 0], b[:, 1], atol=1e-12)


def test_a_target_of_zeros():
    Z, y, terms = make(6, bounds=False)
    b, grad, kkt = lane(Z, 0 * y, terms).solve(STRENGTHS)
    assert not b.any()
    assert not grad.any()
    assert not kkt.any()


@pytest.mark.parametrize("seed", range(3))
def test_a_weak_strength_may_be_the_first(seed):
    # nearly a lasso on correlated columns: two to five hundred steps, of which sixty were allowed
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((40, 330)) + 3 * rng.standard_normal((40, 1))
    Z -= Z.mean(axis=0)
    y = Z[:, 0] + 0.1 * rng.standard_normal(40)
    terms = np.full(330, 0.95), np.full(330, 0.05), np.full(330, -np.inf), np.full(330, np.inf)
    s = 1e-3 * np.abs(Z.T @ y).max()
    _, _, [kkt] = lane(Z, y, terms).solve(np.array([s]))
    assert kkt <= 1e-6

"""Both forms of risk sets against loops."""

import numpy as np
import pytest

from regularfit.losses._risk_sets import Blocks, Nested, risk_sets


def runs(rng, n, groups, nested):
    last = np.sort(rng.integers(0, groups + 1, n))
    last[-1] = groups  # somebody has the last event
    first = np.zeros(n, int) if nested else np.minimum(rng.integers(0, groups, n), last)
    if not nested:
        first[-1] = 0
    return first, last


CASES = [(nested, groups) for nested in (True, False) for groups in (1, 2, 7, 8, 33)]


@pytest.mark.parametrize(("nested", "groups"), CASES)
def test_sums_are_over_the_rows_at_risk(nested, groups):
    rng = np.random.default_rng(groups)
    first, last = runs(rng, 50, groups, nested)
    sets = Nested(last, groups) if nested else Blocks(first, last, groups)
    V, A = rng.random((50, 3)), rng.random((groups, 3))
    at_risk = (first[:, None] <= np.arange(groups)) & (np.arange(groups) < last[:, None])  # rows x groups
    np.testing.assert_allclose(sets.sums(V), at_risk.T @ V, rtol=1e-13)
    np.testing.assert_allclose(sets.spread(A), at_risk @ A, rtol=1e-13)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(sets.log_sums(np.log(V)), np.log(at_risk.T @ V), rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(sets.log_spread(np.log(A)), np.log(at_risk @ A), rtol=1e-11, atol=1e-13)


def test_the_form_is_chosen_by_who_comes_late():
    last = np.array([1, 2, 3])
    assert isinstance(risk_sets(np.zeros(3, int), last, 3), Nested)
    assert isinstance(risk_sets(np.array([0, 1, 0]), last, 3), Blocks)


def test_a_row_of_huge_risk_that_comes_late_drowns_nobody():
    first, last = np.array([0, 0, 2]), np.array([1, 3, 3])
    V = np.array(
        [[1.0], [1.0], [1e30]]
    )  # the difference of cumulative sums would be 0 at the first two times
    np.testing.assert_allclose(Blocks(first, last, 3).sums(V)[:, 0], [2.0, 1.0, 1e30])


def test_means_bear_weights_of_any_width():
    rng = np.random.default_rng(0)
    last = np.arange(1, 41)
    log_weights = rng.normal(size=(40, 1)) * 2000
    Z = rng.normal(size=(40, 2))
    found = Nested(last, 40).means(log_weights, Z)
    for g in range(40):
        part = log_weights[g:, 0] - log_weights[g:, 0].max()
        np.testing.assert_allclose(found[g], np.average(Z[g:], axis=0, weights=np.exp(part)), rtol=1e-12)

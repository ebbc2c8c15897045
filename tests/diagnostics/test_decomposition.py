"""The arithmetic: unbiased parts, and standard errors that are as large as the spread they claim."""

import numpy as np
import pytest

from regularfit.diagnostics.decomposition import parts_at_points


def drawn(rng, R, m, bias, deviation):
    return bias + deviation * rng.normal(size=(R, m))


def test_parts_are_unbiased_and_their_errors_honest():
    rng = np.random.default_rng(0)
    bias, deviation = np.array([0.0, 0.5, -1.0, 0.1]), np.array([1.0, 2.0, 0.5, 1.5])
    found = [parts_at_points(drawn(rng, 8, 4, bias, deviation)) for _ in range(3000)]
    for name, truth in (
        ("bias2", np.mean(bias**2)),
        ("variance", np.mean(deviation**2)),
        ("excess", np.mean(bias**2 + deviation**2)),
    ):
        values, errors = np.array([getattr(one, name) for one in found]).T
        standard = values.std(ddof=1)
        assert abs(values.mean() - truth) < 4 * standard / np.sqrt(len(values)), name
        # of a statistic of second order the jackknife counts the second part of the variance twice
        assert 0.97 < np.sqrt(np.mean(errors**2)) / standard < np.sqrt(2), name


def test_the_sum_is_the_mean_square():
    deviations = drawn(np.random.default_rng(1), 5, 7, 3.0, 1.0)
    parts = parts_at_points(deviations)
    assert parts.excess[0] == pytest.approx(np.mean(deviations**2), rel=1e-13)


def test_jackknife_equals_leaving_out_one_by_one():
    deviations = drawn(np.random.default_rng(2), 6, 5, 0.4, 1.0)
    without = [parts_at_points(np.delete(deviations, r, axis=0)) for r in range(6)]
    whole = parts_at_points(deviations)
    for name in ("bias2", "variance", "excess"):
        values = np.array([getattr(one, name)[0] for one in without])
        expected = np.sqrt(5 / 6 * np.sum((values - values.mean()) ** 2))
        assert getattr(whole, name)[1] == pytest.approx(expected, rel=1e-12), name


def test_a_large_bias_costs_the_variance_no_digits():
    scatter = np.random.default_rng(3).normal(size=(10, 20))
    assert parts_at_points(1e6 + scatter).variance[0] == pytest.approx(
        parts_at_points(scatter).variance[0], rel=1e-8
    )

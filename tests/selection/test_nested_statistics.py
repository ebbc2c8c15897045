"""The statistics of nested cross-validation against their definition, from raw errors of rows."""

from __future__ import annotations

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.selection.nested_statistics import (
    FoldErrors,
    fold_level_variance,
    interval_around,
    nested_estimate,
    variance_of_mean,
)


def fold_errors(
    rng: np.random.Generator, K: int = 6, m: int = 7, noise: float = 1.0
) -> tuple[FoldErrors, dict]:
    """Random errors of rows: out[k] of fold k, inside[k, j] of fold j without k and j."""
    out = rng.exponential(size=(K, m))
    inside = 1 + noise * rng.exponential(size=(K, K, m))
    errors = FoldErrors(
        out.mean(axis=1),
        inside.mean(axis=2),
        out.var(axis=1, ddof=1) / m,
        out.var(ddof=1) / (K * m),
        np.full(K, float(m)),
    )
    return errors, {"out": out, "inside": inside}


def test_against_the_definition():
    rng = np.random.default_rng(0)
    for _ in range(50):
        errors, raw = fold_errors(rng)
        K = len(errors.outer)
        pooled, a, b = [], [], []
        for k in range(K):
            e_in = np.concatenate([raw["inside"][k, j] for j in range(K) if j != k])
            a.append((e_in.mean() - raw["out"][k].mean()) ** 2)
            b.append(np.var(raw["out"][k], ddof=1) / len(raw["out"][k]))
            pooled.append(e_in)
        nested, plain = np.concatenate(pooled).mean(), raw["out"].mean()
        bias = (1 + (K - 2) / K) * (nested - plain)
        naive = raw["out"].std(ddof=1) / np.sqrt(raw["out"].size)
        wanted = np.sqrt((K - 1) / K * max(np.mean(a) - np.mean(b), 0))
        found = nested_estimate([errors])
        assert found.mean == pytest.approx(nested - bias)
        assert found.naive_mean == pytest.approx(plain)
        assert found.naive_se == pytest.approx(naive)
        assert found.se == pytest.approx(min(max(wanted, naive), np.sqrt(K) * naive))
        assert found.inflation == pytest.approx(found.se / naive)


def test_the_standard_error_stays_between_its_limits():
    rng = np.random.default_rng(1)
    for noise in (0.0, 1.0, 100.0):
        errors, _ = fold_errors(rng, noise=noise)
        found = nested_estimate([errors])
        assert found.naive_se <= found.se <= np.sqrt(6) * found.naive_se * (1 + 1e-12)


def test_repeats_are_averaged():
    rng = np.random.default_rng(2)
    one, two = fold_errors(rng)[0], fold_errors(rng)[0]
    both, first, second = nested_estimate([one, two]), nested_estimate([one]), nested_estimate([two])
    assert both.mean == pytest.approx((first.mean + second.mean) / 2)
    assert both.naive_se == pytest.approx(np.sqrt((first.naive_se**2 + second.naive_se**2) / 2))
    assert nested_estimate([one, one]) == nested_estimate([one])


def test_unequal_folds_count_by_their_weight():
    inner = np.array([[0, 1.0, 2.0], [3.0, 0, 4.0], [5.0, 6.0, 0]])
    w = np.array([1.0, 2.0, 3.0])
    found = nested_estimate([FoldErrors(np.array([1.0, 2.0, 3.0]), inner, np.zeros(3), 0.01, w)])
    pooled = (2 * 1 + 3 * 2 + 1 * 3 + 3 * 4 + 1 * 5 + 2 * 6) / 12
    plain = (1 + 4 + 9) / 6
    assert found.naive_mean == pytest.approx(plain)
    assert found.mean + found.bias == pytest.approx(pooled)


def test_variance_of_a_mean():
    rng = np.random.default_rng(3)
    e = rng.normal(size=20)
    assert variance_of_mean(e, np.full(20, 7.0)) == pytest.approx(e.var(ddof=1) / 20)
    # Rows of weight zero are not there; groups are draws.
    w = np.r_[np.ones(12), np.zeros(8)]
    assert variance_of_mean(e, w) == pytest.approx(e[:12].var(ddof=1) / 12)
    groups = np.repeat(np.arange(5), 4)
    means = e.reshape(5, 4).mean(axis=1)
    assert variance_of_mean(e, np.ones(20), groups) == pytest.approx(means.var(ddof=1) / 5)
    assert variance_of_mean(e, np.ones(20), np.arange(20)) == pytest.approx(variance_of_mean(e, np.ones(20)))
    assert variance_of_mean(e[:1], np.ones(1)) == 0.0


def test_scores_without_rows_use_the_spread_of_folds():
    outer = np.array([0.7, 0.8, 0.9, 0.6])
    each, mean = fold_level_variance(outer, np.full(4, 5.0))
    np.testing.assert_allclose(each, outer.var(ddof=1))
    assert mean == pytest.approx(outer.var(ddof=1) / 4)


def test_refusals():
    errors = FoldErrors(np.ones(2), np.ones((2, 2)), np.ones(2), 1.0, np.ones(2))
    for repeats in ([], [errors]):
        with pytest.raises(InputError, match="at least 3"):
            nested_estimate(repeats)


def test_intervals_are_even_on_their_scale():
    for level, z in ((0.9, 1.6448536), (0.5, 0.6744898)):
        low, high = interval_around(2.0, 0.3, level)
        assert (low, high) == pytest.approx((2 - z * 0.3, 2 + z * 0.3))
        low, high = interval_around(2.0, 0.3, level, skewed=True)
        assert (np.log(low), np.log(high)) == pytest.approx((np.log(2) - z * 0.15, np.log(2) + z * 0.15))
    # where the reach is longer than the mean the log scale says nothing
    assert interval_around(0.1, 1.0, 0.9, skewed=True) == interval_around(0.1, 1.0, 0.9)
    assert interval_around(0.0, 0.0, 0.9, skewed=True) == (0.0, 0.0)

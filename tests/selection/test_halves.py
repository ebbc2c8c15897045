"""Halves are random, equal, disjoint; classes, groups, weights and blocks are respected."""

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.selection.halves import complementary_halves


def test_two_disjoint_halves():
    for n in (10, 11):
        for a, b in complementary_halves(20, n):
            assert len(a) == len(b) == n // 2
            assert len(np.unique(np.concatenate([a, b]))) == 2 * (n // 2)


def test_every_row_is_as_likely_as_any_other():
    # A share of 4,000 fair coins: standard deviation 0.0079, and 4.5 of them are left out in 1 of 10^4 checks of 11.
    pairs = complementary_halves(4000, 11, random_state=3)
    share = np.mean([np.isin(np.arange(11), a) for a, _ in pairs], axis=0)
    used = np.mean([np.isin(np.arange(11), np.append(a, b)) for a, b in pairs], axis=0)
    assert np.abs(share - 5 / 11).max() < 4.5 * 0.0079
    assert np.abs(used - 10 / 11).max() < 4.5 * np.sqrt(10 / 121 / 4000)


def test_classes_are_spread_evenly():
    labels = np.array(["a"] * 7 + ["b"] * 30)
    for a, b in complementary_halves(10, 37, labels):
        assert abs(np.sum(labels[a] == "a") - np.sum(labels[b] == "a")) <= 1
        assert len(a) == len(b) == 18


def test_groups_stay_together():
    groups = np.repeat(np.arange(9), [1, 2, 3, 4, 5, 1, 2, 3, 4])
    for a, b in complementary_halves(10, 25, groups=groups):
        assert not set(groups[a]) & set(groups[b])
        assert len(set(groups[a])) == len(set(groups[b])) == 4
        for half in (a, b):
            for group in set(groups[half]):
                assert set(np.flatnonzero(groups == group)) <= set(half)


def test_rows_without_weight_are_left_out():
    weight = np.ones(12)
    weight[[3, 8]] = 0
    for a, b in complementary_halves(5, 12, sample_weight=weight):
        assert set(a) | set(b) == set(np.flatnonzero(weight))


def test_halves_of_blocks():
    pairs = complementary_halves(200, 203, blocks=8)
    together = np.zeros((203, 203))
    for a, b in pairs:
        assert len(a) == len(b) == 101
        assert not np.intersect1d(a, b).size
        for half in (a, b):
            together[np.ix_(half, half)] += 1
    kinds = {tuple(row) for row in together > 199}
    assert 8 < len(kinds) <= 11  # 8 blocks of 25 rows, two rests of one, and a row that is left out


def test_the_same_call_gives_the_same_halves():
    first, again = complementary_halves(3, 20), complementary_halves(3, 20, random_state=0)
    other = complementary_halves(3, 20, random_state=1)
    assert all(np.array_equal(x[0], y[0]) for x, y in zip(first, again, strict=True))
    assert any(not np.array_equal(x[0], y[0]) for x, y in zip(first, other, strict=True))
    stream = np.random.RandomState(0)
    drawn = [complementary_halves(1, 20, random_state=stream)[0][0] for _ in range(2)]
    assert not np.array_equal(*drawn)


def test_refused():
    with pytest.raises(InputError, match="too few"):
        complementary_halves(2, 3)
    with pytest.raises(InputError, match="lacks a class"):
        complementary_halves(2, 10, np.array([1] + [0] * 9))
    with pytest.raises(InputError, match="one label for every row"):
        complementary_halves(2, 10, groups=[1, 2])
    with pytest.raises(InputError, match="random_state"):
        complementary_halves(2, 10, random_state="seed")

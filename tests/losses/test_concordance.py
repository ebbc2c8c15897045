"""Concordance against a loop over all pairs; tests/reference/test_cox.py compares with R."""

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.losses import concordance
from tests.losses.cox_data import random_target


def by_pairs(y, risk, weights):
    good = pairs = 0.0
    for i in np.flatnonzero(y[:, 2] > 0):
        for j in range(len(y)):
            tied = y[j, 1] == y[i, 1] and y[j, 2] > 0
            if i == j or tied or y[i, 3] != y[j, 3] or not y[j, 0] < y[i, 1] <= y[j, 1]:
                continue
            pairs += weights[i] * weights[j]
            good += weights[i] * weights[j] * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    return good / pairs


@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_share_of_pairs_in_order(seed):
    rng = np.random.default_rng(seed)
    y = random_target(rng, 60, late=seed % 2 == 1, strata=1 + seed % 3)
    risk, weights = np.round(rng.normal(size=60), 1), rng.random(60) * (rng.random(60) < 0.9)
    assert concordance(y, risk, weights) == pytest.approx(by_pairs(y, risk, weights), rel=1e-10)


def test_the_ends_and_the_middle():
    y = np.column_stack([np.arange(1.0, 6.0), np.ones(5)])
    assert concordance(y, -y[:, 0]) == 1.0
    assert concordance(y, y[:, 0]) == 0.0
    assert concordance(y, np.zeros(5)) == 0.5


def test_nothing_to_compare_is_said():
    with pytest.raises(InputError, match="No two rows"):
        concordance([[1.0, 0], [2.0, 1]], np.array([1.0, 2.0]))

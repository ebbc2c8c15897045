"""Laws of losses that couple rows: weights, strata, the clock, and what their best value is."""

import numpy as np
import pytest

from regularfit.losses import Cox
from tests.losses.cox_data import random_target

BOTH = pytest.mark.parametrize("loss", Cox.examples(), ids=repr)
SEEDS = pytest.mark.parametrize("seed", range(5))


def value(loss, y, eta, weights):
    likelihood = loss.prepare(y, weights)
    return float(likelihood.value(eta[likelihood.rows][:, None])[0])


@SEEDS
def test_a_weight_is_a_repeated_row(seed):
    rng = np.random.default_rng(seed)
    y, eta, times = random_target(rng, late=seed % 2 == 1), rng.normal(size=40), rng.integers(0, 4, 40)
    times[0] = 1
    again = np.repeat(np.arange(40), times)
    alone = value(Cox(), y[again], eta[again], np.ones(len(again)))
    assert value(Cox(), y, eta, times.astype(float)) == pytest.approx(alone, rel=1e-12)


@BOTH
@SEEDS
def test_strata_add_up(loss, seed):
    rng = np.random.default_rng(seed)
    y, eta, weights = (
        random_target(rng, 60, late=seed % 2 == 1, strata=3),
        rng.normal(size=60),
        rng.random(60),
    )
    y[:3, 2], y[:3, 3] = 1, [0, 1, 2]
    parts = sum(value(loss, y, eta, weights * (y[:, 3] == k)) for k in range(3))
    assert value(loss, y, eta, weights) == pytest.approx(parts, rel=1e-12)


@BOTH
@SEEDS
def test_only_the_order_of_times_counts(loss, seed):
    rng = np.random.default_rng(seed)
    y, eta, weights = random_target(rng, late=True), rng.normal(size=40), rng.random(40)
    other = y.copy()
    other[:, :2] = np.expm1(y[:, :2] / 3)
    assert value(loss, other, eta, weights) == value(loss, y, eta, weights)


@BOTH
@SEEDS
def test_a_history_may_be_cut_in_two(loss, seed):
    rng = np.random.default_rng(seed)
    y, eta, weights = random_target(rng), rng.normal(size=40), rng.random(40)
    cut = y[:, 1] * 0.37
    early, late = y.copy(), y.copy()
    early[:, 1], early[:, 2], late[:, 0] = cut, 0, cut
    both = value(loss, np.vstack([early, late]), np.tile(eta, 2), np.tile(weights, 2))
    assert both == pytest.approx(value(loss, y, eta, weights), rel=1e-12)


@BOTH
@SEEDS
def test_a_shift_of_all_predictors_changes_nothing(loss, seed):
    rng = np.random.default_rng(seed)
    y, eta, weights = random_target(rng), rng.normal(size=40), rng.random(40)
    assert value(loss, y, eta + 300.0, weights) == pytest.approx(value(loss, y, eta, weights), rel=1e-10)


@BOTH
def test_the_best_value_is_zero_where_every_event_is_foretold(loss):
    y = np.column_stack([np.zeros(6), np.arange(1.0, 7.0), np.ones(6), np.zeros(6)])
    assert value(loss, y, -50.0 * y[:, 1], np.ones(6)) < 1e-15
    assert value(loss, y, 50.0 * y[:, 1], np.ones(6)) > 100


@BOTH
@SEEDS
def test_it_is_convex_and_never_negative(loss, seed):
    rng = np.random.default_rng(seed)
    y, weights = random_target(rng, late=True, strata=2), rng.random(40)
    a, b = 3 * rng.normal(size=(2, 40))
    middle, ends = (
        value(loss, y, (a + b) / 2, weights),
        (value(loss, y, a, weights), value(loss, y, b, weights)),
    )
    assert 0 <= middle <= sum(ends) / 2

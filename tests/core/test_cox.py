"""The core's look at the Cox partial likelihood: written out, by differences, and where exp leaves doubles."""

import numpy as np
import pytest
from regularfit._core import Cox as Core
from scipy.special import logsumexp

from regularfit.lockstep.cox.batch import in_core
from regularfit.losses import Cox
from tests.losses.cox_data import random_target, written_out

WAYS = [(late, strata, ties) for late in (False, True) for strata in (1, 3) for ties in ("breslow", "efron")]


def looked(y, weights, eta, ties):
    """Values, and minus the slopes on all rows, of the columns of eta."""
    likelihood = Cox(ties).prepare(y, weights)
    core = in_core(likelihood, np.zeros(len(likelihood.rows)))
    value, residual = np.empty(eta.shape[1]), np.empty((len(likelihood.rows), eta.shape[1]))
    core.looks(eta[likelihood.rows], value, residual)
    out = np.zeros_like(eta)
    out[likelihood.rows] = residual
    return value, out


def by_logarithms(y, weights, eta):
    """:func:`written_out` with Breslow's ties for any eta, all sums in logarithms; and minus its slopes."""
    total, slopes, used = 0.0, np.zeros(len(y)), weights > 0
    for i in np.flatnonzero(used & (y[:, 2] > 0)):
        risk = np.flatnonzero(used & (y[:, 3] == y[i, 3]) & (y[:, 0] < y[i, 1]) & (y[:, 1] >= y[i, 1]))
        same = used & (y[:, 3] == y[i, 3]) & (y[:, 1] == y[i, 1]) & (y[:, 2] > 0)
        logs = eta[risk] + np.log(weights[risk])
        total += weights[i] * (logsumexp(logs) - eta[i] - np.log(weights[same].sum()))
        slopes[i] += weights[i]
        slopes[risk] -= weights[i] * np.exp(logs - logsumexp(logs))
    return total, slopes


@pytest.mark.parametrize("count", [1, 8, 11])
@pytest.mark.parametrize(("late", "strata", "ties"), WAYS)
def test_a_look_is_the_likelihood_written_out_and_its_slopes(late, strata, ties, count):
    rng = np.random.default_rng(count)
    y = random_target(rng, 60, late=late, strata=strata)
    weights = rng.uniform(0.5, 2.0, 60) * (rng.random(60) < 0.8)
    weights[0] = 1.0
    eta = 2 * rng.normal(size=(60, count))
    value, residual = looked(y, weights, eta, ties)
    expected = [written_out(y, weights, column, ties) for column in eta.T]
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    h = 1e-5
    for i in range(0, 60, 7):
        step = h * (np.arange(60) == i)
        low, high = (written_out(y, weights, eta[:, -1] + d, ties) for d in (-step, step))
        assert abs(residual[i, -1] + (high - low) / (2 * h)) < 1e-8
    assert not residual[weights == 0].any()


@pytest.mark.parametrize(("late", "strata"), [(False, 1), (True, 1), (False, 3), (True, 3)])
def test_huge_predictors_do_not_overflow(late, strata):
    rng = np.random.default_rng(7)
    y = random_target(rng, 50, late=late, strata=strata)
    weights = rng.uniform(0.5, 2.0, 50)
    eta = rng.normal(size=(50, 3)) * [1.0, 500.0, 1e5]
    value, residual = looked(y, weights, eta, "breslow")
    for k, column in enumerate(eta.T):
        expected, slopes = by_logarithms(y, weights, column)
        np.testing.assert_allclose(value[k], expected, rtol=1e-11)
        np.testing.assert_allclose(residual[:, k], slopes, atol=1e-9)


@pytest.mark.parametrize(("late", "strata"), [(False, 1), (True, 3)])
def test_huge_predictors_with_efrons_ties_agree_with_the_loss(late, strata):
    rng = np.random.default_rng(8)
    y = random_target(rng, 50, late=late, strata=strata)
    weights = rng.uniform(0.5, 2.0, 50)
    eta = rng.normal(size=(50, 2)) * [1.0, 1e4]
    value, residual = looked(y, weights, eta, "efron")
    likelihood = Cox("efron").prepare(y, weights)
    at = likelihood.at(eta[likelihood.rows])
    np.testing.assert_allclose(value, at.value, rtol=1e-12)
    np.testing.assert_allclose(residual[likelihood.rows], -likelihood.gradient(at), atol=1e-10)


def parts():
    """What a core of four rows and two event times is made of."""
    at = [np.array(v, np.int32) for v in ([0] * 4, [1, 1, 2, 2], [0, 2], [0, 1, 2], [0, 1, 2], range(4))]
    rows = [np.zeros(4), np.zeros(4), np.array([1.0, 0.0, 1.0, 0.0])]
    return at, rows, [np.zeros(2), np.ones(2)]


@pytest.mark.parametrize(
    ("which", "wrong", "says"),
    [
        (0, [3, 0, 0, 0], "out of range"),
        (1, [2, 1, 2, 2], "sorted"),
        (2, [0, 4], "event out of range"),
        (3, [0, 2, 2], "has an event"),
        (4, [0, 1, 3], "cover"),
        (5, [0, 1], "differ"),
    ],
)
def test_what_would_read_outside_is_refused(which, wrong, says):
    at, rows, terms = parts()
    Core(at, rows, terms, 0.0, True, 1e-7)
    at[which] = np.array(wrong, np.int32)
    with pytest.raises(ValueError, match=says):
        Core(at, rows, terms, 0.0, True, 1e-7)

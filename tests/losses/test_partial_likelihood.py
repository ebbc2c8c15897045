"""The partial likelihood of one lane: value, slopes and curvature against loops and differences."""

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.losses._partial_likelihood import PartialLikelihood
from tests.losses.cox_data import random_target, written_out

WAYS = [(late, strata, ties) for late in (False, True) for strata in (1, 3) for ties in ("breslow", "efron")]
every_way = pytest.mark.parametrize(("late", "strata", "ties"), WAYS)


def made(late, strata, ties, seed=0):
    rng = np.random.default_rng(seed)
    y = random_target(rng, late=late, strata=strata)
    weights = rng.random(len(y)) * (rng.random(len(y)) < 0.8)
    weights[0] = 1.0
    return rng, y, weights, PartialLikelihood(y, weights, ties == "efron")


@every_way
def test_the_value_is_that_of_the_formula(late, strata, ties):
    rng, y, weights, likelihood = made(late, strata, ties)
    eta = rng.normal(size=(len(y), 3))
    expected = [written_out(y, weights, column, ties) for column in eta.T]
    np.testing.assert_allclose(likelihood.value(eta[likelihood.rows]), expected, rtol=1e-12)


@every_way
def test_gradient_and_hessian_are_slopes(late, strata, ties):
    rng, _, _, likelihood = made(late, strata, ties)
    eta, t, h = rng.normal(size=(len(likelihood.rows), 1)), rng.normal(size=len(likelihood.rows)), 1e-5
    at, ahead, behind = (likelihood.at(eta + shift * t[:, None]) for shift in (0.0, h, -h))
    slope = (ahead.value[0] - behind.value[0]) / (2 * h)
    assert likelihood.gradient(at)[:, 0] @ t == pytest.approx(slope, rel=1e-7, abs=1e-8)
    bend = (likelihood.gradient(ahead) - likelihood.gradient(behind))[:, 0] / (2 * h)
    H = likelihood.hessian(at, np.eye(len(t)))
    np.testing.assert_allclose(H @ t, bend, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(likelihood.hessian_times(at, t), H @ t, rtol=1e-10, atol=1e-13)
    assert np.linalg.eigvalsh(H)[0] >= -1e-13


@every_way
def test_logarithms_say_the_same(late, strata, ties):
    rng, _, _, likelihood = made(late, strata, ties)
    at = likelihood.at(20 * rng.normal(size=(len(likelihood.rows), 1)))
    value, expected, _ = likelihood._by_logarithms(at.log_v)
    assert value == pytest.approx(at.value[0], rel=1e-12)
    np.testing.assert_allclose(expected, at.expected, rtol=1e-9, atol=1e-14)


@every_way
def test_predictors_of_any_width_stay_finite(late, strata, ties):
    rng, _, _, likelihood = made(late, strata, ties)
    at = likelihood.at(5000 * rng.normal(size=(len(likelihood.rows), 2)))
    assert at.wide.all()
    assert np.isfinite(at.value).all()
    # expected events add up to the events, whatever the predictors
    np.testing.assert_allclose(at.expected.sum(axis=0), likelihood.event_weight.sum(), rtol=1e-9)
    P, Q = likelihood.bend(
        likelihood.at(5000 * rng.normal(size=(len(likelihood.rows), 1))), np.eye(len(at.v))
    )
    assert np.isfinite(P).all()
    assert np.isfinite(Q).all()


def test_a_lane_without_events_is_refused():
    y = np.array([[0.0, 1.0, 1.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
    with pytest.raises(InputError, match="no event"):
        PartialLikelihood(y, np.array([0.0, 1.0]), efron=False)

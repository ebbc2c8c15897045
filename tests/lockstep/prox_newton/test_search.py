"""How far steps go: decrease always, rows lifted to what a failed step met."""

import itertools

import numpy as np
import pytest

from regularfit.lockstep.prox_newton.curved import Rows
from regularfit.lockstep.prox_newton.search import Search
from regularfit.losses import Poisson, Squared
from tests.lockstep.truth import make_data


def smooth(loss, n=20):
    y = np.arange(1.0, n + 1)
    return Rows(make_data(n, 2).but(loss=loss, y=y).problem(), np.full(n, 1.0 / n))


def test_a_convex_step_that_goes_too_far_is_shortened():
    rows = smooth(Poisson())
    eta = np.full(20, -3.0)
    move = (
        rows.descent(eta) / rows.curve(eta, None).rows
    )  # Newton's own step overshoots where the curvature grows
    slope = -float(rows.descent(eta) @ move)
    share = Search(rows, True).share(eta, move, slope, lambda t: 0.0)
    assert 0 < share < 1
    assert rows.value(eta + share * move) < rows.value(eta)


def test_a_bent_step_is_taken_whole_or_asked_for_again_with_more_curvature():
    rows = smooth(Poisson())
    search, eta, lifts = Search(rows, False), np.full(20, -3.0), []
    for lifted in search.attempts():
        lifts.append(lifted)
        curve = rows.curve(eta, lifted).rows
        move = rows.descent(eta) / curve
        share = search.share(eta, move, -float(rows.descent(eta) @ move), lambda t: 0.0)
        if share:
            break
    assert share == 1
    assert rows.value(eta + move) < rows.value(eta)
    assert lifts[0] is None
    assert len(lifts) > 1
    assert all((b >= a).all() for a, b in itertools.pairwise(lifts[1:]))


def test_the_squared_loss_needs_no_search():
    rows = smooth(Squared())
    assert Search(rows, True).share(np.zeros(20), np.full(20, 1e9), -1.0, lambda t: 0.0) == 1


@pytest.mark.parametrize("convex", [True, False])
def test_rounding_does_not_stop_the_last_step(convex):
    rows = smooth(Poisson())
    eta = np.log(np.arange(1.0, 21)) + 1
    assert Search(rows, convex).share(eta, np.full(20, 1e-12), 1e-20, lambda t: 0.0) == 1

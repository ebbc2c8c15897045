"""No point can hide how far from the optimum it is: gaps of arbitrary points against much tighter solutions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from regularfit.lockstep import Lane, fit_lanes, make_problem
from regularfit.lockstep.certificate import Certificate, explain, judge, loose_ends
from regularfit.lockstep.gram_gaps import relative_gaps
from regularfit.lockstep.moments import Moments
from regularfit.lockstep.standard import lane_terms
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.truth import slow_quadratic

PENALTIES = [
    L1(),
    L2(),
    ElasticNet(0.5),
    L1().bounded(-0.2, 0.3),
    ElasticNet(0.5).nonnegative(),
    L1().weighted([1.0, 0.0, 2.0, np.inf]).bounded(-0.3, 0.1),
    L2().weighted([1.0, 3.0, 0.5, np.inf]),
]


def small(seed: int) -> Moments:
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((12, 4)) @ (np.eye(4) + 0.4)
    y = Z @ rng.standard_normal(4) + rng.standard_normal(12)
    return Moments(
        np.asfortranarray(Z.T @ Z / 12), Z.T @ y / 12, float(y @ y / 12), np.zeros(4), 0.0, np.ones(4), 12.0
    )


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@given(
    seed=st.integers(0, 1000), s=st.sampled_from([0.01, 0.1, 1.0]), away=st.sampled_from([0, 1e-6, 0.1, 3])
)
@settings(max_examples=20, deadline=None)
def test_the_gap_of_any_point_is_at_least_its_distance_from_the_optimum(penalty, seed, s, away):
    data, normal = small(seed), penalty.coordinates(4)
    terms = lane_terms(normal, np.ones(4))
    best = slow_quadratic(data.gram, data.c, s * terms.l1, s * terms.l2, terms.lower, terms.upper)
    moved = best + away * np.random.default_rng(seed).standard_normal(4) * np.isfinite(terms.l1)
    b = np.clip(moved, terms.lower, terms.upper)

    def value(x):
        return 0.5 * data.yy - data.c @ x + 0.5 * x @ data.gram @ x + s * normal.value(x)

    gap = relative_gaps(data, terms, np.array([s]), b[None], (data.c - data.gram @ b)[None])[0]
    truly = (value(b) - value(best)) / value(b)
    assert gap >= truly - 1e-12
    if away == 0:
        assert gap <= 1e-9


def test_judging_by_the_gap_or_where_there_is_none_by_the_violation():
    gaps, kkt = np.array([1e-9, 1e-3, np.nan, np.nan]), np.array([1.0, 1e-12, 1e-9, 1e-2])
    converged = judge(gaps, kkt, 1e-7)
    assert converged.tolist() == [True, False, True, False]
    assert not judge(np.array([np.inf]), np.array([np.nan]), 1e-7)[0]
    reasons = explain(gaps, kkt, converged, 1e-7)
    assert "duality gap" in reasons[0]
    assert "1.0e-03" in reasons[1]
    assert "optimality" in reasons[2]


def test_what_unpenalised_columns_leave_open():
    l1 = l2 = np.array([0.0, 0.0, 1.0])
    lower, upper = np.array([-np.inf, -1.0, -np.inf]), np.array([np.inf, 1.0, np.inf])
    b, g = np.array([2.0, 1.0, 5.0]), np.array([-0.1, 0.3, 0.7])
    assert loose_ends(b, g, l1, l2, lower, upper) == pytest.approx(2 * 0.2)
    assert loose_ends(b[None], g[None], l1, l2, lower, upper).shape == (1,)


def test_a_certificate_is_a_value():
    assert Certificate(0.0, 0.0, True, "why") == Certificate(0.0, 0.0, True, "why")


@pytest.mark.parametrize("stored", [np.asarray, sparse.csc_array])
def test_a_free_dummy_of_one_row_is_named(stored):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(31, 6))
    X[:, 0] = np.arange(31) == 4
    y = (X[:, 1] + rng.logistic(size=31) > 0).astype(float)
    problem = make_problem(stored(X), y, "logistic")
    for penalty in (L1(), L2()):
        free = penalty.weighted([0.0, 1, 1, 1, 1, 1])
        [[found]] = fit_lanes(problem, [free], [[0.1]], [Lane(np.arange(31), keep=True)])
        assert not found.converged.any()
        assert "dummy of one row" in found.path.reasons[0]

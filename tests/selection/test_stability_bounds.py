"""The closed forms, and any two of cutoff, q and PFER giving the third."""

from fractions import Fraction

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.selection.stability_bounds import ASSUMPTIONS, ErrorBound, false_selections, needed_count


def meinshausen_buhlmann(cutoff, q, p):
    return float(Fraction(q) ** 2 / ((2 * Fraction(str(cutoff)) - 1) * p))


def unimodal(cutoff, q, p, B):
    """Theorem 2 of Shah and Samworth in exact arithmetic."""
    tau, B = Fraction(str(cutoff)), Fraction(B)
    low, high = 1 / (2 * (2 * tau - 1 - 1 / (2 * B))), 4 * (1 - tau + 1 / (2 * B)) / (1 + 1 / B)
    return float((low if tau <= Fraction(3, 4) else high) * Fraction(q) ** 2 / p)


@pytest.mark.parametrize(
    ("cutoff", "q", "p"), [(0.6, 10, 100), (0.75, 3, 50), (0.9, 30, 1000), (1.0, 50, 1000)]
)
def test_the_closed_forms(cutoff, q, p):
    assert false_selections(cutoff, q, p, 50, "none") == pytest.approx(
        meinshausen_buhlmann(cutoff, q, p), rel=1e-12
    )
    assert false_selections(cutoff, q, p, 50) == pytest.approx(unimodal(cutoff, q, p, 50), rel=1e-12)


def test_the_example_of_the_r_package_stabs():
    # Its vignette: 9 predictors, cutoff 0.75, PFER 1 -> q = 2, PFER 0.454
    bound = ErrorBound.of(9, 50, cutoff=0.75, pfer=1)
    assert bound.q == 2
    assert round(bound.pfer, 3) == 0.454


def test_each_assumption_is_sharper_than_the_one_before():
    for cutoff, q, p in [(0.55, 5, 200), (0.6, 10, 100), (0.75, 10, 1000), (0.9, 30, 1000)]:
        weak, middle, sharp = (false_selections(cutoff, q, p, 50, a) for a in ASSUMPTIONS)
        assert 0 < sharp < middle < weak


@pytest.mark.parametrize("assumption", ASSUMPTIONS)
def test_any_two_give_the_third(assumption):
    p, B = 300, 25
    for cutoff in (0.6, 0.74, 0.76, 0.9):
        by_q = ErrorBound.of(p, B, cutoff=cutoff, pfer=1.0, assumption=assumption)
        assert by_q.pfer <= 1.0 < false_selections(cutoff, by_q.q + 1, p, B, assumption)
        assert ErrorBound.of(p, B, cutoff=cutoff, q=by_q.q, assumption=assumption) == by_q
        by_cutoff = ErrorBound.of(p, B, q=by_q.q, pfer=1.0, assumption=assumption)
        assert by_cutoff.cutoff <= needed_count(cutoff, 2 * B) / (2 * B)
        assert by_cutoff.pfer <= 1.0
        assert false_selections(by_cutoff.cutoff - 0.5 / B, by_q.q, p, B, assumption) > 1.0


def test_what_is_not_given_is_075_then_one():
    assert ErrorBound.of(100) == ErrorBound.of(100, cutoff=0.75, pfer=1.0)
    assert ErrorBound.of(100, q=5) == ErrorBound.of(100, cutoff=0.75, q=5)
    assert ErrorBound.of(100, cutoff=0.9) == ErrorBound.of(100, cutoff=0.9, pfer=1.0)
    assert ErrorBound.of(100, pfer=2.0) == ErrorBound.of(100, cutoff=0.75, pfer=2.0)


@pytest.mark.parametrize("assumption", ASSUMPTIONS)
def test_it_grows_with_q_and_falls_with_the_cutoff(assumption):
    by_q = [false_selections(0.7, q, 100, 20, assumption) for q in (1, 2, 5, 10, 20, 50, 100)]
    assert (np.diff(by_q) > -1e-12).all()
    by_cutoff = [false_selections(k / 40, 8, 100, 20, assumption) for k in range(21, 41)]
    assert (np.diff(by_cutoff) < 1e-9).all()
    assert max(by_q) <= 100


def test_where_the_theorem_is_silent_the_weaker_bound_stands():
    # theta = q / p above 1 / sqrt(3)
    assert false_selections(0.9, 60, 100, 50) == false_selections(0.9, 60, 100, 50, "none")


def test_shares_count_up_to_the_next_that_can_occur():
    assert needed_count(0.751, 100) == 76
    assert (
        needed_count(0.6, 10) == 6
    )  # 0.6 * 10 is 6.000000000000001 for a computer that multiplies otherwise
    assert false_selections(0.751, 5, 100, 50) == false_selections(0.76, 5, 100, 50)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cutoff": 0.7, "q": 3, "pfer": 1}, "leave one out"),
        ({"cutoff": 0.5}, "above 0.5"),
        ({"cutoff": 1.2}, "at most 1"),
        ({"q": 0}, "from 1 to 50"),
        ({"q": 51}, "from 1 to 50"),
        ({"q": 2.5}, "whole number"),
        ({"pfer": -1}, "positive"),
        ({"cutoff": 0.6, "pfer": 1e-9}, "even q=1"),
        ({"q": 40, "pfer": 0.01}, "even cutoff=1"),
        ({"assumption": "bimodal"}, "is not known"),
    ],
)
def test_refused(given, said):
    with pytest.raises(InputError, match=said):
        ErrorBound.of(50, 50, **given)

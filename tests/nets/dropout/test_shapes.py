"""The shapes of dropout over depth."""

import pytest

from regularfit.nets.dropout.shapes import SHAPES, profile


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("places", range(1, 12))
def test_shares_lie_in_0_1_and_reach_1(shape, places):
    shares = profile(shape, places)
    assert len(shares) == places
    assert max(shares) == 1
    assert min(shares) > 0


@pytest.mark.parametrize("places", range(2, 12))
def test_directions(places):
    for falling in ("funnel", "long_funnel", "stairs", "brick"):
        shares = profile(falling, places)
        assert list(shares) == sorted(shares, reverse=True)
    assert list(profile("triangle", places)) == sorted(profile("funnel", places))
    for symmetric in ("diamond", "hexagon"):
        assert profile(symmetric, places) == profile(symmetric, places)[::-1]


def test_the_table_of_the_docstring():
    assert profile("brick", 4) == profile("flat", 4) == (1, 1, 1, 1)
    assert profile("long_funnel", 4) == (1, 1, 1, 0.5)
    assert profile("diamond", 4) == (0.5, 1, 1, 0.5)
    assert profile("hexagon", 6) == (0.5, 1, 1, 1, 1, 0.5)
    assert profile("triangle", 4) == (0.25, 0.5, 0.75, 1)
    assert profile("stairs", 4) == (1, 1, 0.5, 0.5)

import pytest

from regularfit.report.scale import Scale, spanning


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("low", "high"), [(1.0, 2.0), (0.003, 57.0), (1e-300, 1e300), (1e-9, 1.1e-9)])
def test_ticks_lie_inside_and_are_few(low, high, log):
    ticks = Scale(high, low, log).ticks(6)
    assert 2 <= len(ticks) <= 8
    slack = 1e-9 * (high - low)
    assert all(low - slack <= t <= high + slack for t in ticks)
    assert ticks == sorted(ticks)


def test_an_axis_of_no_width():
    assert Scale(3.0, 3.0).ticks() == [3.0]
    assert Scale(3.0, 3.0)(3.0) == 0.5


def test_spanning_copes_with_nothing_and_with_one_value():
    assert spanning([]).first < 0 < spanning([]).last
    assert spanning([5.0, float("nan")]).first < 5 < spanning([5.0]).last

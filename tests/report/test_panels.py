from dataclasses import replace

import pytest

from regularfit.report.panels import candidates
from regularfit.report.panels._strengths import brief, strength_scale
from regularfit.report.panels.curve import error_scale
from tests.report.builder import diabetes


@pytest.fixture(scope="module")
def curve():
    return diabetes((1.0,)).candidates[0].curve


def test_an_exploding_end_does_not_flatten_the_valley(curve):
    exploding = replace(curve, mean=(*curve.mean[:-1], 1e12), se=(*curve.se[:-1], 1e10))
    assert error_scale(exploding).last < 2 * curve.mean[0]
    assert error_scale(curve).first < min(curve.mean)


def test_strengths_go_from_strong_to_weak():
    axis = strength_scale((10.0, 1.0, 0.1))
    assert (axis.first, axis.last) == (10.0, 0.1)
    assert strength_scale((2.0,))(2.0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("x", "text"), [(0.1, "0.1"), (1e-9, "10⁻⁹"), (5e-9, "5\u00a0×\u00a010⁻⁹"), (2500.0, "2,500")]
)
def test_ticks_have_no_idle_zeros(x, text):
    assert brief(x) == text


def test_the_column_of_honest_intervals_is_there_where_they_are():
    data = diabetes((1.0, 0.5))
    assert "honest interval" in candidates.panel(data)
    without = tuple(replace(c, honest=None) for c in data.candidates)
    page = candidates.panel(replace(data, candidates=without, honest=None))
    assert "honest interval" not in page
    assert "<td>–</td>" not in page

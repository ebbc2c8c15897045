from dataclasses import replace

import pytest

from regularfit.report.panels import candidates, coefficients, path, table
from regularfit.report.panels._strengths import brief, strength_scale
from regularfit.report.panels.curve import error_scale
from tests.report.builder import diabetes, three_classes


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


def test_every_class_has_a_column_of_coefficients():
    data = three_classes(tuple("abcdefg"))
    page = coefficients.panel(data)
    assert page.count('<th scope="col">g</th>') == 2  # for one standard deviation, and for one unit
    assert page.count("<td><span>") == 7 * len(data.by_class.coefficients)
    assert "intercept" in page
    assert "widest differences between two classes" in path.panel(data).lower().replace("&#x27;", "'")


def test_many_classes_are_folded_and_none_is_called_the_predicted_one():
    page = table.panel(three_classes([f"k{i}" for i in range(20)]))
    assert "The other 8" in page
    assert "the one whose probability" not in page

"""KnobCV: CVResult with the knob that varies beside the strengths."""

import numpy as np
import pytest

import regularfit as rf
from regularfit.selection import CVResult, index_one_se
from regularfit.trees.knob_cv import KnobCV

RNG = np.random.default_rng(0)
FOLDS = np.abs(np.linspace(-1, 1, 40))[:, None] + 0.2 * RNG.normal(size=(40, 5)) + RNG.normal(size=5)


def test_rounds_count_from_one():
    cv = KnobCV.of_rounds(FOLDS, np.ones(5))
    np.testing.assert_array_equal(cv.values, np.arange(1, 41))
    assert cv.knob == "rounds"
    assert cv.value_min == FOLDS.mean(axis=1).argmin() + 1
    assert cv.value_1se == index_one_se(FOLDS) + 1 <= cv.value_min
    assert cv.strength_min == 1 / cv.value_min


def test_it_is_a_cv_result():
    weights = np.array([1.0, 2.0, 1.0, 3.0, 1.0])
    cv = KnobCV.of_rounds(FOLDS, weights, "mean squared error")
    plain = CVResult(1 / np.arange(1.0, 41), FOLDS, weights)
    np.testing.assert_array_equal(cv.mean, plain.mean)
    np.testing.assert_array_equal(cv.se, plain.se)
    assert cv.index_1se == plain.index_1se


def test_scores_that_grow():
    cv = KnobCV.of_rounds(-FOLDS, np.ones(5), "r2", True)
    assert cv.value_min == KnobCV.of_rounds(FOLDS, np.ones(5)).value_min
    assert cv.value_1se == KnobCV.of_rounds(FOLDS, np.ones(5)).value_1se


def test_other_knobs():
    strengths = np.array([10.0, 1.0, 0.1])
    cv = KnobCV(strengths, FOLDS[:3], np.ones(5), knob="trees", values=[3, 10, 30])
    assert cv.value_min in (3.0, 10.0, 30.0)
    np.testing.assert_array_equal(KnobCV(strengths, FOLDS[:3], np.ones(5)).values, strengths)


def test_of_ties_the_fewest_rounds():
    cv = KnobCV.of_rounds(np.ones((4, 3)), np.ones(3))
    assert (cv.value_min, cv.value_1se) == (1.0, 1.0)


@pytest.mark.parametrize("values", [[1, 2], [[1, 2, 3]], [1, 2, 3, 4]])
def test_one_value_a_strength(values):
    with pytest.raises(rf.InputError, match="values"):
        KnobCV([3.0, 2.0, 1.0], np.ones((3, 2)), np.ones(2), values=values)


def test_scores_that_are_not_finite():
    with pytest.raises(rf.InputError, match="only finite"):
        KnobCV.of_rounds([[1.0, np.nan]], np.ones(2))

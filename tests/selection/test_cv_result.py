from __future__ import annotations

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.selection import CVResult

STRENGTHS = np.array([1.0, 0.1, 0.01])
FOLDS = np.array([[5.0, 9.0], [1.1, 5.0], [1.0, 4.9]])


def test_facts():
    cv = CVResult(STRENGTHS, FOLDS, np.array([1.0, 3.0]))
    np.testing.assert_allclose(cv.mean, [8.0, 4.025, 3.925])
    np.testing.assert_allclose(cv.se, np.sqrt(0.25 * 0.75) * np.abs(FOLDS[:, 0] - FOLDS[:, 1]))
    assert (cv.index_min, cv.strength_min) == (2, 0.01)
    assert (cv.index_1se, cv.strength_1se) == (2, 0.01)
    assert cv.index_1se_unpaired == 1


def test_scores_where_greater_is_better_choose_the_same():
    losses = np.random.default_rng(0).normal(size=(30, 7))
    strengths, weights = np.geomspace(1, 0.01, 30), np.arange(1.0, 8)
    down = CVResult(strengths, losses, weights)
    up = CVResult(strengths, -losses, weights, "auc", True)
    assert (up.index_min, up.index_1se) == (down.index_min, down.index_1se)
    np.testing.assert_allclose(up.mean, -down.mean)
    np.testing.assert_allclose(up.se, down.se)


def test_paired_se_of_a_constant_difference_is_zero():
    cv = CVResult(STRENGTHS, FOLDS, np.ones(2))
    np.testing.assert_allclose(cv.paired_se(FOLDS - 1.0), 0.0)


@pytest.mark.parametrize(
    ("strengths", "folds", "weights", "words"),
    [
        (STRENGTHS, FOLDS[:2], [1, 1], "folds has shape"),
        (STRENGTHS[::-1], FOLDS, [1, 1], "decreasing"),
        (STRENGTHS, FOLDS, [1, 0], "positive weight"),
        (STRENGTHS, np.where(FOLDS > 8, np.nan, FOLDS), [1, 1], "strength 1 in fold 1 is nan"),
        ([], np.empty((0, 2)), [1, 1], "at least one strength"),
    ],
)
def test_refusals(strengths, folds, weights, words):
    with pytest.raises(InputError, match=words):
        CVResult(strengths, folds, weights)

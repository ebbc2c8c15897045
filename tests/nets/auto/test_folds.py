"""Folds of the search: every net knows every class, and rare classes are held out where that is possible."""

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit.errors import FewerFoldsWarning  # noqa: E402
from regularfit.nets.auto.folds import search_folds  # noqa: E402


def test_what_needs_no_help_is_returned():
    codes = np.repeat([0, 1], 10)
    pairs = [(np.arange(10), np.arange(10, 20))]
    assert search_folds(5, codes) == 5
    assert search_folds(pairs, np.array([0, 1])) is pairs
    assert search_folds(1, np.array([0, 0, 1])) == 1  # refused where folds are made


def test_rare_classes():
    codes = np.array([0] * 40 + [1] * 40 + [2] * 3 + [3] + [4] * 2)
    folds = search_folds(5, codes)
    assert len(folds) == 5
    times = np.zeros(len(codes), dtype=int)
    for train, test in folds:
        assert set(codes[train]) == {0, 1, 2, 3, 4}
        np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(codes)))
        times[test] += 1
    assert (times[codes != 3] == 1).all()
    assert times[codes == 3] == 0
    sizes = [len(test) for _, test in folds]
    assert max(sizes) - min(sizes) <= 1


def test_fewer_folds_where_no_class_has_enough_rows():
    with pytest.warns(FewerFoldsWarning, match="3 folds are used in place of 5"):
        folds = search_folds(5, np.array([0, 0, 0, 1, 1, 1]))
    assert len(folds) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(search_folds(3, np.array([0, 0, 0, 1, 1, 2]))) == 3

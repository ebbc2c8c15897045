"""Targets, labels, weights and offsets: what is taken and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from regularfit.errors import InputError
from regularfit.inputs.targets import (
    check_classes_weighted,
    read_classes,
    read_offset,
    read_target,
    read_weights,
)


@pytest.mark.parametrize(
    "make", [list, np.array, pd.Series, pl.Series, pa.array, lambda v: pd.Series(v, dtype="Int64")]
)
def test_numeric_targets_of_every_kind(make):
    np.testing.assert_array_equal(read_target(make([1, 2, 4]), 3), [1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed"),
        ([1.0, np.nan, 2.0], "NaN"),
        ([1.0, np.inf, 2.0], "infinity"),
        ([1.0, 2.0], "has 2 entries"),
        ([3.0, 3.0, 3.0], r"one value only \(3\) in all 3 rows.*right column"),
        (["a", "b", "c"], "PenalizedClassifier"),
        (np.zeros((3, 2, 2)), "one-dimensional"),
        (np.ones((3, 2)), "All 2 columns of y have one value only"),
        ([[1.0, 2.0], [np.nan, 1.0], [0.0, 1.0]], "NaN"),
        ([["a", "b"]] * 3, "text or objects"),
    ],
)
def test_unusable_targets(y, message):
    with pytest.raises(InputError, match=message):
        read_target(y, 3)


@pytest.mark.parametrize("labels", [["no", "yes"], [0, 1], [-1, 1], [True, False], [2.0, 7.0]])
@pytest.mark.parametrize("make", [list, np.array, pd.Series, pl.Series, pa.array])
def test_labels_of_every_kind(labels, make):
    classes, y01 = read_classes(make([labels[1], labels[0], labels[1]]), 3)
    np.testing.assert_array_equal(classes, sorted(labels))
    assert [classes[int(k)] for k in y01] == [labels[1], labels[0], labels[1]]


def test_categorical_labels():
    classes, _ = read_classes(pd.Series(["b", "a", "b"], dtype="category"), 3)
    assert classes.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", "a", "a"], "one class only"),
        ([0.5, 1.5, 2.5], r"continuous.*PenalizedRegressor"),
        ([0.0, np.nan, 1.0], "NaN"),
        (["a", None, "b"], "no label at all, in 1 row .first: None in row 1"),
        (pd.Series(["a", pd.NA, "b"], dtype="string"), "first: <NA> in row 1"),
        (np.array(["a", np.nan, np.nan], object), "in 2 rows .first: nan in row 1.*drop the rows"),
        (["a", "b"], "inconsistent numbers of samples"),
        (None, "requires y to be passed"),
    ],
)
def test_unusable_labels(y, message):
    with pytest.raises(InputError, match=message):
        read_classes(y, 3)


def test_one_class_left_by_the_weights():
    with pytest.raises(InputError, match=r"0 on every row of class 'a'.*two classes"):
        check_classes_weighted(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array(["a", "b"]))
    check_classes_weighted(np.array([0.0, 1.0]), None, np.array(["a", "b"]))


def test_weights_and_offsets():
    assert read_weights(None, 2) is None
    assert read_offset(None, 2) is None
    np.testing.assert_array_equal(read_weights(pd.Series([1, 0], dtype="Int64"), 2), [1.0, 0.0])
    np.testing.assert_array_equal(read_weights(2, 2), [2.0, 2.0])
    np.testing.assert_array_equal(read_offset([1, 2], 2), [1.0, 2.0])


@pytest.mark.parametrize(
    ("weights", "message"),
    [([1, -1], "negative"), ([0, 0], "zero"), ([1], "1 entries"), ([[1, 1]], "1D"), ([1, np.nan], "NaN")],
)
def test_unusable_weights(weights, message):
    with pytest.raises(InputError, match=message):
        read_weights(weights, 2)


def test_unusable_offset():
    with pytest.raises(InputError, match="offset has 3 entries"):
        read_offset([1, 2, 3], 2)

"""Codes of categories: the text they stand for, counts, and rows of them."""

import numpy as np
import pytest

from regularfit.inputs.levels import Levels
from regularfit.inputs.raw_table import RawTable, read_raw_table


def test_codes_stand_for_the_text():
    values = np.random.default_rng(0).choice(["b", "a", "", "c"], 200).tolist()
    levels = Levels.of(iter(values))
    assert [levels.names[code] for code in levels.codes] == values
    assert len(set(levels.names)) == len(levels.names)
    assert dict(zip(levels.names, levels.counts(), strict=True)) == {v: values.count(v) for v in set(values)}


def test_rows_keep_their_codes():
    levels = Levels.of(["b", "a", "c", "a"])
    some = levels.take(np.array([3, 1]))
    assert some.names == levels.names
    assert some.codes.tolist() == [1, 1]
    assert some.counts().tolist() == [0, 2, 0]


def test_rows_of_a_table_that_was_read():
    X = np.array([[1.0, "a"], [np.nan, "b"], [3, None], [2.0, 7.0]], dtype=object)
    rows = np.array([3, 1])
    (numbers, levels), (alone, text) = read_raw_table(X).take(rows).columns, read_raw_table(X[rows]).columns
    np.testing.assert_array_equal(numbers, alone)
    assert [levels.names[c] for c in levels.codes] == ["7", "b"]
    assert [text.names[c] for c in text.codes] == ["7", "b"]


def test_numbers_and_levels_turn_into_each_other():
    values = np.array([2.0, np.nan, -0.0, 2.5])
    levels = RawTable.as_levels(values)
    assert levels.names == ("2", RawTable.MISSING, "0", "2.5")
    np.testing.assert_array_equal(RawTable.as_numbers(levels), values)
    with pytest.raises(ValueError, match="big"):
        RawTable.as_numbers(Levels.of(["1", "big"]))

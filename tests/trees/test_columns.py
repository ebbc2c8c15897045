"""TreeColumns: any table as a matrix, by what training rows taught."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import regularfit as rf
from regularfit.errors import UnseenCategoryWarning
from regularfit.trees.columns import MOST_CODES, MOST_INDICATORS, TreeColumns

FRAME = pd.DataFrame(
    {
        "n": [1.5, np.nan, 3.0, 4.0],
        "c": ["red", "blue", None, "red"],
        "b": [True, False, True, True],
        "k": pd.Categorical(["x", "y", "x", None]),
    }
)
CODES = [[1.5, 1, 1, 0], [np.nan, 0, 0, 1], [3.0, np.nan, 1, 0], [4.0, 1, 1, np.nan]]


def test_codes_and_missing_values():
    columns = TreeColumns.learn(FRAME)
    np.testing.assert_array_equal(columns.encode(FRAME), CODES)
    assert columns.categories == (1, 2, 3)
    assert columns.encoded_names == ("n", "c", "b", "k")


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_libraries(library):
    columns = TreeColumns.learn(FRAME)
    made = pytest.importorskip(library)
    table = (made.DataFrame if library == "polars" else made.table)(
        {
            "n": [1.5, None, 3.0, 4.0],
            "c": ["red", "blue", None, "red"],
            "b": [True, False, True, True],
            "k": ["x", "y", "x", None],
        }
    )
    np.testing.assert_array_equal(columns.encode(table), CODES)


def test_indicators():
    columns = TreeColumns.learn(FRAME, indicators=True)
    assert columns.categories == ()
    assert columns.encoded_names == ("n", "c = blue", "c = red", "b = False", "b = True", "k = x", "k = y")
    found = columns.encode(FRAME)
    np.testing.assert_array_equal(found[2], [3, 0, 0, 0, 1, 1, 0])  # a missing category is none of them


def test_plain_arrays_have_no_categories():
    X = np.arange(6.0).reshape(3, 2)
    columns = TreeColumns.learn(X)
    assert (columns.names, columns.categories) == (None, ())
    np.testing.assert_array_equal(columns.encode(X), X)
    assert columns.encode(X).flags.c_contiguous


def test_arrays_of_objects():
    X = np.array([[1, "u"], [2, "v"], [None, "u"]], dtype=object)
    found = TreeColumns.learn(X).encode(X)
    np.testing.assert_array_equal(found, [[1, 0], [2, 1], [np.nan, 0]])


def test_levels_that_training_did_not_see():
    columns = TreeColumns.learn(FRAME[["c"]])
    with pytest.warns(UnseenCategoryWarning, match=r"'c' holds categories.*\(2: 'green', 'teal'\)"):
        found = columns.encode(pd.DataFrame({"c": ["green", "red", "teal"]}))
    np.testing.assert_array_equal(found[:, 0], [np.nan, 1, np.nan])


@pytest.mark.parametrize(("indicators", "most"), [(False, MOST_CODES), (True, MOST_INDICATORS)])
def test_rare_levels_are_left_out_in_silence(indicators, most):
    many = pd.DataFrame({"c": [f"v{k}" for k in range(most + 40)] + ["v7"] * 3})
    columns = TreeColumns.learn(many, indicators=indicators)
    assert len(columns.levels[0]) == most
    assert "v7" in columns.levels[0]
    found = columns.encode(many)  # no warning: training has seen them
    assert found.shape[1] == (most if indicators else 1)


def test_numbers_where_training_had_categories_and_the_other_way_round():
    columns = TreeColumns.learn(pd.DataFrame({"c": ["1", "2"], "n": [1.0, 2.0]}))
    found = columns.encode(pd.DataFrame({"c": [1.0, 2.0], "n": ["3", None]}))
    np.testing.assert_array_equal(found, [[0, 3], [1, np.nan]])
    with pytest.raises(rf.InputError, match="'n' held numbers in training and now holds text"):
        columns.encode(pd.DataFrame({"c": ["1"], "n": ["three"]}))


def test_other_columns():
    columns = TreeColumns.learn(FRAME)
    with pytest.raises(rf.InputError, match="feature names should match"):
        columns.encode(FRAME.rename(columns={"n": "m"}), "the forest")
    with pytest.raises(rf.InputError, match="features"):
        TreeColumns.learn(np.ones((3, 2))).encode(np.ones((3, 3)))


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.array([[np.inf]]), rf.InputError, "infinity"),
        (np.ones(3), rf.InputError, "Expected 2D array"),
        (np.ones((0, 2)), rf.InputError, "0 sample"),
        (np.ones((2, 2), dtype=complex), rf.InputError, "Complex"),
        (sp.csr_matrix(np.eye(3)), rf.UnsupportedError, "sparse input is not supported"),
        (pd.DataFrame({"d": pd.date_range("2020", periods=2)}), rf.InputError, "dates or times"),
    ],
)
def test_tables_that_cannot_be_read(X, error, message):
    with pytest.raises(error, match=message):
        TreeColumns.learn(X)

"""Any table in: values, names, and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from regularfit.errors import InputError, UnsupportedError
from regularfit.inputs.table import FittedColumns, read_table

NUMBERS = {"age": [1.0, 2.0, 3.0], "bmi": [4, 5, 6], "smoker": [True, False, True]}
EXPECTED = np.array([[1.0, 4, 1], [2, 5, 0], [3, 6, 1]])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_tables_keep_names_and_values(make):
    table = read_table(make(NUMBERS))
    assert table.names == ("age", "bmi", "smoker")
    np.testing.assert_array_equal(table.values, EXPECTED)
    assert table.values.dtype == np.float64
    assert (table.n, table.p) == (3, 3)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_float32_columns_stay_float32(make):
    table = read_table(make({"a": np.ones(3, np.float32), "b": np.arange(3, dtype=np.float32)}))
    assert table.values.dtype == np.float32


def test_nullable_pandas_columns_are_numbers():
    table = read_table(
        pd.DataFrame({"a": pd.array([1, 2], dtype="Int64"), "b": pd.array([True, False], dtype="boolean")})
    )
    np.testing.assert_array_equal(table.values, [[1, 1], [2, 0]])


def test_object_columns_of_numbers_are_numbers():
    table = read_table(pd.DataFrame({"a": np.array([1, 2.5], dtype=object)}))
    np.testing.assert_array_equal(table.values, [[1], [2.5]])


def test_integer_labels_are_not_names():
    assert read_table(pd.DataFrame(np.eye(2))).names is None


def test_arrays_are_not_copied():
    X = np.asfortranarray(np.eye(3, dtype=np.float32))
    assert read_table(X).values is X
    S = sp.csc_array(np.eye(3))
    assert read_table(S).values is S


def test_sparse_formats_become_csr():
    assert read_table(sp.coo_array(np.eye(3))).values.format == "csr"


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_text_columns_are_named(make):
    with pytest.raises(InputError, match=r"1 column.* not numeric: 'city' .*Encode or drop"):
        read_table(make({"a": [1.0, 2.0], "city": ["x", "y"]}))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_missing_values_are_named_by_column(make):
    with pytest.raises(
        InputError, match=r"contains NaN or infinity \(1 missing or NaN, 0 infinite\).*'b'.*impute"
    ):
        read_table(make({"a": [1.0, 2.0], "b": [1.0, None]}))


def test_duplicate_names_are_refused():
    X = pd.DataFrame(np.eye(3), columns=["a", "b", "a"])
    with pytest.raises(InputError, match=r"duplicate column names: 'a'.*rename or drop"):
        read_table(X)
    arrow = pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], names=["a", "a"])
    with pytest.raises(InputError, match="duplicate column names"):
        read_table(arrow)


def test_mixed_names_are_refused():
    with pytest.raises(UnsupportedError, match="mixed types"):
        read_table(pd.DataFrame(np.eye(2), columns=["a", 1]))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.empty((0, 2)), r"0 sample\(s\) \(shape=\(0, 2\)\)"),
        (np.empty((2, 0)), r"0 feature\(s\) \(shape=\(2, 0\)\) while a minimum of 1 is required"),
        (np.ones(3), r"Expected 2D array, got 1D array instead.*Reshape your data"),
        (np.ones((2, 2, 2)), "2D array"),
        (np.array([[1.0, np.nan]]), "NaN"),
        (np.array([[1.0, np.inf]]), "infinity"),
        (np.array([[1 + 1j]]), "Complex data not supported"),
        (np.array([["a", "b"]]), "only numbers|not numeric"),
        (np.array([[1, "a"]], dtype=object), "holds text"),
        (sp.csr_array([[np.nan, 1.0]]), "NaN"),
        ([[1, 2], [3]], "rectangular"),
    ],
)
def test_unusable_arrays(X, message):
    with pytest.raises(InputError, match=message):
        read_table(X)


def test_objects_that_are_not_numbers():
    with pytest.raises(UnsupportedError, match=r"argument must be a string or a real number"):
        read_table(np.array([[1, {}]], dtype=object))


def test_float32_overflow_is_seen_as_infinity():
    with np.errstate(over="ignore"), pytest.raises(InputError, match="infinity"):
        read_table(np.array([[1e300, 1.0]]).astype(np.float32))


def test_huge_finite_values_are_not_mistaken_for_infinity():
    assert read_table(np.full((2, 2), 1e308)).p == 2
    assert read_table(pd.DataFrame(np.full((2, 2), 1e308), columns=["a", "b"])).p == 2


FITTED = FittedColumns(("age", "bmi"), 2, "M")


def _named(*names):
    return pd.DataFrame(np.zeros((1, len(names))), columns=list(names))


def test_same_columns_pass():
    assert read_table(_named("age", "bmi"), fitted=FITTED).names == ("age", "bmi")


def test_missing_and_unseen_columns_are_listed_with_the_nearest():
    message = (
        r"(?s)unseen at fit time:\n- bim\n.*now missing:\n- bmi\n.*'bim' meant to be 'bmi'.*feature_names_in_"
    )
    with pytest.raises(InputError, match=message):
        read_table(_named("age", "bim"), fitted=FITTED)


def test_names_are_compared_before_values():
    with pytest.raises(InputError, match="now missing"):
        read_table(pd.DataFrame({"age": [np.nan]}), fitted=FITTED)


def test_wrong_order_is_refused():
    with pytest.raises(InputError, match="same order as they were in fit"):
        read_table(_named("bmi", "age"), fitted=FITTED)


def test_long_lists_are_cut():
    names = tuple(f"c{k}" for k in range(20))
    with pytest.raises(InputError, match=r"(?s)- c0\n.*- \.\.\.\n"):
        read_table(_named("z"), fitted=FittedColumns(names, 20, "M"))


def test_names_on_one_side_only_warn():
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        read_table(np.zeros((1, 2)), fitted=FITTED)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        read_table(_named("a", "b"), fitted=FittedColumns(None, 2, "M"))


def test_wrong_number_of_columns():
    with pytest.raises(InputError, match="X has 3 features, but M is expecting 2 features as input"):
        read_table(np.zeros((1, 3)), fitted=FittedColumns(None, 2, "M"))

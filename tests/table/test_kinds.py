import numpy as np
import pandas as pd
import pytest

from regularfit.table.kinds import marker_note, reason_to_drop

N = 100


@pytest.mark.parametrize(
    ("name", "series", "reason"),
    [
        ("a", pd.Series([np.nan] * N), "no values"),
        ("a", pd.Series([3] * N), "constant (always 3)"),
        ("a", pd.Series(["x"] * N), "constant (always x)"),
        ("row", pd.Series(range(N)), "numbers the rows"),
        ("patient_id", pd.Series(np.random.default_rng(0).permutation(10**6)[:N]), "different whole number"),
        ("a", pd.Series([f"text {i}" for i in range(N)]), "id or free text"),
        ("id", pd.Series([f"t{i}" for i in range(30)]), "different value in every row"),
    ],
)
def test_reasons_to_drop(name, series, reason):
    assert reason in reason_to_drop(series, name)


@pytest.mark.parametrize(
    ("name", "series"),
    [
        ("a", pd.Series([1.0, np.nan] * 50)),  # one value, but where it is missing may say something
        ("a", pd.Series(np.random.default_rng(0).permutation(10**6)[:N])),
        ("humid", pd.Series(np.random.default_rng(0).normal(size=N))),
        ("width", pd.Series(range(N)) * 2),
        ("town", pd.Series(["a", "b"] * 50)),
        ("when", pd.Series(pd.date_range("2020", periods=N))),
    ],
)
def test_columns_that_stay(name, series):
    assert reason_to_drop(series, name) is None


def test_numbers_with_a_marker_are_pointed_out():
    note = marker_note(pd.Series([*map(str, range(20)), "?", "NA"]), "age")
    assert "--missing '?' --missing NA" in note
    assert marker_note(pd.Series(["a", "b", "1"]), "age") is None

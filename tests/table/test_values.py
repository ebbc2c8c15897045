from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from regularfit.table import values


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pd.Series([1, 2]), True),
        (pd.Series([True, None], dtype=object), True),
        (pd.Series([Decimal("1.5"), None], dtype=object), True),
        (pd.Series(pd.to_timedelta(["1s", "2s"])), True),
        (pd.Series(["1", "a"]), False),
        (pd.Series(pd.Categorical([1, 2])), False),
        (pd.Series(pd.to_datetime(["2020-01-01"])), False),
    ],
)
def test_what_is_passed_on_as_numbers(series, expected):
    assert values.is_number(series) is expected


def test_to_numbers_of_every_kind():
    for series in (
        pd.Series([1, None], dtype="Int64"),
        pd.Series([True, None], dtype="boolean"),
        pd.Series([True, None], dtype=object),
        pd.Series([Decimal(1), None], dtype=object),
        pd.Series(pd.to_timedelta(["1s", None])),
        pd.Series(["1", None]),
    ):
        made = values.to_numbers(series, "a")
        assert made.dtype == np.float64
        assert made[0] == 1.0
        assert np.isnan(made[1])


def test_to_text_writes_whole_numbers_without_a_point():
    assert values.to_text(pd.Series([1.0, np.nan, 3.0])).tolist()[::2] == ["1", "3"]
    assert values.to_text(pd.Series([1.5, 2.0])).tolist() == ["1.5", "2.0"]

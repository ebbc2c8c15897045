"""What a survival target may be, and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from regularfit.errors import InputError
from regularfit.losses import survival
from regularfit.losses._survival_target import read_survival

TIME, EVENT = np.array([2.0, 3.0, 5.0]), np.array([True, False, True])
FRAME = pd.DataFrame({"time": TIME, "event": EVENT})
FORMS = {
    "survival": survival(TIME, EVENT),
    "start": survival(np.zeros(3), TIME, EVENT),
    "columns": np.column_stack([TIME, EVENT]),
    "three columns": np.column_stack([0 * TIME, TIME, EVENT]),
    "lists": [[2, 1], [3, 0], [5, 1]],
    "scikit-survival": np.array(
        [(True, 2.0), (False, 3.0), (True, 5.0)], dtype=[("cens", "?"), ("days", "f8")]
    ),
    "pandas": FRAME,
    "polars": pl.from_pandas(FRAME),
    "pyarrow": pa.Table.from_pandas(FRAME),
    "other names": FRAME.rename(columns={"time": "days", "event": "died"}),
}


@pytest.mark.parametrize("name", FORMS)
def test_all_forms_are_read_alike(name):
    target, labels = read_survival(FORMS[name])
    np.testing.assert_array_equal(target, np.column_stack([0 * TIME, TIME, EVENT, 0 * TIME]))
    assert labels is None


def test_strata_keep_their_labels_and_slices_theirs():
    y = survival(TIME, EVENT, strata=["b", "a", "b"])
    target, labels = read_survival(y)
    assert labels.tolist() == ["a", "b"]
    assert target[:, 3].tolist() == [1, 0, 1]
    assert read_survival(y[[0, 2]])[1].tolist() == ["b"]


BAD = {
    "time must be above 0": lambda: survival([0.0, 1.0], [1, 1]),
    "row 1, counted from 0": lambda: survival([1.0, -1.0], [1, 1]),
    "time is nan in row 1": lambda: survival([1.0, np.nan], [1, 1]),
    "stop must be after start": lambda: survival([0.0, 2.0], [1.0, 2.0], [1, 1]),
    "start must be 0 or above": lambda: survival([-1.0, 0.0], [1.0, 2.0], [1, 1]),
    "Codes 1 and 2 become event == 2": lambda: survival([1.0, 2.0], [1, 2]),
    "holds nan in row 0": lambda: survival([1.0, 2.0], [np.nan, 1]),
    "all are censored": lambda: survival([1.0, 2.0], [0, 0]),
    "give one for every row": lambda: survival([1.0, 2.0], [1]),
    "An array of shape": lambda: read_survival([1.0, 2.0]),
    "the target y is None": lambda: read_survival(None),
    "do not say what is time": lambda: read_survival(pd.DataFrame(np.ones((2, 5)), columns=list("abcde"))),
    "one number a row": lambda: survival(["a", "b"], [1, 1]),
    "no NaN": lambda: survival(TIME, EVENT, strata=[1.0, np.nan, 2.0]),
}


@pytest.mark.parametrize("message", BAD)
def test_what_cannot_be_is_refused_by_name(message):
    with pytest.raises(InputError, match=message):
        BAD[message]()

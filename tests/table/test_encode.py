import json

import numpy as np
import pandas as pd
import pytest

from regularfit.errors import TableError
from regularfit.table import Encoder, learn_encoder


def test_columns_missing_together_share_one_companion(as_table):
    frame = pd.DataFrame({"a": [1, None, 3, 4.0], "b": [2, None, 1, 5.0], "c": [None, 1, 2, 3.5]})
    encoder, encoded = learn_encoder(as_table(frame))
    assert encoded.names == ("a", "a is missing (and 1 more)", "b", "c", "c is missing")
    assert encoded.X[:, 1].tolist() == [0, 1, 0, 0]
    assert np.isnan(encoded.X[1, 0])
    assert encoder.shared == frozenset("b")


def test_dropped_columns_have_reasons_and_constant_parts_go_silently(as_table, mixed):
    mixed["constant"] = 1
    encoder, encoded = learn_encoder(as_table(mixed))
    assert [d.column for d in encoder.dropped] == ["constant"]
    assert "day: year" not in encoded.names  # all days lie in one year
    assert "day: days" in encoded.names
    assert len(set(encoded.names)) == encoded.X.shape[1]


def test_nothing_left_is_an_error(as_table):
    with pytest.raises(TableError, match=r"no column to predict from.*'a' is constant"):
        learn_encoder(as_table(pd.DataFrame({"a": [1, 1], "b": ["x", "x"]})))
    with pytest.raises(TableError, match="no column to predict from"):
        learn_encoder(as_table(pd.DataFrame(index=range(3))))


def test_two_columns_of_one_name_get_numbers(as_table):
    frame = pd.DataFrame({"a=x": [1.0, 2, 3], "a": ["x", "y", "z"]})
    assert learn_encoder(as_table(frame))[1].names == ("a=x", "a=x (2)", "a=y", "a=z")


def test_state_survives_json_and_gives_the_same_matrix(as_table, mixed):
    encoder, encoded = learn_encoder(as_table(mixed))
    again = Encoder.from_state(json.loads(json.dumps(encoder.to_state())))
    assert again == encoder
    np.testing.assert_array_equal(again.apply(as_table(mixed)).X, encoded.X)
    assert again.apply(as_table(mixed)).notes == ()


def test_numbers_that_a_marker_turned_into_text_are_pointed_out_when_dropped(as_table):
    """All different, with a few NA: without the hint a good column would go as if it were an id."""
    numbers = [f"{1.5 * i:g}" for i in range(60)]
    numbers[7] = numbers[30] = "NA"
    frame = pd.DataFrame({"size": numbers, "other": np.arange(60) % 7, "name": [f"n{i}" for i in range(60)]})
    encoder, _ = learn_encoder(as_table(frame))
    assert [column.column for column in encoder.dropped] == ["size", "name"]
    (note,) = encoder.notes
    assert note == (
        "column 'size' holds numbers and the text 'NA' 2 times, so it was taken for text and dropped; if that means "
        "missing, add --missing NA"
    )

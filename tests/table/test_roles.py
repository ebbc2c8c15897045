import numpy as np
import pandas as pd
import pytest

from regularfit.errors import TableError
from regularfit.table import take_roles


@pytest.fixture
def table(as_table):
    return as_table(
        pd.DataFrame(
            {
                "price": [1.0, None, 3, 4], "size": [1, 2, 3, 4], "w": [1, 0, 2, 1], "g": list("abab"),
                "t": ["2020-01-02", "2020-01-01", "2020-01-03", "2020-01-01"],
            }
        )
    )  # fmt: skip


def test_roles_are_taken_and_rows_without_target_left_out(table):
    roles = take_roles(table, "price", weight="w", group="g", time="t")
    assert roles.table.names == ["size"]
    assert roles.dropped_rows == 1
    assert roles.weight.tolist() == [1, 2, 1]
    assert roles.group.tolist() == [0, 0, 1]
    assert roles.time.tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("target", "options", "words"),
    [
        ("Price ", {}, r"no column 'Price ' \(given as --target\). Did you mean 'price'"),
        (None, {}, "No target was named.*price, size"),
        ("price", {"weight": "nothing"}, "given as --weight"),
        ("price", {"drop": ("sizes",)}, "given as --drop.*'size'"),
        ("price", {"weight": "price"}, "both as --target and as --weight"),
        ("price", {"weight": "g"}, "must hold numbers"),
    ],
)
def test_roles_that_cannot_be_taken(table, target, options, words):
    with pytest.raises(TableError, match=words):
        take_roles(table, target, **options)


@pytest.mark.parametrize(
    ("weights", "words"),
    [([1, -1, 1], "holds -1 in row 2"), ([1, np.nan, 1], "none may be missing"), ([0, 0, 0], "are zero")],
)
def test_weights_must_make_sense(as_table, weights, words):
    with pytest.raises(TableError, match=words):
        take_roles(as_table(pd.DataFrame({"y": [1, 2, 3], "a": [1, 2, 3], "w": weights})), "y", weight="w")


def test_one_row_with_a_target_is_too_few(as_table):
    with pytest.raises(TableError, match="1 row with a value in the target"):
        take_roles(as_table(pd.DataFrame({"y": [1, None], "a": [1, 2]})), "y")


def test_one_group_is_too_few(as_table):
    with pytest.raises(TableError, match="only one group"):
        take_roles(as_table(pd.DataFrame({"y": [1, 2], "g": ["a", "a"]})), "y", group="g")

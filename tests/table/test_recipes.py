import json

import numpy as np
import pandas as pd
import pytest

from regularfit.errors import ModelFileError, TableError
from regularfit.table.recipes import Date, Levels, Missing, Number, from_state, to_state

ALL = [
    Number("a"),
    Missing("a", 3),
    Levels("c", ("x", "y"), None, 2, True),
    Levels("c", ("y",), "x"),
    Date("d", ("year", "days", "month", "hour"), "%Y-%m-%d", "Europe/Vienna"),
]


@pytest.mark.parametrize("recipe", ALL, ids=lambda r: r.kind)
def test_json_gives_the_same_recipe(recipe):
    assert from_state(json.loads(json.dumps(to_state(recipe)))) == recipe


@pytest.mark.parametrize("state", [{"kind": "spell"}, {"column": "a"}, {"kind": "number", "colour": 1}])
def test_unknown_states_are_refused(state):
    with pytest.raises(ModelFileError, match="does not know"):
        from_state(state)


def test_levels_written_as_numbers_are_the_same_levels():
    levels = Levels("c", ("1", "2"))
    as_float = pd.Series([1.0, 2.0, np.nan])
    np.testing.assert_array_equal(levels.apply(as_float), [[1, 0], [0, 1], [0, 0]])
    np.testing.assert_array_equal(levels.apply(pd.Series([2, 1])), [[0, 1], [1, 0]])


def test_unseen_levels_are_counted():
    levels = Levels("c", ("x",))
    assert levels.unseen(pd.Series(["x", "z", "z", None]), frozenset("x")) == {"z": 2}


def test_reference_is_no_unseen_level_and_gets_no_column():
    levels = Levels("c", ("y",), "x")
    np.testing.assert_array_equal(levels.apply(pd.Series(["x", "y", "z"])), [[0], [1], [0]])


def test_categories_of_pandas_are_read_as_text():
    levels = Levels("c", ("1", "2"))
    series = pd.Series(pd.Categorical([2, 1, None], categories=[2, 1]))
    np.testing.assert_array_equal(levels.apply(series), [[0, 1], [1, 0], [0, 0]])


def test_numbers_name_the_row_that_is_none():
    with pytest.raises(TableError, match=r"'age'.*row 2 holds the text 'old'.*--missing old"):
        Number("age").apply(pd.Series(["31", "old"]))


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinite_numbers_are_refused(bad):
    with pytest.raises(TableError, match=r"'age' holds an infinite value in row 2"):
        Number("age").apply(pd.Series([1.0, bad]))


def test_dates_name_the_row_that_is_none():
    with pytest.raises(TableError, match=r"'d'.*%d/%m/%Y.*row 2 holds '2020-01-01'"):
        Date("d", ("year",), "%d/%m/%Y").apply(pd.Series(["03/12/2020", "2020-01-01"]))


def test_parts_of_a_date():
    made = Date("d", ("year", "days", "weekday"), "%Y-%m-%d").apply(pd.Series(["1970-01-02", None]))
    angle = 2 * np.pi * 5 / 7  # a Friday
    np.testing.assert_allclose(made[0], [1970, 1, np.sin(angle), np.cos(angle)])
    assert np.isnan(made[1]).all()

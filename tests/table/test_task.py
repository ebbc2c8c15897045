import numpy as np
import pandas as pd
import pytest

from regularfit.errors import TableError
from regularfit.table import guess_task


def named(values):
    return pd.Series(values, name="y")


def test_numbers_make_a_regression():
    target = guess_task(named([1, 2, 3]))
    assert target.task == "regression"
    assert "3 different ones" in target.reason
    assert target.values.dtype == np.float64


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([0, 1, 1, 0], ("0", "1")),
        ([10, 9, 9, 10], ("9", "10")),
        ([True, False] * 2, ("False", "True")),
        (["b", "a"] * 2, ("a", "b")),
        ([1.0, 2.0] * 2, ("1", "2")),
    ],
)
def test_two_values_make_a_classification(values, classes):
    target = guess_task(named(values))
    assert target.task == "classification"
    assert target.classes == classes
    assert target.values.mean() == 0.5
    assert np.unique(target.labels)[1] == target.labels[target.values == 1][0]


def test_the_task_can_be_said():
    assert guess_task(named([0, 1, 1, 0]), "regression").task == "regression"
    assert guess_task(named([0, 1, 1, 0]), "regression").reason == "as given by --task"


@pytest.mark.parametrize(
    ("values", "task", "words"),
    [
        ([1, 1, 1], None, "same value in every row"),
        (["a", "b", "c"], None, "Of the 3 classes .* 3 have a single row: 'a', 'b', 'c'"),
        (["a", "a", "b", "b", "c"], None, "1 has a single row: 'c'.* join or drop"),
        ([1, 2, 3], "classification", "leave out --task"),
        (["a", "b"] * 2, "regression", "holds text"),
        ([*map(str, range(30)), "NA"], None, "--missing NA"),
        (["a", "a", "b"], None, "single row"),
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), None, "holds dates"),
        ([1.0, 2.0, np.inf], None, "infinite"),
    ],
)
def test_targets_that_cannot_be_used(values, task, words):
    with pytest.raises(TableError, match=words):
        guess_task(named(values), task)


@pytest.mark.parametrize(
    ("values", "task", "classes", "reason"),
    [
        (
            ["b", "a", "c"] * 2,
            None,
            ("a", "b", "c"),
            "guessed, since the target holds text (3 different values)",
        ),
        ([10, 9, 11] * 2, "classification", ("9", "10", "11"), "as given by --task"),
        ([1.0, 2.0, 3.0, 4.0] * 2, "classification", ("1", "2", "3", "4"), "as given by --task"),
    ],
)
def test_several_classes(values, task, classes, reason):
    target = guess_task(named(values), task)
    assert (target.task, target.classes, target.reason) == ("classification", classes, reason)
    np.testing.assert_array_equal(target.order[target.values.astype(int)], values)
    np.testing.assert_array_equal(target.labels, values)
    np.testing.assert_array_equal(target.order, np.unique(values))


def test_numbers_with_a_marker_are_no_classes_unless_said():
    values = [*map(str, range(30)), "NA"] * 2
    with pytest.raises(TableError, match=r"nearly all of it is numbers.*--missing NA.*--task classification"):
        guess_task(named(values))
    assert len(guess_task(named(values), "classification").classes) == 31


def test_of_several_classes_none_is_the_positive_one():
    with pytest.raises(TableError, match=r"--positive 'a' names one of two classes, but .* has 3"):
        guess_task(named(["a", "b", "c"] * 2), positive="a")


@pytest.mark.parametrize(
    ("values", "positive", "classes"),
    [
        (["no", "yes"] * 2, "no", ("yes", "no")),
        (["no", "yes"] * 2, "yes", ("no", "yes")),
        (["no", "yes"] * 2, None, ("no", "yes")),
        ([1, 2, 2, 1], "1", ("2", "1")),
        ([1.0, 2.0, 2.0, 1.0], "1.0", ("2", "1")),
        ([0.5, 1.5] * 2, "0.50", ("1.5", "0.5")),
        ([True, False] * 2, "False", ("True", "False")),
    ],
)
def test_the_positive_class_can_be_named(values, positive, classes):
    target = guess_task(named(values), positive=positive)
    assert target.classes == classes
    np.testing.assert_array_equal(target.order[target.values.astype(int)], values)
    np.testing.assert_array_equal(target.labels, values)


@pytest.mark.parametrize("positive", ["Yes", "1", ""])
def test_an_unknown_positive_class_is_answered_with_the_classes(positive):
    with pytest.raises(TableError, match=f"--positive '{positive}' is not a class of .*'no' and 'yes'"):
        guess_task(named(["no", "yes"] * 2), positive=positive)


@pytest.mark.parametrize(("values", "task"), [([1, 2, 3], None), ([0, 1, 1], "regression")])
def test_a_number_has_no_positive_class(values, task):
    with pytest.raises(
        TableError, match=r"--positive 1 names a class, but 'y' is a number.*Leave --positive out"
    ):
        guess_task(named(values), task, "1")

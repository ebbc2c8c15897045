import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.penalties import L1, L2


def test_other_columns_are_unpenalised_and_unbounded():
    form = L1(2.0).nonnegative().on([0, 2]).coordinates(3)
    assert form.l1.tolist() == [2.0, 0.0, 2.0]
    assert form.lower.tolist() == [0.0, -np.inf, 0.0]


@pytest.mark.parametrize(
    "chosen",
    [L1().on(0, 2), L1().on([0, 2]), L1().on(np.array([0, 2])), L1().on((0, 2)), L1().on(range(0, 3, 2))],
)
def test_positions_are_written_as_one_likes(chosen):
    assert chosen == L1().on([0, 2])
    assert hash(chosen) == hash(L1().on([0, 2]))


def test_a_mask_is_the_same_as_its_positions():
    mask, positions = L1().on(np.array([True, False, True])), L1().on(0, 2)
    assert mask.coordinates(3).l1.tolist() == positions.coordinates(3).l1.tolist()
    assert mask.resolve(["a", "b", "c"]) == positions


@pytest.mark.parametrize(
    "chosen", [L1().on("age", "bmi"), L1().on(["age", "bmi"]), L1().on(np.array(["age", "bmi"]))]
)
def test_names_are_resolved_later(chosen):
    assert chosen.resolve(["sex", "bmi", "age"]) == L1().on([2, 1])
    with pytest.raises(InputError, match=r"call .resolve\(feature_names\) first"):
        chosen.coordinates(3)
    with pytest.raises(InputError, match="chosen by name, but X has no column names"):
        chosen.resolve(None)


def test_what_the_penalty_holds_per_column_follows_the_order_of_the_columns():
    form = L1().weighted([1.0, 5.0]).on("c", "a").resolve(["a", "b", "c"]).coordinates(3)
    assert form.l1.tolist() == [5.0, 0.0, 1.0]


def test_names_inside_are_resolved_among_the_chosen_columns():
    nested = (L1().on("b") + L2().on("c")).on("c", "b").resolve(["a", "b", "c"])
    assert nested.coordinates(3).l1.tolist() == [0.0, 1.0, 0.0]
    assert nested.coordinates(3).l2.tolist() == [0.0, 0.0, 1.0]


def test_positions_need_no_names():
    assert L1().on(1).resolve(None) == L1().on(1)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: L1().on(), "at least one column"),
        (lambda: L1().on([]), "at least one column"),
        (lambda: L1().on([False, False]), "chooses no column"),
        (lambda: L1().on(-1), "positions count from 0"),
        (lambda: L1().on(1, 1), "given twice"),
        (lambda: L1().on("a", 1), "all be positions, all booleans"),
        (lambda: L1().on(1.5), "all be positions, all booleans"),
        (
            lambda: L1().on(3).coordinates(3),
            "column 3 was chosen, but there are 3 columns; positions go from 0 to 2",
        ),
        (
            lambda: L1().on([True, False]).coordinates(3),
            "has 2 entries, but the penalty is used on 3 columns",
        ),
        (lambda: L1().on("bmy").resolve(["age", "bmi"]), "no such column. Did you mean 'bmi'?"),
    ],
)
def test_what_cannot_be_used_is_named(build, message):
    with pytest.raises(InputError, match=message):
        build()

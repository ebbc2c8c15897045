"""The parameter ``penalty``, and nested access to frozen values."""

import pytest

import regularfit as rf
from regularfit.linear._params import candidates, nested_params, replace_nested


def test_one_or_several():
    assert candidates(rf.L1()) == (rf.L1(),)
    assert candidates([rf.L1(), rf.L2()]) == (rf.L1(), rf.L2())


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        ([], "empty list"),
        ("l1", "is not a penalty"),
        (rf.L1, r"Did you mean L1\(\)"),
        ([rf.L1(), 2], "penalty=2"),
    ],
)
def test_what_is_no_penalty(penalty, message):
    with pytest.raises(rf.InputError, match=message):
        candidates(penalty)


def test_nested_values_are_read_and_replaced():
    penalty = rf.ElasticNet(0.5).nonnegative()
    found = nested_params(penalty, "penalty")
    assert found["penalty__penalty__l1_ratio"] == 0.5
    changed = replace_nested(penalty, {"penalty__l1_ratio": 0.9, "upper": 2.0}, "penalty")
    assert changed == rf.ElasticNet(0.9).bounded(0.0, 2.0)
    assert penalty == rf.ElasticNet(0.5).nonnegative()


def test_lists_have_no_nested_values():
    assert nested_params([rf.L1()], "penalty") == {}
    with pytest.raises(rf.InputError, match="penalty__strength is not a parameter"):
        replace_nested([rf.L1()], {"strength": 1.0}, "penalty")

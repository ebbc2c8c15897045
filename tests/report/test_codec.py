import math
from dataclasses import dataclass, field

import pytest

from regularfit.errors import InputError
from regularfit.report.codec import LATER, decode, encode
from regularfit.report.data import Choice


@pytest.mark.parametrize("value", [1.5, math.inf, -math.inf])
def test_floats_survive(value):
    assert decode(float, encode(value)) == value


def test_nan_survives():
    assert math.isnan(decode(float, encode(math.nan)))


def test_optional_values():
    assert decode(int | None, None) is None
    assert decode(int | None, 3) == 3


@pytest.mark.parametrize(
    ("hint", "value", "said"),
    [
        (int, True, "whole number"),
        (float, "x", "a number"),
        (str, 3, "a str"),
        (tuple[int, ...], {}, "a list"),
        (dict[str, int], [], "an object"),
        (Choice, {"candidate": 1}, "strength"),
        (Choice, 1, "an object"),
    ],
)
def test_damage_is_named(hint, value, said):
    with pytest.raises(InputError, match=said):
        decode(hint, value)


@dataclass(frozen=True)
class Grown:
    old: int
    new: int | None = field(default=None, metadata=LATER)


@pytest.mark.parametrize(("value", "plain"), [(Grown(1), {"old": 1}), (Grown(1, 2), {"old": 1, "new": 2})])
def test_a_later_field_is_left_out_until_it_is_used(value, plain):
    assert encode(value) == plain
    assert decode(Grown, plain) == value


@pytest.mark.parametrize("plain", [{"new": 1}, {"old": 1, "newer": 2}])
def test_other_fields_are_still_missing_or_unknown(plain):
    with pytest.raises(InputError, match="missing or unknown"):
        decode(Grown, plain)

import pytest

from regularfit.errors import InputError
from regularfit.experiments import NAMES, experiment, number_of, select


def test_a_claim_is_found_by_name_and_by_number():
    for number, name in enumerate(NAMES, 1):
        assert experiment(number) is experiment(name)
        assert number_of(name) == number


def test_selected_claims_stand_in_order_without_repeats():
    assert select([]) == list(NAMES)
    assert select([NAMES[1], "1", NAMES[1]]) == [NAMES[0], NAMES[1]]


@pytest.mark.parametrize("asked", ["shrinks-never", "0", "4711", ""])
def test_an_unknown_name_is_refused_with_what_there_is(asked):
    with pytest.raises(InputError, match=r"list` shows all|Did you mean"):
        experiment(asked)


def test_a_near_name_is_offered():
    with pytest.raises(InputError, match="Did you mean shrinks-never-zero"):
        experiment("shrinks-never-zeros")

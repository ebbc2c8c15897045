import numpy as np
import pytest

from regularfit.diagnostics import Bridge


def test_it_is_the_sum_of_powers():
    w = np.array([4.0, -9.0, 0.0])
    assert [Bridge(q).value(w) for q in (0.5, 1, 2)] == [5.0, 13.0, 97.0]


@pytest.mark.parametrize("power", [0, -1, np.inf, "two", None])
def test_powers_that_are_none(power):
    with pytest.raises(ValueError, match="power"):
        Bridge(power)

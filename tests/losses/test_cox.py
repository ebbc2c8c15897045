"""The Cox loss as a value; its laws are in tests/laws/test_coupled_losses.py."""

import numpy as np
import pytest

from regularfit.errors import InputError, UnsupportedError
from regularfit.losses import Cox, get


def test_names():
    assert get("cox") == Cox("breslow")
    with pytest.raises(InputError, match="breslow"):
        Cox("exact")


def test_rows_by_themselves_are_refused():
    with pytest.raises(UnsupportedError, match="PenalizedCox"):
        Cox().value(np.ones(2), np.ones(2))


def test_the_mean_is_the_relative_risk():
    np.testing.assert_allclose(Cox().mean(np.array([0.0, np.log(2.0)])), [1.0, 2.0])

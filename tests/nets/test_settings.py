"""Whole numbers as settings: Python's and NumPy's, stored as Python's, and nothing else."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from regularfit import nets  # noqa: E402
from regularfit.errors import InputError  # noqa: E402
from regularfit.nets._settings import check_count, check_not_negative  # noqa: E402


@pytest.mark.parametrize("count", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_are_taken(count):
    assert type(check_count(count, "steps")) is int
    made = nets.PGD(0.1, steps=count), nets.VIB(dim=count), nets.JacobianPenalty(projections=count)
    assert repr(made) == repr((nets.PGD(0.1, steps=3), nets.VIB(dim=3), nets.JacobianPenalty(projections=3)))
    assert nets.Bottleneck(count, count).encoder.weight.shape == (6, 3)


@pytest.mark.parametrize("count", [True, np.True_, 0, np.int64(0), 2.0, np.float64(2), "2", None])
def test_others_are_refused(count):
    with pytest.raises(InputError, match="whole number"):
        check_count(count, "steps")


@pytest.mark.parametrize("zero", [0, 0.0, np.float32(0), np.int64(0)])
def test_zeros_of_all_kinds(zero):
    assert check_not_negative(zero, "beta") == 0.0
    assert nets.WeightDecay(zero) == nets.WeightDecay(0.0)

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.losses import Squared


def test_the_loss_has_the_half_and_the_score_has_not():
    y, eta = np.array([3.0]), np.array([1.0])
    assert Squared().value(y, eta) == 2.0
    assert Squared().score(y, eta) == Squared().deviance(y, eta) == 4.0


def test_the_best_constant_is_the_weighted_mean():
    y, weights = np.array([1.0, 2.0, 9.0]), np.array([1.0, 1.0, 2.0])
    assert Squared().null_eta(y, weights) == 21 / 4
    assert Squared().null_eta(y, weights, np.array([0.0, 0.0, 4.0])) == 13 / 4


def test_any_finite_target_will_do():
    assert Squared().check_target([-1, 2]).tolist() == [-1.0, 2.0]
    with pytest.raises(InputError, match="NaN"):
        Squared().check_target([np.nan, 1.0])

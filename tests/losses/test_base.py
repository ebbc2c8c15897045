import math

import numpy as np
import pytest

from regularfit import losses
from regularfit.errors import InputError
from regularfit.losses import Logistic, Loss, Squared


def test_the_general_best_constant_agrees_with_the_closed_forms():
    rng = np.random.default_rng(0)
    for _ in range(50):
        y, weights, offset = rng.normal(size=9), rng.uniform(0.1, 2, 9), rng.normal(size=9)
        general = Loss.null_eta(Squared(), y, weights, offset)
        assert general == pytest.approx(Squared().null_eta(y, weights, offset), rel=1e-9, abs=1e-12)
        share = rng.uniform(size=9)
        general = Loss.null_eta(Logistic(), share, weights)
        assert general == pytest.approx(Logistic().null_eta(share, weights), rel=1e-9, abs=1e-12)


def test_the_general_best_constant_is_not_limited_to_small_numbers():
    assert Loss.null_eta(Squared(), np.full(3, 1e4), np.ones(3)) == pytest.approx(1e4)
    assert math.isfinite(Loss.null_eta(Logistic(), np.ones(3), np.ones(3)))


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(InputError, match=r"loss='logistics' is not known. Did you mean 'logistic'"):
        losses.get("logistics")
    with pytest.raises(InputError, match="must be a name"):
        losses.get(3)

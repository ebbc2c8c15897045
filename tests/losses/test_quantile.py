"""The pinball loss: scikit-learn's, weighted quantiles, and what is refused."""

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

from regularfit.errors import InputError
from regularfit.losses import Quantile


def test_it_is_the_pinball_loss_of_scikit_learn():
    rng = np.random.default_rng(0)
    y, eta = rng.standard_normal((2, 50))
    assert np.isclose(Quantile(0.3).score(y, eta).mean(), mean_pinball_loss(y, eta, alpha=0.3), rtol=1e-14)


def test_the_best_constant_is_the_weighted_quantile():
    y, w = np.array([3.0, 1.0, 2.0, 9.0]), np.array([1.0, 2.0, 0.0, 1.0])
    assert Quantile(0.7).null_eta(y, w) == 3.0
    assert (
        Quantile(0.5).null_eta(y, w) == 2.0
    )  # anything from 1 to 3: the middle; the row without weight is no row
    assert Quantile(0.9).null_eta(y, w, offset=np.array([0.0, 5.0, 0.0, 0.0])) == 9.0


def test_rounding_of_the_weights_does_not_hide_a_tie():
    y, w = np.arange(10.0), np.full(10, 0.1)
    assert Quantile(0.3).null_eta(y, w) == 2.5


@pytest.mark.parametrize("q", [0, 1, -0.1, 1.5, np.nan, "0.5", None, True])
def test_a_quantile_lies_strictly_between_0_and_1(q):
    with pytest.raises(InputError, match=r"Quantile\(q\)"):
        Quantile(q)

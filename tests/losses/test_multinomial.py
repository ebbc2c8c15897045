"""What only the multinomial loss promises."""

import numpy as np
import pytest

from regularfit.errors import InputError
from regularfit.losses import Logistic, Multinomial, Squared, SquaredOutputs, get_several


def test_class_numbers_and_shares_are_one_target():
    np.testing.assert_array_equal(Multinomial().check_target([0, 2, 1]), np.eye(3)[[0, 2, 1]])
    shares = np.array([[0.2, 0.8], [1.0, 0.0]])
    np.testing.assert_array_equal(Multinomial().check_target(shares), shares)


@pytest.mark.parametrize("y", [[0.5, 1.0], [-1.0, 0.0], [[0.5, 0.6], [0.5, 0.5]], [[1.5, -0.5], [0.5, 0.5]]])
def test_other_targets_are_refused(y):
    with pytest.raises(InputError, match="Multinomial"):
        Multinomial().check_target(y)


def test_two_classes_are_the_logistic_loss_of_the_difference():
    eta = np.random.default_rng(0).normal(size=(20, 2))
    y = np.eye(2)[np.arange(20) % 2]
    one = Logistic().value(y[:, 1], eta[:, 1] - eta[:, 0])
    np.testing.assert_allclose(Multinomial().value(y, eta), one, rtol=1e-12)


def test_a_number_added_to_all_predictors_changes_nothing():
    eta = np.random.default_rng(0).normal(size=(5, 4))
    y = np.eye(4)[[0, 1, 2, 3, 0]]
    np.testing.assert_allclose(Multinomial().value(y, eta + 7), Multinomial().value(y, eta), rtol=1e-12)
    np.testing.assert_allclose(Multinomial().mean(eta + 7), Multinomial().mean(eta), rtol=1e-12)


def test_a_class_without_rows_has_a_finite_null_model():
    assert np.isfinite(Multinomial().null_eta(np.eye(3)[[0, 1]], np.ones(2))).all()


def test_which_loss_is_meant():
    assert get_several("squared", 2) == SquaredOutputs() == get_several(Squared(), 2)
    assert get_several("multinomial", 1) == Multinomial()
    assert get_several("poisson", 1) is None
    with pytest.raises(InputError, match="y has 2 columns, but loss='poisson' has one linear predictor"):
        get_several("poisson", 2)

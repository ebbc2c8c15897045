"""Every law on every loss of several linear predictors: a new class is found by itself."""

import copy
import inspect
import pickle

import numpy as np
import pytest

from regularfit import losses
from regularfit.errors import InputError

PUBLIC = [getattr(losses, name) for name in losses.__all__]
CLASSES = [
    c
    for c in PUBLIC
    if inspect.isclass(c) and issubclass(c, losses.SeveralLoss) and not inspect.isabstract(c)
]
EXAMPLES = [example for c in CLASSES for example in c.examples()]
every_loss = pytest.mark.parametrize("loss", EXAMPLES, ids=repr)
K = 3


def rows(loss, n=40, seed=0):
    """Targets that the loss accepts, predictors and weights."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(K), n)
    shares[::2] = np.eye(K)[rng.integers(0, K, len(shares[::2]))]
    return loss.check_target(shares), 3 * rng.standard_normal((n, K)), rng.integers(0, 4, n).astype(float)


def test_there_are_some():
    assert {c.__name__ for c in CLASSES} == {"Multinomial", "SquaredOutputs"}


@every_loss
def test_the_gradient_is_the_slope_of_the_value(loss):
    y, eta, _ = rows(loss)
    for k in range(K):
        step = 1e-5 * np.eye(K)[k]
        slope = (loss.value(y, eta + step) - loss.value(y, eta - step)) / 2e-5
        np.testing.assert_allclose(loss.gradient(y, eta)[:, k], slope, atol=1e-8)


@every_loss
def test_value_and_conjugate_meet_at_the_gradient_and_nowhere_cross(loss):
    y, eta, _ = rows(loss)
    u = loss.gradient(y, eta)
    np.testing.assert_allclose(loss.value(y, eta) + loss.conjugate(y, u), (u * eta).sum(axis=1), atol=1e-9)
    other = rows(loss, seed=1)[1]
    assert (loss.value(y, other) + loss.conjugate(y, u) >= (u * other).sum(axis=1) - 1e-9).all()


@every_loss
@pytest.mark.parametrize("shifted", [False, True])
def test_the_null_model_is_stationary(loss, shifted):
    y, eta, weights = rows(loss)
    offset = eta if shifted else None
    a = loss.null_eta(y, weights, offset)
    at = np.broadcast_to(a, y.shape) + (0 if offset is None else offset)
    np.testing.assert_allclose(weights @ loss.gradient(y, at), 0, atol=1e-9 * weights.sum())


@every_loss
def test_strengths_may_stand_between_rows_and_outputs(loss):
    y, eta, _ = rows(loss)
    many = np.stack([eta, 2 * eta], axis=1)
    for method in (loss.value, loss.deviance, loss.score):
        np.testing.assert_array_equal(method(y[:, None], many)[:, 1], method(y, 2 * eta))


@every_loss
def test_the_deviance_is_twice_the_loss_above_the_best_and_never_negative(loss):
    y, eta, _ = rows(loss)
    assert (loss.deviance(y, eta) >= 0).all()
    least = -loss.conjugate(y, np.zeros_like(y))
    np.testing.assert_allclose(loss.deviance(y, eta), 2 * (loss.value(y, eta) - least), atol=1e-9)


@every_loss
def test_far_predictors_stay_finite(loss):
    y, _, _ = rows(loss)
    eta = np.tile([800.0, -800.0, 0.0], (len(y), 1))
    assert np.isfinite(loss.value(y, eta)).all()
    assert np.isfinite(loss.gradient(y, eta)).all()


@every_loss
def test_it_is_a_value(loss):
    assert copy.deepcopy(loss) == loss == pickle.loads(pickle.dumps(loss))
    assert eval(repr(loss), {c.__name__: c for c in CLASSES}) == loss


@every_loss
def test_targets_that_are_not_finite_are_refused(loss):
    with pytest.raises(InputError, match="NaN"):
        loss.check_target(np.array([[0.5, np.nan, 0.5]]))

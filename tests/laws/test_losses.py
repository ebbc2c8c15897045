"""Every law on every example of every public loss: a new class is found by itself."""

import copy
import inspect
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone

from regularfit import losses
from regularfit.errors import InputError

PUBLIC = [getattr(losses, name) for name in losses.__all__]
CLASSES = [  # losses that couple rows have laws of their own, test_coupled_losses.py
    c
    for c in PUBLIC
    if inspect.isclass(c)
    and issubclass(c, losses.Loss)
    and not issubclass(c, losses.CoupledLoss)
    and not inspect.isabstract(c)
]
EXAMPLES = [example for c in CLASSES for example in c.examples()]
N = 6

every_loss = pytest.mark.parametrize("loss", EXAMPLES, ids=repr)
some = settings(max_examples=50, deadline=None)
etas = arrays(
    float, N, elements=st.sampled_from([0.0, 1.0, -1.0]) | st.floats(-15, 15).map(lambda x: round(x, 6))
)
picks = arrays(int, N, elements=st.integers(0, 99))


def allowed(loss):
    """The targets among a few candidates that the loss accepts."""
    kept = []
    for value in (-1.5, 0.0, 0.3, 1.0, 2.0, 7.0):
        try:
            kept.append(loss.check_target([value, 1.0])[0])
        except InputError:
            continue
    return np.array(kept)


def target(loss, pick):
    values = allowed(loss)
    return values[pick % len(values)]


def kinked(loss):
    """Made of straight pieces: the slope itself jumps, so what is said of derivatives holds between the kinks."""
    return loss.curvature_bound == 0


def jumps(loss, y, eta, h):
    """Where the slope of such a loss jumps within h."""
    return kinked(loss) & (loss.gradient(y, eta - h) != loss.gradient(y, eta + h))


def change(loss, method, y, eta, h):
    """How much a derivative changes within h where the curvature jumps, as Huber's does; 0 where it does not."""
    if kinked(loss):
        return np.abs(method(y, eta + h) - method(y, eta - h))
    before, after = loss.curvature(y, eta - h), loss.curvature(y, eta + h)
    bent = np.abs(after - before) > 1e-3 * np.maximum(after, before)
    return np.where(bent, np.abs(method(y, eta + h) - method(y, eta - h)), 0)


@every_loss
@some
@given(pick=picks, eta=etas)
def test_gradient_is_the_slope_of_the_value(loss, pick, eta):
    y, h = target(loss, pick), 1e-5
    slope = (loss.value(y, eta + h) - loss.value(y, eta - h)) / (2 * h)
    allowed = change(loss, loss.gradient, y, eta, h) + 1e-7 + 1e-6 * np.abs(slope)
    assert (np.abs(loss.gradient(y, eta) - slope) <= allowed).all()


@every_loss
@some
@given(pick=picks, eta=etas)
def test_curvature_is_the_slope_of_the_gradient(loss, pick, eta):
    y, h = target(loss, pick), 1e-5
    slope = (loss.gradient(y, eta + h) - loss.gradient(y, eta - h)) / (2 * h)
    curvature = loss.curvature(y, eta)
    allowed = change(loss, loss.curvature, y, eta, h) + 1e-8 + 1e-6 * np.abs(slope)
    assert (np.abs(curvature - slope) <= allowed)[~jumps(loss, y, eta, h)].all()
    assert (curvature >= 0).all()
    if loss.curvature_bound is not None:
        assert (curvature <= loss.curvature_bound).all()


@every_loss
@some
@given(pick=picks, eta=etas, u=etas)
def test_fenchel_young(loss, pick, eta, u):
    y = target(loss, pick)
    conjugate = loss.conjugate(y, u)
    assert not np.isnan(conjugate).any()
    assert (loss.value(y, eta) + conjugate >= u * eta - 1e-9 * (1 + np.abs(u * eta))).all()
    tight = loss.gradient(y, eta)
    total = loss.value(y, eta) + loss.conjugate(y, tight)
    np.testing.assert_allclose(total, tight * eta, rtol=1e-9, atol=1e-9)


@every_loss
@some
@given(pick=picks, eta=etas, share=arrays(float, N, elements=st.floats(-0.5, 0.5)))
def test_a_dual_point_can_be_moved_as_far_as_pliancy_says(loss, pick, eta, share):
    y = target(loss, pick)
    u, room = loss.gradient(y, eta), loss.pliancy(y, eta)
    moved = u - room * share
    conjugate = loss.conjugate(y, moved)
    # loss*(u - v t) <= loss*(u) - v t eta + (2 / v) (v t)^2 / 2, and never below its tangent
    tangent = loss.conjugate(y, u) - room * share * eta
    slack = 1e-9 * (1 + np.abs(tangent) + np.abs(u * eta))
    assert (conjugate <= tangent + room * share**2 + slack).all()
    assert (conjugate >= tangent - slack).all()
    assert (loss.typical(y, eta) >= 0).all()


@every_loss
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_finite_and_never_negative_at_700(loss, dtype):
    # 700 overflows the exponential of float32, and doubled it overflows that of float64.
    for y in allowed(loss):
        eta = np.array([-700.0, -88.0, -0.0, 0.0, 88.0, 700.0], dtype=dtype)
        ys = np.full(len(eta), y, dtype=dtype)
        gradient = loss.gradient(ys, eta)
        for vector in (loss.value(ys, eta), gradient, loss.curvature(ys, eta), loss.conjugate(ys, gradient)):
            assert np.isfinite(vector).all()
            assert vector.dtype == dtype
        for vector in (loss.mean(eta), loss.deviance(ys, eta), loss.score(ys, eta)):
            assert np.isfinite(vector).all()
            assert vector.dtype == dtype
        assert (loss.deviance(ys, eta) >= 0).all()


@every_loss
@some
@given(pick=picks, offset=etas, repeats=arrays(int, N, elements=st.integers(0, 3)))
def test_integer_weights_are_repeated_rows(loss, pick, offset, repeats):
    if not repeats.any():
        return
    y, ones = target(loss, pick), np.ones(repeats.sum())
    weighted = loss.null_eta(y, repeats.astype(float))
    assert math.isclose(weighted, loss.null_eta(np.repeat(y, repeats), ones), rel_tol=1e-9, abs_tol=1e-9)
    weighted = loss.null_eta(y, repeats.astype(float), offset)
    repeated = loss.null_eta(np.repeat(y, repeats), ones, np.repeat(offset, repeats))
    assert math.isclose(weighted, repeated, rel_tol=1e-7, abs_tol=1e-7)


@every_loss
@some
@given(pick=picks, offset=etas, weights=arrays(float, N, elements=st.floats(0.1, 5)))
def test_null_eta_is_the_best_constant(loss, pick, offset, weights):
    y = target(loss, pick)
    for base in (None, offset):
        b = loss.null_eta(y, weights, base)
        eta = b + (np.zeros(N) if base is None else base)
        assert math.isfinite(b)
        if kinked(loss):  # zero lies between the slopes on either side
            left, right = (weights @ loss.gradient(y, eta + h) for h in (-1e-9, 1e-9))
            assert left <= 1e-9 * weights.sum()
            assert right >= -1e-9 * weights.sum()
            continue
        assert abs(weights @ loss.gradient(y, eta)) <= 1e-9 * weights.sum()


@every_loss
@some
@given(pick=picks, eta=etas)
def test_the_mean_is_where_the_gradient_vanishes(loss, pick, eta):
    mean = loss.mean(eta)
    assert (np.diff(loss.mean(np.sort(eta))) >= 0).all()
    np.testing.assert_allclose(loss.gradient(mean, eta), 0, atol=1e-9)
    np.testing.assert_allclose(loss.deviance(mean, eta), 0, atol=1e-9)


@every_loss
@some
@given(pick=picks, eta=etas)
def test_deviance_differs_from_twice_the_loss_by_a_constant(loss, pick, eta):
    y = target(loss, pick)
    difference = 2 * (loss.value(y, eta) - loss.value(y, eta[::-1]))
    np.testing.assert_allclose(loss.deviance(y, eta) - loss.deviance(y, eta[::-1]), difference, atol=1e-9)


@every_loss
def test_inputs_are_not_changed(loss):
    y, eta = np.ones(N), np.linspace(-2, 2, N)
    y.flags.writeable = eta.flags.writeable = False
    for method in (loss.value, loss.gradient, loss.curvature, loss.conjugate, loss.deviance, loss.score):
        method(y, eta)
    loss.null_eta(y, y, eta)


@every_loss
def test_is_a_value(loss):
    written = eval(repr(loss), {name: getattr(losses, name) for name in losses.__all__})
    for other in (written, copy.deepcopy(loss), clone(loss, safe=False), pickle.loads(pickle.dumps(loss))):
        assert other == loss
        assert hash(other) == hash(loss)


@every_loss
def test_is_found_by_its_name(loss):
    assert type(losses.get(loss.name)) is type(loss)
    assert losses.get(loss) is loss
    assert loss.score_name


def test_there_are_losses():
    assert len(EXAMPLES) >= 8

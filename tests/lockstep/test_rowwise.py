"""Compiled losses against their NumPy classes, as the engine calls both."""

import numpy as np
import pytest

from regularfit import _core
from regularfit.lockstep.rowwise import Rowwise
from regularfit.losses import Gamma, Logistic, Poisson


class Interpreted(Rowwise):
    """The same loss without its twin."""

    def __init__(self, loss):
        super().__init__(loss)
        self.twin = None


TARGETS = {Logistic(): [0.0, 1.0, 0.3], Poisson(): [0.0, 1.0, 0.3, 1e6], Gamma(): [1.0, 0.3, 1e-9, 1e6]}
every_twin = pytest.mark.parametrize("loss", TARGETS, ids=repr)


def data(loss, n=300, lanes=3, m=5):
    rng = np.random.default_rng(0)
    y = rng.choice(TARGETS[loss], n)
    weights = rng.random((n, lanes)) * (rng.random((n, lanes)) < 0.7)
    return (
        y,
        rng.standard_normal(n),
        weights,
        rng.integers(0, lanes, m).astype(np.int32),
        8 * rng.standard_normal((n, m)),
    )


@every_twin
def test_residuals_means_and_curvatures_are_those_of_numpy(loss):
    y, offset, weights, owner, eta = data(loss)
    columns = np.array([6, 0, 2, 3, 1], np.int32)
    found = []
    for rowwise in (Rowwise(loss), Interpreted(loss)):
        assert (rowwise.twin is None) == isinstance(rowwise, Interpreted)
        E, R = np.zeros((300, 7)), np.zeros((300, 7))
        bends = np.zeros((2, 5))
        r = rowwise.residual(y, offset, -weights, owner, columns, eta.copy(), E, R, bends)
        assert np.isnan(bends).all() == isinstance(rowwise, Interpreted)
        means = rowwise.means(y, weights, owner, eta)
        found.append((r, E, R, means, rowwise.curvature(y, eta[:, 0])))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-300)
    np.testing.assert_array_equal(found[0][1][:, columns], eta + offset[:, None])
    np.testing.assert_array_equal(found[0][2][:, columns], found[0][0])


@every_twin
@pytest.mark.parametrize("n", [1, 300, 3000])
@pytest.mark.parametrize("columns", [[0, 1, 2, 3, 4], [4, 1, 2, 3, 0]])
def test_curvatures_are_told_on_the_way(loss, n, columns):
    y, offset, weights, owner, eta = data(loss, n)
    bends, columns = np.zeros((2, 5)), np.array(columns, np.int32)
    E, R = np.empty((n, 5)), np.empty((n, 5))
    r = Rowwise(loss).residual(y, offset, -weights, owner, columns, eta.copy(), E, R, bends)
    own = weights[:, owner]
    curved = loss.curvature(y[:, None], eta + offset[:, None])
    np.testing.assert_allclose(bends[0], (own * curved).sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(bends[1], np.where(own > 0, curved, 0).max(axis=0), rtol=1e-14)
    np.testing.assert_array_equal(E[:, columns], eta + offset[:, None])
    np.testing.assert_array_equal(R[:, columns], r)


@every_twin
def test_extreme_values_are_those_of_numpy(loss):
    y = np.repeat(TARGETS[loss], 11)
    log_y = np.log(np.where(y > 0, y, 1))
    eta = (
        np.tile([-1e300, -700, -30, -1e-3, -1e-9, 0, 1e-9, 1e-3, 30, 599, 1e300], len(TARGETS[loss])) + log_y
    )
    twin, out = Rowwise(loss).twin, np.empty(len(y))
    for name in ("value", "gradient", "curvature"):
        getattr(twin, name)(y, eta, out)
        assert np.isfinite(out).all()
        # A gradient is a difference of two terms, the larger of which is near y or 1, or the gradient itself.
        rounding = 4e-16 * (1 + y) if name == "gradient" else 1e-300
        exact = getattr(loss, name)(y, eta)
        assert (np.abs(out - exact) <= 2e-13 * np.abs(exact) + rounding).all()


def test_rows_without_weight_count_for_nothing_however_large():
    y, eta = np.array([0.0, 1.0]), np.array([[1e306], [0.0]])
    weights, owner = np.array([[0.0], [1.0]]), np.zeros(1, np.int32)
    assert Rowwise(Logistic()).means(y, weights, owner, eta)[0] == pytest.approx(np.log(2))


def test_a_loss_without_a_twin_is_refused_by_name():
    with pytest.raises(ValueError, match="no compiled loss of that name"):
        _core.TwinLoss("squared")


def test_rows_of_different_lengths_are_refused():
    twin = _core.TwinLoss("logistic")
    with pytest.raises(ValueError, match="one target, predictor and answer a row"):
        twin.value(np.zeros(3), np.zeros(4), np.zeros(3))

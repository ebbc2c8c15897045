"""Compiled losses against their NumPy classes, as the engine calls both."""

import numpy as np
import pytest

from regularfit import _core
from regularfit.lockstep.rowwise import Rowwise
from regularfit.losses import Logistic


class Interpreted(Rowwise):
    """The same loss without its twin."""

    def __init__(self, loss):
        super().__init__(loss)
        self.twin = None


def data(n=300, lanes=3, m=5):
    rng = np.random.default_rng(0)
    y = rng.choice([0.0, 1.0, 0.3], n)
    weights = rng.random((n, lanes)) * (rng.random((n, lanes)) < 0.7)
    return (
        y,
        rng.standard_normal(n),
        weights,
        rng.integers(0, lanes, m).astype(np.int32),
        8 * rng.standard_normal((n, m)),
    )


def test_residuals_means_and_curvatures_are_those_of_numpy():
    y, offset, weights, owner, eta = data()
    columns = np.array([6, 0, 2, 3, 1], np.int32)
    found = []
    for rowwise in (Rowwise(Logistic()), Interpreted(Logistic())):
        assert (rowwise.twin is None) == isinstance(rowwise, Interpreted)
        E, R = np.zeros((300, 7)), np.zeros((300, 7))
        r = rowwise.residual(y, offset, -weights, owner, columns, eta.copy(), E, R)
        means = rowwise.means(y, weights, owner, eta)
        found.append((r, E, R, means, rowwise.curvature(y, eta[:, 0])))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-300)
    np.testing.assert_array_equal(found[0][1][:, columns], eta + offset[:, None])
    np.testing.assert_array_equal(found[0][2][:, columns], found[0][0])


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

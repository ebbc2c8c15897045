"""Hessians of the rows as they were given."""

import numpy as np
import pytest

from regularfit.lockstep.newton import ground as module
from regularfit.lockstep.newton.ground import Ground
from regularfit.losses import Logistic, Squared


def make(loss, intercept=True, n=500, p=4, even=False, order="F"):
    rng = np.random.default_rng(0)
    X = np.array(rng.normal(size=(n, p)) + 1, order=order)
    w = np.ones(n) if even else rng.uniform(0, 2, n)
    return Ground(
        loss, X, rng.integers(0, 2, n).astype(float), w / w.sum(), np.zeros(n), intercept, np.ones(p)
    )


@pytest.mark.parametrize("loss", [Squared(), Logistic()], ids=str)
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_hessian_is_that_of_the_formula(loss, intercept, even, order, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 0)
    monkeypatch.setattr(module, "CHUNK", 0)
    own = make(loss, intercept, 2500, even=even, order=order)
    eta = own.X @ np.full(4, 0.3)
    Z = np.column_stack([np.ones(2500), own.X]) if intercept else own.X
    expected = (Z.T * (own.weights * loss.curvature(own.y, eta))) @ Z
    np.testing.assert_allclose(own.hessian(eta, False), expected, rtol=1e-12)
    np.testing.assert_allclose(own.hessian(eta, True), expected, rtol=1e-5)


def test_a_share_is_one_row_in_eight_with_weights_of_its_own():
    own = make(Logistic(), n=8192)
    few = own.share()
    assert few is not None
    assert len(few.X) == 1024
    assert few.weights.sum() == pytest.approx(1)
    kept = np.flatnonzero((own.X[:, :1] == few.X[:, 0]).any(axis=1))
    np.testing.assert_array_equal(own.y[kept], few.y)
    assert make(Logistic(), n=100).share() is None

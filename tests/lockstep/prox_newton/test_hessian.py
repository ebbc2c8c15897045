"""The kept Gram matrix: it grows column by column to what one product would give, the intercept taken out."""

import numpy as np
import pytest

from regularfit.designs import Dense
from regularfit.lockstep.prox_newton.curved import Diagonal
from regularfit.lockstep.prox_newton.hessian import Hessian


@pytest.mark.parametrize("intercept", [True, False])
def test_it_grows_to_the_matrix_of_all_its_columns(intercept):
    rng = np.random.default_rng(0)
    X, h = np.asfortranarray(rng.standard_normal((50, 40)) + 1.0), rng.random(50) / 50
    mean, inverse = (X.mean(axis=0) if intercept else np.zeros(40)), 1 / X.std(axis=0)
    Z = (X - mean) * inverse
    kept = Hessian(Dense(X), mean, inverse, lambda rows, cols: Z[:, cols].T @ rows, intercept)
    assert kept.fresh
    kept.renew(Diagonal(h))
    for cols in ([3, 1], [1, 5, 7], list(range(20, 40)), [3]):
        kept.take(np.array(cols))
    np.testing.assert_array_equal(kept.cols[:4], [3, 1, 5, 7])
    used = Z[:, kept.cols]
    if intercept:  # what is left after the best intercept
        used = used - h @ used / h.sum()
        np.testing.assert_allclose(kept.pull, Z[:, kept.cols].T @ h, atol=1e-12)
        assert kept.total == pytest.approx(h.sum())
    np.testing.assert_allclose(kept.gram, used.T * h @ used, atol=1e-12)
    assert kept.outgrown(np.arange(0, 20))
    assert not kept.outgrown(np.array([3, 1]))
    kept.forget()
    assert kept.fresh

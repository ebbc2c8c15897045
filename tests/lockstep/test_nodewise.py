"""The lassos of columns on columns against scikit-learn's."""

import numpy as np
from sklearn.linear_model import Lasso

from regularfit.lockstep.nodewise import nodewise


def test_every_column_s_lasso_on_the_others():
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((60, 90)) + rng.standard_normal((60, 1))
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    B, violation = nodewise(Z.T @ Z / 60, 0.15)
    assert violation.max() <= 1e-8
    assert not np.diag(B).any()
    for j in (0, 40, 89):
        rest = np.delete(np.arange(90), j)
        peer = Lasso(alpha=0.15, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(Z[:, rest], Z[:, j])
        np.testing.assert_allclose(B[j, rest], peer.coef_, atol=1e-6)

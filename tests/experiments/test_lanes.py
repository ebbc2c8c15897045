import numpy as np
import pytest

import regularfit as rf
from regularfit.experiments.lanes import Draw, along
from regularfit.losses import Logistic


def drawn(rng, n=40, m=30, p=4):
    X = rng.standard_normal((n + m, p))
    y = X @ np.arange(p) + rng.standard_normal(n + m)
    return Draw(X[:n], y[:n], X[n:], y[n:])


@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2()], ids=["L1", "L2"])
def test_every_lane_is_the_path_of_its_own_table(penalty):
    tables = [drawn(np.random.default_rng(seed)) for seed in range(3)]
    grid = np.geomspace(1, 1e-3, 5)
    found = along(tables, penalty, grid, keep=True)
    assert found.fits == 15
    for k, one in enumerate(tables):
        alone = rf.fit_path(one.X, one.y, penalty, strengths=grid, tol=1e-12)
        assert np.allclose(found.coefs[k], alone.coefs, atol=1e-4)
        for errors, X, y in ((found.train, one.X, one.y), (found.test, one.X_test, one.y_test)):
            expected = np.mean((y[:, None] - alone.intercepts - X @ alone.coefs.T) ** 2, axis=0)
            assert np.allclose(errors[k], expected, rtol=1e-3)


def test_classes_are_scored_by_log_loss():
    one = drawn(np.random.default_rng(0), n=200)
    classes = Draw(one.X, (one.y > 0) * 1.0, one.X_test, (one.y_test > 0) * 1.0)
    found = along([classes], rf.L2(), [1e6], loss=Logistic())
    share = classes.y.mean()
    assert found.train[0, 0] == pytest.approx(
        -(share * np.log(share) + (1 - share) * np.log(1 - share)), abs=1e-3
    )

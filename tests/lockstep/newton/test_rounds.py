"""Newton lanes: scikit-learn's numbers and hard starts, on both ways to move them."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from regularfit.lockstep.columns import DenseColumns
from regularfit.lockstep.newton import fit_newton
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.truth import drive, make_data, objective, slow_fit


@pytest.fixture(autouse=True, params=["apart", "together"])
def _road(request, monkeypatch):
    if request.param == "together":
        monkeypatch.setattr(DenseColumns, "compact", False)


@pytest.mark.parametrize(("penalty", "ratio"), [(L1(), 1.0), (L2(), 0.0), (ElasticNet(0.5), 0.5)])
def test_equals_scikit_learn(penalty, ratio):
    data = make_data(80, 6, loss="logistic", shifted=False).but(standardize=False)
    s, n = 0.03, data.weight.sum()
    peer = LogisticRegression(
        l1_ratio=ratio, C=1 / (s * n), solver="saga" if ratio else "lbfgs", tol=1e-10, max_iter=100_000
    ).fit(data.X, data.y, data.weight)
    [fit] = drive(fit_newton, data.problem(), penalty, [s])
    np.testing.assert_allclose(fit.path.coefs[0], peer.coef_[0], atol=1e-5)
    np.testing.assert_allclose(fit.path.intercepts[0], peer.intercept_[0], atol=1e-5)


@pytest.mark.parametrize("offset", [0.0, 12.0])
def test_a_start_where_every_class_seems_certain_is_overcome(offset):
    data = make_data(50, 4, 1, loss="logistic")
    data = data.but(offset=offset * np.sign(data.offset), X=20 * data.X)
    for s in (0.3, 0.01):
        [fit] = drive(fit_newton, data.problem(), L1(), [s], tol=1e-8)
        assert fit.converged.all()
        got = objective(data, L1(), s, fit.path.coefs[0], fit.path.intercepts[0])
        assert got == pytest.approx(objective(data, L1(), s, *slow_fit(data, L1(), s)), rel=1e-7)


def test_mixing_of_steps_stays_inside_the_bounds():
    data = make_data(40, 5, 2, "logistic").but(intercept=False)
    penalty = ElasticNet(0.3).weighted([0, 1, 0, 1, np.inf]).bounded(-0.1, 0.3)
    [fit] = drive(fit_newton, data.problem(), penalty, np.geomspace(0.3, 0.003, 4), tol=1e-8)
    assert fit.path.coefs.min() == -0.1

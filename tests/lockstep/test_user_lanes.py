"""Penalties that know value, prox and kkt alone: the NumPy road on lanes, with and without a Gram matrix."""

from dataclasses import dataclass

import numpy as np
import pytest

from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.lockstep import user_lanes as module
from regularfit.penalties import L1, Fused, Group, GroupMCP, Penalty, Traits
from tests.lockstep.test_proximal import Norm
from tests.lockstep.truth import make_data, mean_loss, scales


@dataclass(frozen=True)
class MyLasso(Penalty):
    """The lasso as a user would write it, its normal form unknown."""

    @property
    def traits(self):
        return Traits(convex=True, separable=True, sparse=True)

    def value(self, w):
        return L1().value(w)

    def prox(self, v, step):
        return L1().prox(v, step)

    def kkt(self, w, grad):
        return L1().kkt(w, grad)

    @classmethod
    def examples(cls):
        return [cls()]


LANES = [Lane(np.arange(30), keep=True), Lane(np.arange(20), (np.arange(20, 30),), keep=True)]


@pytest.mark.parametrize("gram", [True, False])
@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("options", [{}, {"intercept": False}, {"standardize": False}], ids=str)
def test_equals_the_compiled_road_where_there_is_one(loss, options, gram, monkeypatch):
    if not gram:
        monkeypatch.setattr(module, "suits_gram", lambda problem, lanes: False)
    problem = make_data(30, 4, 2, loss).but(**options).problem()
    grid = strength_grid(problem, L1(), 4, 0.05)
    [expected, found] = fit_lanes(problem, [L1(), MyLasso()], [grid, grid], LANES, tol=1e-8)
    for a, b in zip(expected, found, strict=True):
        assert b.converged.all()
        assert np.isnan(b.gaps).all()
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-6)
        np.testing.assert_allclose(a.path.intercepts, b.path.intercepts, atol=1e-6)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-5)
        np.testing.assert_allclose(a.path.deviance_ratio, b.path.deviance_ratio, atol=1e-6)


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_its_violation_is_that_of_the_gradient_written_out(loss):
    data = make_data(30, 4, 3, loss)
    grid = strength_grid(data.problem(), Norm(), 4, 0.05)
    [[fit]] = fit_lanes(data.problem(), [Norm()], [grid], LANES[:1], tol=1e-6)
    scale, path = scales(data), fit.path
    for k, s in enumerate(grid):
        z = path.coefs[k] * scale

        def smooth(z, k=k):
            return mean_loss(data, data.offset + path.intercepts[k] + data.X @ (z / scale))

        gradient = [(smooth(z + h) - smooth(z - h)) / 2e-5 for h in 1e-5 * np.eye(4)]
        assert Norm().kkt(z, np.array(gradient) / s).max() <= 1e-4
        assert fit.kkt[k] <= 1e-6


def test_what_does_not_converge_says_so():
    data = make_data(30, 4)
    [[fit]] = fit_lanes(data.problem(), [Norm()], [[1e-9]], LANES[:1], tol=1e-30)
    assert fit.converged[0] == (fit.kkt[0] <= 1e-30)
    assert fit.path.converged[0] == fit.converged[0]


@pytest.mark.parametrize("penalty", [Group((0, 0, 1, 1)), Fused(l1_ratio=0.2), GroupMCP((0, 0, 1, 1), 9.0)])
def test_a_constant_column_is_left_at_zero_by_every_loss(penalty):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    X[:, 1] = 2.0
    y = (X[:, 0] + rng.logistic(size=60) > 0).astype(float)
    problem = make_problem(X, y, "logistic")
    grid = strength_grid(problem, penalty, 5, min_ratio=0.05)
    [[found]] = fit_lanes(problem, [penalty], [grid], [Lane(np.arange(60), keep=True)])
    assert found.converged.all()
    assert not found.path.coefs[:, 1].any()
    assert found.path.coefs[-1, 0] > 0

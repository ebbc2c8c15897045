"""What the road asks of a loss, by differences; and a loss whose rows are coupled, plugged in."""

from dataclasses import dataclass

import numpy as np
import pytest

from regularfit.lockstep import strength_grid
from regularfit.lockstep.prox_newton import fit_prox_newton
from regularfit.lockstep.prox_newton.curved import ELEMENTWISE, FLOOR, Rows, proofs, smooth_of
from regularfit.losses import Gamma, Huber, Logistic, Poisson, Squared
from regularfit.penalties import MCP, SLOPE, Group
from tests.lockstep.truth import drive, make_data


@pytest.mark.parametrize("loss", [Squared(), Logistic(), Poisson()], ids=repr)
def test_value_descent_and_curve_are_derivatives_of_each_other(loss):
    data = make_data(30, 2, 1, "logistic").but(loss=loss)
    weights = data.weight * (np.arange(30) > 4)
    rows, eta, h = Rows(data.problem(), weights), np.linspace(-2, 2, 30), 1e-5
    step = np.random.default_rng(0).standard_normal(30)
    slope = (rows.value(eta + h * step) - rows.value(eta - h * step)) / (2 * h)
    np.testing.assert_allclose(slope, -rows.descent(eta) @ step, rtol=1e-6)
    bend = -(rows.descent(eta + h * step) - rows.descent(eta - h * step)) / (2 * h)
    np.testing.assert_allclose(rows.curve(eta, None).rows * step, bend, atol=1e-6)
    assert not rows.descent(eta)[:5].any()
    assert not rows.curve(eta, None).rows[:5].any()


@pytest.mark.parametrize("loss", [Squared(), Logistic(), Poisson(), Gamma(), Huber(1.0)], ids=repr)
@pytest.mark.parametrize("intercept", [True, False])
def test_solutions_that_are_proved_together_are_proved_as_one_by_one(loss, intercept):
    assert isinstance(loss, ELEMENTWISE) != isinstance(loss, Huber)
    data = make_data(30, 2, 1, "logistic").but(loss=loss, intercept=intercept)
    if isinstance(loss, Gamma):
        data = data.but(y=data.y + 0.5)
    rows = Rows(data.problem(), data.weight / data.weight.sum() * (np.arange(30) > 4))
    rng = np.random.default_rng(0)
    E, sizes, ratios, levels = (
        rng.standard_normal((4, 30)),
        np.arange(4.0),
        np.array([0.5, 1, 1.5, 9]),
        np.ones(4),
    )
    gaps, deviances = proofs(rows, list(E), sizes, ratios, levels)
    alone = [rows.gap(*one) for one in zip(E, sizes, ratios, levels, strict=True)]
    np.testing.assert_allclose(gaps, alone, rtol=1e-12)
    np.testing.assert_allclose(deviances, [rows.deviance(eta) for eta in E], rtol=1e-12)
    unknown, deviances = proofs(rows, list(E), sizes, np.full(4, np.nan), levels)
    assert np.isnan(unknown).all()
    np.testing.assert_allclose(deviances, [rows.deviance(eta) for eta in E], rtol=1e-12)


def test_rows_without_curvature_are_lifted_to_a_trace_of_the_mean():
    data = make_data(10, 2).but(loss=Huber(1.0), y=np.r_[np.zeros(8), 100.0, 100.0])
    weights = np.full(10, 0.1)
    rows = Rows(data.problem(), weights).curve(np.zeros(10), None).rows
    np.testing.assert_allclose(rows[:8], 0.1)
    np.testing.assert_allclose(rows[8:], 0.1 * FLOOR * 0.8)


@dataclass(frozen=True, slots=True)
class Correlated(Squared):
    """Half the squared error with rows that depend on each other: all Hessians are X' M X."""

    def coupled(self, y, weights):
        return Coupled(y, weights)


class Coupled:
    """(y - eta)' M (y - eta) / 2 with M = W + (W 1)(W 1)'."""

    quadratic = False

    def __init__(self, y, weights):
        self.y, self.w = y, weights
        self.M = np.diag(weights) + np.outer(weights, weights)

    def value(self, eta):
        return float((self.y - eta) @ self.M @ (self.y - eta) / 2)

    def deviance(self, eta):
        return 2 * self.value(eta)

    def lift(self, eta, move, before):
        raise AssertionError("the model is the objective, so no step of it fails")

    def descent(self, eta):
        return self.M @ (self.y - eta)

    def gap(self, eta, size, ratio, level):
        return np.nan

    def curve(self, eta, lifted):
        return self

    @property
    def rows(self):
        return self.w

    def gram(self, design, cols, fresh, mean, inverse):
        X = (design.X - mean) * inverse
        return np.asfortranarray(X[:, cols].T @ self.M @ X[:, fresh])


@pytest.mark.parametrize(
    "penalty", [Group([0, 0, 1, 1, 2, 2]), MCP(3.0), SLOPE(0.2)], ids=["group", "mcp", "slope"]
)
def test_a_loss_whose_rows_are_coupled_plugs_in(penalty):
    data = make_data(40, 6, 2).but(
        intercept=False, offset=np.zeros(40), weight=np.ones(40), standardize=False
    )
    plain = data.problem()
    grid = 5 * strength_grid(plain, penalty, 5, 0.02)
    [found] = drive(fit_prox_newton, data.but(loss=Correlated()).problem(), penalty, grid, tol=1e-9)
    # M = R'R: the same as plain least squares on R X and R y
    R = np.linalg.cholesky(smooth_of(data.but(loss=Correlated()).problem(), np.full(40, 1 / 40)).M * 40).T
    [expected] = drive(
        fit_prox_newton,
        data.but(X=np.asfortranarray(R @ data.X), y=R @ data.y).problem(),
        penalty,
        grid,
        tol=1e-9,
    )
    assert found.path.nonzeros[-1]
    np.testing.assert_allclose(found.path.coefs, expected.path.coefs, atol=1e-6)

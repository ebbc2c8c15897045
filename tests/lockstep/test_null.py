"""The null model: intercept, offset and unpenalised columns, against a slow fit with everything else excluded."""

import numpy as np
import pytest

from regularfit.lockstep.null import null_eta, null_scores
from regularfit.penalties import L1
from tests.lockstep.truth import make_data, slow_fit

losses = pytest.mark.parametrize("loss", ["squared", "logistic"])


@losses
@pytest.mark.parametrize("intercept", [True, False])
def test_the_constant_predictor(loss, intercept):
    data = make_data(loss=loss).but(intercept=intercept)
    _, level = slow_fit(data, L1().weighted([np.inf] * 5), 1.0)
    problem = data.problem()
    eta = null_eta(problem, problem.sample_weight / problem.n)
    np.testing.assert_allclose(eta, data.offset + level, atol=1e-9)


@losses
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
def test_scores_beside_unpenalised_columns_are_the_gradient_of_the_loss(loss, intercept, standardize):
    data = make_data(loss=loss).but(intercept=intercept, standardize=standardize)
    factors = np.array([1.0, 0, 1, 0, 1])
    coef, level = slow_fit(data, L1().weighted(np.where(factors > 0, np.inf, 0.0)), 1.0)
    eta = data.offset + level + data.X @ coef
    residual = data.y - eta if loss == "squared" else data.y - 1 / (1 + np.exp(-eta))
    w = data.weight / data.weight.sum()
    spread = np.sqrt(w @ (data.X - w @ data.X) ** 2)
    expected = (data.X - w @ data.X * intercept).T @ (w * residual) / (spread if standardize else 1.0)
    found = null_scores(data.problem(), L1().weighted(factors).coordinates(5))
    np.testing.assert_allclose(found, expected, atol=1e-8)
    np.testing.assert_allclose(found[[1, 3]], 0.0, atol=1e-8)

"""The smallest strength at which the null model is the solution: from above it holds, from below it does not."""

import numpy as np
import pytest
from scipy.optimize import linprog

from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.losses import Quantile
from regularfit.penalties import L1


def data(kind):
    rng = np.random.default_rng(4)
    X, n = rng.standard_normal((50, 8)), 50
    y = {
        "continuous": lambda: X[:, 0] + rng.standard_normal(n),
        "ties": lambda: np.round(X[:, 0] + rng.standard_normal(n)),
        "zeros": lambda: np.where(rng.random(n) < 0.6, 0.0, X[:, 0]),
    }[kind]()
    return X, y


def needed(X, y, q):
    """The smallest s for which some theta proves b = 0: a linear program on all rows at once."""
    n, p = X.shape
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    r = y - Quantile(q).null_eta(y, np.ones(n))
    low = np.where(r > 0, q, q - 1) / n
    high = np.where(r < 0, q - 1, q) / n
    A_ub = np.vstack([np.column_stack([Z.T, -np.ones(p)]), np.column_stack([-Z.T, -np.ones(p)])])
    A_eq = np.append(np.ones(n), 0.0)[None]
    limits = [*zip(low, high, strict=True), (0, None)]
    return linprog(np.append(np.zeros(n), 1), A_ub, np.zeros(2 * p), A_eq, [0.0], bounds=limits).fun


@pytest.mark.parametrize("q", [0.3, 0.5])
@pytest.mark.parametrize("kind", ["continuous", "ties", "zeros"])
def test_the_top_is_the_smallest_strength_without_columns(kind, q):
    X, y = data(kind)
    problem = make_problem(X, y, Quantile(q))
    top = strength_grid(problem, L1(), 1)[0]
    assert np.isclose(top, needed(X, y, q), rtol=1e-7)
    grid = top * np.array([1.0, 0.98])
    [[found]] = fit_lanes(problem, [L1()], [grid], [Lane(np.arange(50), keep=True)])
    assert found.path.nonzeros[0] == 0
    assert found.path.nonzeros[1] > 0
    assert found.converged.all()


def test_unpenalised_columns_belong_to_the_null_model():
    X, y = data("continuous")
    penalty = L1().on(list(range(1, 8)))
    problem = make_problem(X, y, Quantile(0.4))
    grid = strength_grid(problem, penalty, 5)
    [[found]] = fit_lanes(problem, [penalty], [grid], [Lane(np.arange(50), keep=True)])
    assert found.path.coefs[0, 0] != 0
    assert not found.path.coefs[0, 1:].any()
    assert found.path.coefs[1, 1:].any()
    assert found.converged.all()


@pytest.mark.parametrize("seed", [38])
def test_rounded_data_without_a_penalised_column_is_proved(seed):
    rng = np.random.default_rng(seed)  # more rows lie on the model than it has columns
    n, p, q = int(rng.choice([20, 60, 100])), int(rng.choice([3, 6])), float(rng.choice([0.5, 0.9, 0.1]))
    X = np.round(rng.standard_normal((n, p)))
    y = np.round(X[:, 0] + rng.standard_normal(n))
    problem = make_problem(X, y, Quantile(q))
    penalty = L1().weighted([0.0] * p)
    [[found]] = fit_lanes(problem, [penalty], [np.array([0.1])], [Lane(np.arange(n), keep=True)])
    assert found.converged.all()
    r = y - found.path.predict_eta(X)[:, 0]
    A = np.column_stack([np.ones(n), X])
    best = linprog(  # A (u - v) + r+ - r- = y
        np.concatenate([np.zeros(2 * p + 2), np.full(n, q / n), np.full(n, (1 - q) / n)]),
        A_eq=np.column_stack([A, -A, np.eye(n), -np.eye(n)]),
        b_eq=y,
    ).fun
    assert np.isclose(np.maximum(q * r, (q - 1) * r).mean(), best, rtol=1e-9)


@pytest.mark.parametrize(
    "penalty", [L1().weighted([0.0] * 8), L1().on(list(range(1, 8)))], ids=["all", "one"]
)
def test_explained_deviance_counts_from_the_intercept_with_unpenalised_columns_too(penalty):
    X, y = data("continuous")
    problem = make_problem(X, y, Quantile(0.4))
    [[found]] = fit_lanes(problem, [penalty], [np.array([10.0])], [Lane(np.arange(50), keep=True)])
    loss = [
        np.maximum(0.4 * r, -0.6 * r).sum()
        for r in (y - found.path.predict_eta(X)[:, 0], y - np.quantile(y, 0.4, method="inverted_cdf"))
    ]
    assert np.isclose(found.path.deviance_ratio[0], 1 - loss[0] / loss[1], rtol=1e-9)
    assert found.path.deviance_ratio[0] > 0.1

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

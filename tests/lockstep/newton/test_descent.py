"""Plain Newton on X as it is: its proof is a bound wherever it stands."""

import numpy as np
import pytest

from regularfit.lockstep.newton.descent import Descent
from regularfit.lockstep.newton.ground import Ground
from regularfit.losses import Gamma, Logistic, Poisson


def ground(loss, n=600, p=5, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    X = np.asfortranarray(rng.normal(size=(n, p)) + 0.5)
    eta = X @ rng.normal(size=p)
    y = {
        "logistic": (eta + noise * rng.logistic(size=n) > 0).astype(float),
        "poisson": rng.poisson(np.exp(np.minimum(eta, 3))).astype(float),
        "gamma": rng.gamma(1.0, np.exp(np.minimum(eta, 3))) + 1e-3,
    }[loss.name]
    weights = rng.uniform(0.5, 2.0, n)
    return Ground(loss, X, y, weights / weights.sum(), np.zeros(n), True, np.ones(p))


@pytest.mark.parametrize("loss", [Logistic(), Poisson(), Gamma()], ids=str)
def test_the_gap_bounds_what_is_missing_wherever_the_intercept_is_closed(loss):
    descent, best = Descent(ground(loss)), Descent(ground(loss))
    assert best.solve(0.01, 1e-13, 1e-300)
    descent._look()
    for _ in range(3):
        descent._renew(0.01)
        descent._close()
        missing = descent.objective(0.01) - best.objective(0.01)
        assert -1e-14 <= missing <= descent.gap(0.01) * (1 + 1e-12)
        descent._step(0.01)
    # an open intercept has a price
    descent._close()
    closed = descent.gap(0.01)
    descent.level, descent.eta = descent.level + 1e-4, descent.eta + 1e-4
    descent._look()
    assert descent.gap(0.01) > closed
    assert descent.objective(0.01) - best.objective(0.01) <= descent.gap(0.01)


def test_a_guess_that_is_worse_than_the_null_model_is_not_taken():
    own = ground(Logistic(), n=4096)
    kept = np.arange(4096) // 16 % 8 == 4
    own.y[kept] = 1 - own.y[kept]  # the share of the rows says the opposite of all others
    descent = Descent(own)
    descent._guess(1e-3)
    assert not descent.b.any()
    assert descent.solve(1e-3, 1e-10, 1e-300)


def test_steps_that_overshoot_are_shortened():
    own = ground(Poisson())
    own.y[:] = 0.0
    own.y[:3] = 1e4
    descent = Descent(own)
    descent._look()
    before = descent.objective(1e-3)
    for _ in range(4):
        descent._renew(1e-3)
        descent._step(1e-3)
        assert descent.objective(1e-3) <= before * (1 + 1e-12)
        before = descent.objective(1e-3)


@pytest.mark.parametrize("single", [False, True])
def test_norms_read_off_a_hessian_are_no_less_than_the_norms(single):
    descent = Descent(ground(Logistic()))
    descent.single = single
    descent._look()
    descent._renew(0.1)
    X, w = descent.ground.X, descent.ground.weights
    assert (descent.norms >= np.sqrt(w @ X**2)).all()

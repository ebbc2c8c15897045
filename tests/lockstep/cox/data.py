"""Cox problems with a known shape, and the objective written out for them."""

import numpy as np

from regularfit.lockstep import make_problem
from regularfit.losses import Cox
from tests.losses.cox_data import random_target


def cox_problem(seed=0, n=80, p=12, *, late=False, strata=1, ties="breslow", **options):
    """Columns, of which two matter, and a problem."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    y = random_target(rng, n, late=late, strata=strata)
    y[:, 1] += np.ceil(3 * np.exp(-X[:, 0] + 0.5 * X[:, 1]))
    weights = rng.uniform(0.5, 2.0, n)
    return make_problem(X, y, Cox(ties), sample_weight=weights, offset=0.3 * rng.normal(size=n), **options)


def objective(problem, penalty, strength, coef):
    """The mean loss plus the penalty, where columns are not standardised."""
    eta = problem.design.rows_times(np.arange(problem.n), coef[:, None]) + problem.offset[:, None]
    loss = problem.loss.deviance_of(problem.y, eta, problem.sample_weight)[0] / 2
    return float(loss + strength * penalty.value(coef))

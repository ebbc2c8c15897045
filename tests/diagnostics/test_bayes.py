import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import regularfit as rf
from regularfit.diagnostics import posterior
from tests.diagnostics.bayes_data import rows

X, Y, WEIGHTS, OFFSET = rows()
L2 = rf.PenalizedRegressor(rf.L2(), strength=0.3).fit(X, Y)
L1 = rf.PenalizedRegressor(rf.L1(), strength=0.1).fit(X, Y)


@pytest.mark.parametrize(
    ("model", "given", "error", "words"),
    [
        (L2, {"noise": "sampled"}, rf.InputError, "noise="),
        (L2, {"noise": 0}, rf.InputError, "noise"),
        (L2, {"strength": "cv"}, rf.InputError, "evidence"),
        (L2, {"strength": -1}, rf.InputError, "positive"),
        (L2, {"hyperprior": (1, 1)}, rf.UnsupportedError, "for L1"),
        (L1, {"strength": "evidence"}, rf.UnsupportedError, "hyperprior"),
        (L1, {"hyperprior": (1, 1, 1)}, rf.InputError, "shape, rate"),
        (L1, {"hyperprior": (1, 0)}, rf.InputError, "rate"),
        (L1, {"draws": 2}, rf.InputError, "draws"),
        (L1, {"burn_in": -1}, rf.InputError, "burn_in"),
        (L1, {"chains": 1.5}, rf.InputError, "chains"),
        (L1, {"noise": "evidence"}, rf.InputError, "noise="),
    ],
)
def test_numbers_out_of_range(model, given, error, words):
    with pytest.raises(error, match=words):
        posterior(model, X, Y, **given)


@pytest.mark.parametrize("model", [L2, L1])
def test_rows_that_the_model_was_not_fitted_on(model):
    for other in ((X[:20], Y[:20]), (X, Y[::-1]), (X + WEIGHTS[:, None], Y)):
        with pytest.raises(rf.InputError, match="does not solve its problem"):
            posterior(model, *other)
    with pytest.raises(rf.InputError, match="does not solve its problem"):
        posterior(model, X, Y, sample_weight=WEIGHTS)
    with pytest.raises(rf.InputError, match="does not solve its problem"):
        posterior(model, X, Y, offset=OFFSET)
    with pytest.raises(rf.InputError, match="features"):
        posterior(model, X[:, :2], Y)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (rf.PenalizedRegressor(rf.L2(), loss="huber", strength=0.1), "squared loss"),
        (rf.PenalizedRegressor(rf.L2().bounded(-1, 1), strength=0.1), "bounds"),
        (rf.PenalizedRegressor(rf.MCP(), strength=0.1), "L1, L2 and ElasticNet"),
        (rf.PenalizedRegressor(rf.Group([0, 0, 1, 1]), strength=0.1), "L1, L2 and ElasticNet"),
        (rf.PenalizedRegressor(rf.L2().weighted([0, 0, 0, 0]), strength=0.1), "penalises no column"),
        (rf.PenalizedRegressor(rf.L1().on(0) + rf.L2().on(1, 2, 3), strength=0.1), "l2 part only"),
        (rf.PenalizedRegressor(rf.L1(), strength=0.1, relax=True, gammas=[0.0]), "relax"),
    ],
)
def test_models_without_a_posterior(model, words):
    with pytest.raises(rf.UnsupportedError, match=words):
        posterior(model.fit(X, Y), X, Y)


def test_other_things():
    with pytest.raises(NotFittedError):
        posterior(rf.PenalizedRegressor(), X, Y)
    two = rf.PenalizedRegressor(rf.L2(), strength=0.1).fit(X, np.column_stack([Y, -Y]))
    with pytest.raises(rf.UnsupportedError, match="several columns"):
        posterior(two, X, np.column_stack([Y, -Y]))
    with pytest.warns(rf.ConvergenceWarning, match="reproduced"):
        free = rf.PenalizedRegressor(rf.L2().weighted([1, 0, 0, 0]), strength=0.1).fit(X[:4], Y[:4])
    with pytest.raises(rf.InputError, match="fit 4 rows exactly"):
        posterior(free, X[:4], Y[:4])
    found = posterior(L2, X, Y)
    for level in (0, 1, 2, "a"):
        with pytest.raises(rf.InputError, match="level"):
            found.interval(level)
    with pytest.raises(rf.InputError, match="of="):
        found.predict(X).interval(of="rows")

"""Cox refits on the supports of paths, against SciPy's BFGS on the partial likelihood written out."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

import regularfit as rf

N, P = 120, 7


def data(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P)) * np.exp(rng.normal(size=P)) + 3 * rng.normal(size=P)
    risk = (X - X.mean(axis=0)) / X.std(axis=0)
    time, limit = rng.exponential(np.exp(-risk[:, 0] + 0.5 * risk[:, 1])), rng.exponential(2.0, N)
    stop = np.ceil(10 * np.minimum(time, limit))
    start = np.where(rng.random(N) < 0.3, 0.5 * stop, 0.0)
    return X, stop, time <= limit, start, rng.uniform(0.5, 2, N), 0.3 * rng.normal(size=N)


def breslow(X, stop, event, start, strata, w, offset):
    """Minus the log partial likelihood of coefficients, in units of weight."""

    def value(b):
        eta, total = offset + X @ b, 0.0
        for i in np.flatnonzero(event):
            risk = (stop >= stop[i]) & (start < stop[i]) & (strata == strata[i])
            total += w[i] * (np.log(w[risk] @ np.exp(eta[risk])) - eta[i])
        return total / w.sum()

    return value


@pytest.mark.parametrize("kind", ["right", "entry", "strata"])
def test_by_bfgs(kind):
    X, stop, event, start, w, offset = data()
    start = start if kind == "entry" else np.zeros(N)
    strata = np.arange(N) % 2 if kind == "strata" else np.zeros(N, int)
    y = rf.survival(start, stop, event, strata=strata)
    path = rf.fit_path(
        X, y, loss=rf.Cox(), strengths=[0.1, 0.03, 0.005], relax=True, sample_weight=w, offset=offset
    )
    assert path.relaxed.converged.all()
    for k in (1, 2):
        cols = np.flatnonzero(path.coefs[k])
        Z = (X[:, cols] - X[:, cols].mean(axis=0)) / X[:, cols].std(axis=0)
        loss = breslow(Z, stop, event, start, strata, w, offset)
        truth = minimize(loss, np.zeros(len(cols)), method="BFGS", options={"gtol": 1e-6})
        found = path.relaxed.coefs[k][cols] * X[:, cols].std(axis=0)
        assert loss(found) <= truth.fun + 1e-10
        np.testing.assert_allclose(found, truth.x, atol=1e-4)
        assert (path.relaxed.coefs[k] != 0).sum() == len(cols)


def test_efron_and_sparse_have_no_slope_left():
    X, stop, event, _, w, _ = data()
    X = np.where(np.abs(X - X.mean(axis=0)) > 0.3 * X.std(axis=0), X, 0.0)
    loss = rf.Cox("efron")
    path = rf.fit_path(
        sparse.csr_matrix(X),
        rf.survival(stop, event),
        loss=loss,
        strengths=[0.03],
        relax=True,
        sample_weight=w,
    )
    likelihood = loss.prepare(loss.check_target(rf.survival(stop, event)), w / w.sum())
    coef = path.relaxed.coefs[0]
    slope = X[likelihood.rows].T @ likelihood.gradient(likelihood.at((X @ coef)[likelihood.rows, None]))[:, 0]
    assert np.abs(slope / X.std(axis=0))[coef != 0].max() < 1e-8


def test_copies_of_a_column_keep_equal_coefficients():
    X, stop, event, _, _, _ = data()
    X[:, 1] = X[:, 0]
    path = rf.fit_path(
        X, rf.survival(stop, event), rf.ElasticNet(0.5), loss=rf.Cox(), strengths=[0.05], relax=True
    )
    assert path.relaxed.converged.all()
    assert path.relaxed.coefs[0, 0] == pytest.approx(path.relaxed.coefs[0, 1], rel=1e-6)

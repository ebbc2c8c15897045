"""Refits of classes and targets on the supports of paths, against SciPy's BFGS and NumPy's least squares."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

import regularfit as rf
from regularfit.lockstep.certificate import PERFECT

N, P, K = 150, 8, 3
PENALTIES = [rf.L1(), rf.ElasticNet(0.5), rf.L1().across_outputs(), rf.L1().weighted([1, 1, 0, *[1] * 5])]


def data(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P)) * np.exp(rng.normal(size=P)) + rng.normal(size=P)
    B = np.zeros((P, K))
    B[:3] = [[1.0, -1.0, 0.0], [0.0, 1.0, 0.5], [0.7, 0.0, 0.0]]
    eta = (X / X.std(axis=0)) @ B + rng.gumbel(size=(N, K))
    return X, eta, rng.uniform(0.5, 2, N), 0.3 * rng.normal(size=(N, K))


def log_loss(X, codes, w, offset, mask, intercept):
    """The mean log-loss and its slopes by intercepts and the coefficients of a mask (K, P)."""
    first = K if intercept else 0

    def value(t):
        C = np.zeros((K, P))
        C[mask] = t[first:]
        eta = offset + X @ C.T + (t[:K] if intercept else 0.0)
        p = np.exp(eta - eta.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        pull = w[:, None] * (p - np.eye(K)[codes]) / w.sum()
        lost = -(w @ np.log(p[np.arange(N), codes])) / w.sum()
        return lost, np.concatenate([pull.sum(axis=0)[:first], (pull.T @ X)[mask]])

    return value


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("intercept", [True, False])
def test_classes_by_bfgs(penalty, intercept):
    X, eta, w, offset = data()
    codes = eta.argmax(axis=1)
    path = rf.fit_path(
        X, codes, penalty, loss="multinomial", strengths=[0.1, 0.03, 0.005], relax=True, sample_weight=w,
        offset=offset, fit_intercept=intercept,
    )  # fmt: skip
    relaxed = path.relaxed
    assert relaxed.converged.all()
    np.testing.assert_array_equal(relaxed.df, path.nonzeros)
    for k in range(3):
        mask = path.coefs[k] != 0
        np.testing.assert_array_equal(relaxed.coefs[k] != 0, mask)
        loss = log_loss(X, codes, w, offset, mask, intercept)
        first = relaxed.intercepts[k] if intercept else []
        found, slope = loss(np.concatenate([first, relaxed.coefs[k][mask]]))
        assert (
            np.abs(slope / np.append(np.ones(len(first)), np.tile(X.std(axis=0), (K, 1))[mask])).max() < 1e-8
        )
        truth = minimize(
            loss, np.zeros(len(first) + mask.sum()), jac=True, method="BFGS", options={"gtol": 1e-7}
        )
        assert found == pytest.approx(truth.fun, abs=1e-10)
        every = mask.all(axis=0)  # a column of all classes keeps its mean
        np.testing.assert_allclose(
            relaxed.coefs[k].mean(axis=0)[every], path.coefs[k].mean(axis=0)[every], atol=1e-12
        )
        if intercept:
            assert abs(relaxed.intercepts[k].sum()) < 1e-9


def test_copies_of_a_column_keep_equal_coefficients():
    X, eta, _, _ = data()
    X[:, 1] = X[:, 0]
    path = rf.fit_path(
        X, eta.argmax(axis=1), rf.ElasticNet(0.5), loss="multinomial", strengths=[0.05], relax=True
    )
    np.testing.assert_allclose(path.relaxed.coefs[0, :, 0], path.relaxed.coefs[0, :, 1], rtol=1e-6)
    assert path.relaxed.converged.all()


def test_classes_that_are_told_for_certain_say_so():
    X, _, _, _ = data()
    codes = np.digitize(X[:, 0], np.quantile(X[:, 0], [0.3, 0.6]))
    path = rf.fit_path(X, codes, loss="multinomial", strengths=[0.05], relax=True)
    assert path.relaxed.reasons == (PERFECT,)
    assert not path.relaxed.converged.any()
    assert np.isfinite(path.relaxed.coefs).all()


@pytest.mark.parametrize("given", ["dense", "sparse"])
@pytest.mark.parametrize("penalty", [rf.L1(), rf.ElasticNet(0.5).across_outputs()], ids=str)
def test_targets_by_least_squares(given, penalty):
    X, Y, w, offset = data()
    X = np.where(np.abs(X) > 0.5, X, 0)
    table = sparse.csr_matrix(X) if given == "sparse" else X
    path = rf.fit_path(
        table, Y, penalty, strengths=[0.5, 0.1, 0.02], relax=True, sample_weight=w, offset=offset
    )
    relaxed, root = path.relaxed, np.sqrt(w)
    away = Y - offset
    null = w @ (away - np.average(away, axis=0, weights=w)) ** 2
    for k in range(3):
        left = np.zeros(K)
        for t in range(K):
            cols = np.flatnonzero(path.coefs[k, t])
            Z = np.column_stack([np.ones(N), X[:, cols]])
            truth = np.linalg.lstsq(root[:, None] * Z, root * away[:, t], rcond=None)[0]
            np.testing.assert_allclose(relaxed.intercepts[k, t], truth[0], rtol=1e-8, atol=1e-9)
            np.testing.assert_allclose(relaxed.coefs[k, t, cols], truth[1:], rtol=1e-8, atol=1e-9)
            left[t] = w @ (away[:, t] - Z @ truth) ** 2
        assert relaxed.deviance_ratio[k] == pytest.approx(1 - left.sum() / null.sum())
    half = path.blend(0.5)
    eta = X @ half.coefs[1].T + half.intercepts[1] + offset
    assert half.deviance_ratio[1] == pytest.approx(1 - (w @ (Y - eta) ** 2).sum() / null.sum())


def test_supports_of_more_columns_than_rows_less_three_are_left_out():
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(12, 30)), np.arange(12) % 3
    path = rf.fit_path(X, codes, rf.L2(), loss="multinomial", strengths=[0.5], relax=True)
    assert "more columns than rows" in path.relaxed.ended
    np.testing.assert_array_equal(path.relaxed.coefs, path.coefs)  # the penalised solution stands for itself

"""Ridge through one shared kernel against primal refits of every fold and brute-force leave-one-out."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import RidgeCV

from regularfit.lockstep.ridge import gcv
from regularfit.lockstep.ridge_kernel import penalty_kernel, ridge_from_kernel

STRENGTHS = np.geomspace(5.0, 1e-3, 5)


def problem(n=20, p=50, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 2.0
    return X, X[:, 0] + rng.standard_normal(n) - 1.0, rng


def primal(X, y, w, d, s, fixed):
    """Coefficients of the penalised and the fixed columns from the normal equations."""
    pi = w / w.sum()
    A = np.column_stack([X, fixed])
    penalty = np.diag(np.concatenate([s * d, np.zeros(fixed.shape[1])]))
    return np.linalg.solve((A * pi[:, None]).T @ A + penalty, A.T @ (pi * y))


@given(st.integers(4, 15), st.integers(1, 30), st.integers(0, 10**6), st.integers(0, 2))
@settings(max_examples=50, deadline=None)
def test_a_fold_of_the_shared_kernel_is_a_primal_refit(n, p, seed, u):
    X, y, rng = problem(n, p, seed)
    d = rng.uniform(0.5, 2.0, p)
    w = rng.uniform(0.5, 2.0, n)
    w[rng.integers(n)] = 0.0
    fixed = np.column_stack([np.ones(n), rng.standard_normal(n)])[:, :u]
    fit = ridge_from_kernel(penalty_kernel(X, d), y, w, STRENGTHS, fixed)
    for k, s in enumerate(STRENGTHS):
        b = primal(X, y, w, d, s, fixed)
        np.testing.assert_allclose(X.T @ fit.duals[:, k] / d, b[:p], rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(fit.fixed_coefs[:, k], b[p:], rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(fit.eta[:, k], X @ b[:p] + fixed @ b[p:], rtol=1e-6, atol=1e-7)


def test_centring_the_kernel_changes_nothing_but_the_intercept():
    X, y, _ = problem()
    w = np.r_[np.zeros(4), np.ones(16)]
    plain = ridge_from_kernel(penalty_kernel(X, np.ones(50)), y, w, STRENGTHS)
    centre = X.mean(axis=0)
    moved = ridge_from_kernel(penalty_kernel(X, np.ones(50), centre), y, w, STRENGTHS)
    np.testing.assert_allclose(plain.eta, moved.eta, rtol=1e-8)
    coefs = X.T @ moved.duals
    np.testing.assert_allclose(plain.fixed_coefs, moved.fixed_coefs - centre @ coefs, rtol=1e-7)


def test_integer_weights_are_repeated_rows():
    X, y, rng = problem()
    counts = rng.integers(0, 3, 20)
    repeated = np.repeat(np.arange(20), counts)
    K = penalty_kernel(X, np.ones(50))
    one = ridge_from_kernel(K, y, counts, STRENGTHS)
    two = ridge_from_kernel(K[np.ix_(repeated, repeated)], y[repeated], np.ones(len(repeated)), STRENGTHS)
    np.testing.assert_allclose(one.eta[repeated], two.eta, rtol=1e-8)
    np.testing.assert_allclose(one.df, two.df, rtol=1e-8)


@pytest.mark.parametrize("u", [0, 1, 2])
def test_leave_one_out_equals_refits(u):
    n = 10
    X, y, rng = problem(n, 15)
    w = rng.uniform(0.5, 2.0, n)
    fixed = np.column_stack([np.ones(n), rng.standard_normal(n)])[:, :u]
    fit = ridge_from_kernel(penalty_kernel(X, np.ones(15)), y, w, STRENGTHS, fixed)
    for k, s in enumerate(STRENGTHS):
        for i in range(n):
            left = w.copy()
            left[i] = 0.0
            b = primal(X, y, left, np.ones(15), s * w.sum() / left.sum(), fixed)
            np.testing.assert_allclose(fit.loo[i, k], y[i] - np.r_[X[i], fixed[i]] @ b, rtol=1e-6)


def test_leave_one_out_equals_ridgecv_and_gcv_its_formula():
    X, y, _ = problem(20, 30)
    fit = ridge_from_kernel(penalty_kernel(X, np.ones(30)), y, np.ones(20), STRENGTHS)
    peer = RidgeCV(alphas=STRENGTHS * 20, store_cv_results=True).fit(X, y)
    np.testing.assert_allclose(np.square(fit.loo), peer.cv_results_, rtol=1e-6)
    error = np.square(y[:, None] - fit.eta).mean(axis=0)
    np.testing.assert_allclose(fit.gcv, gcv(error, fit.df, 20), rtol=1e-6)


def test_leave_one_out_stays_exact_down_to_interpolation():
    X, y, _ = problem(12, 40)
    K = penalty_kernel(X, np.ones(40))
    tiny = ridge_from_kernel(K, y, np.ones(12), [1e-13])
    least_norm = np.empty(12)
    for i in range(12):
        kept = np.arange(12) != i
        mean = X[kept].mean(axis=0)
        b = np.linalg.pinv(X[kept] - mean) @ (y[kept] - y[kept].mean())
        least_norm[i] = y[i] - y[kept].mean() - (X[i] - mean) @ b
    np.testing.assert_allclose(tiny.loo[:, 0], least_norm, rtol=1e-6)


def test_sparse_kernel_is_the_dense_one():
    X = sp.random_array((15, 40), density=0.2, random_state=0, format="csr")
    d, centre = np.linspace(1, 2, 40), np.linspace(0, 1, 40)
    d[3] = np.inf
    dense = penalty_kernel(X.toarray(), d, centre)
    np.testing.assert_allclose(penalty_kernel(X, d, centre), dense, atol=1e-12)
    np.testing.assert_allclose(penalty_kernel(X.tocsc(), d, centre), dense, atol=1e-12)
    np.testing.assert_allclose(dense, (X.toarray() - centre) / d @ (X.toarray() - centre).T, atol=1e-12)


def test_column_blocks_add_up(monkeypatch):
    X, _, _ = problem()
    whole = penalty_kernel(np.asfortranarray(X, dtype=np.float32), np.ones(50))
    monkeypatch.setattr("regularfit.lockstep.ridge_kernel._BLOCK_BYTES", 8 * 20 * 7)
    np.testing.assert_allclose(penalty_kernel(X.astype(np.float32), np.ones(50)), whole, rtol=1e-12)
    assert whole.dtype == np.float64


def test_fixed_columns_that_depend_on_earlier_ones_get_zero():
    X, y, rng = problem()
    w = np.r_[np.zeros(4), np.ones(16)]
    group = np.r_[np.ones(4), np.zeros(16)]
    trend = rng.standard_normal(20)
    fixed = np.column_stack([np.ones(20), group, 3 * np.ones(20), trend, group + trend])
    K = penalty_kernel(X, np.ones(50))
    some = ridge_from_kernel(K, y, w, STRENGTHS, fixed)
    plain = ridge_from_kernel(K, y, w, STRENGTHS, fixed[:, [0, 3]])
    assert not some.fixed_coefs[[1, 2, 4]].any()
    np.testing.assert_allclose(some.eta, plain.eta, rtol=1e-9)
    np.testing.assert_allclose(some.df, plain.df, rtol=1e-9)


def test_one_training_row_predicts_its_own_value():
    fit = ridge_from_kernel(np.eye(3), np.array([5.0, 1, 1]), [1.0, 0, 0], [1.0])
    np.testing.assert_allclose(fit.eta[:, 0], 5.0)
    assert np.isinf(fit.gcv).all()
    assert np.isnan(fit.loo).all()

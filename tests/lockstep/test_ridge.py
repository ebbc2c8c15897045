"""Exact ridge from a Gram matrix against normal equations, scikit-learn and brute-force leave-one-out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge, RidgeCV

from regularfit.errors import InputError
from regularfit.lockstep.ridge import GramRidge, gcv, leave_one_out, ridge_from_gram

STRENGTHS = np.geomspace(10.0, 1e-4, 7)


def problem(n=30, p=6, seed=0, weighted=True):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) @ (np.eye(p) + 0.5) + rng.standard_normal(p)
    y = X @ rng.standard_normal(p) + rng.standard_normal(n) + 3.0
    w = rng.uniform(0.2, 2.0, n) if weighted else np.ones(n)
    w *= n / w.sum()
    return X, y, w


def centred_gram(X, y, w):
    n = len(y)
    Z, z = X - w @ X / n, y - w @ y / n
    return Z, z, (Z * w[:, None]).T @ Z / n, (Z * w[:, None]).T @ z / n


@given(st.integers(2, 12), st.integers(1, 9), st.integers(0, 10**6), st.data())
@settings(max_examples=60, deadline=None)
def test_solves_the_normal_equations(n, p, seed, data):
    X, y, w = problem(n, p, seed)
    l2 = np.array(data.draw(st.lists(st.sampled_from([0.0, 0.3, 1.0, 5.0]), min_size=p, max_size=p)))
    _, _, H, c = centred_gram(X, y, w)
    coefs, df = ridge_from_gram(H, c, l2, STRENGTHS)
    assert coefs.shape == (7, p)
    scale = np.abs(H).max() * np.abs(coefs).max(axis=1) + np.abs(c).max()
    for s, b, size in zip(STRENGTHS, coefs, scale, strict=True):
        np.testing.assert_allclose(H @ b + s * l2 * b, c, atol=1e-11 * size)
    assert np.all(np.diff(df) >= -1e-9)
    assert np.all((df >= 0) & (df <= min(n - 1, p) + 1e-9))


def test_equals_sklearn_ridge():
    X, y, w = problem()
    _, _, H, c = centred_gram(X, y, w)
    coefs, _ = ridge_from_gram(H, c, np.ones(6), STRENGTHS)
    for s, b in zip(STRENGTHS, coefs, strict=True):
        np.testing.assert_allclose(b, Ridge(alpha=s * 30, tol=1e-12).fit(X, y, w).coef_, rtol=1e-9)


@pytest.mark.parametrize("l2", [np.ones(6), np.array([0.0, 1, 2, 0, 0.5, 1])])
def test_df_is_the_trace_of_the_leverages(l2):
    X, y, w = problem()
    Z, _, H, _ = centred_gram(X, y, w)
    spectrum = GramRidge.decompose(H, l2)
    leverages = spectrum.leverages(Z, w / 30, STRENGTHS)
    np.testing.assert_allclose(leverages.sum(axis=0), spectrum.df(STRENGTHS), rtol=1e-10)
    for s, h in zip(STRENGTHS, leverages.T, strict=True):
        hat = Z @ np.linalg.solve(H + s * np.diag(l2), (Z * w[:, None]).T / 30)
        np.testing.assert_allclose(h, np.diag(hat), rtol=1e-9)


@pytest.mark.parametrize("l2", [np.ones(4), np.array([0.0, 1, 2, 0.5])])
def test_leave_one_out_equals_refits(l2):
    n = 15
    X, y, w = problem(n, 4)
    Z, z, H, c = centred_gram(X, y, w)
    spectrum = GramRidge.decompose(H, l2)
    residuals = z[:, None] - Z @ spectrum.coefs(c, STRENGTHS).T
    loo = leave_one_out(residuals, spectrum.leverages(Z, w / n, STRENGTHS) + (w / n)[:, None])
    design = np.column_stack([np.ones(n), X])
    for k, s in enumerate(STRENGTHS):
        for i in range(n):
            kept = np.arange(n) != i
            A, u = design[kept], w[kept]
            total = np.diag(np.concatenate([[0.0], n * s * l2]))
            b = np.linalg.solve((A * u[:, None]).T @ A + total, A.T @ (u * y[kept]))
            np.testing.assert_allclose(loo[i, k], y[i] - design[i] @ b, rtol=1e-7)


def test_leave_one_out_at_the_same_strength_for_equal_weights():
    n = 20
    X, y, w = problem(n, 4, weighted=False)
    Z, z, H, c = centred_gram(X, y, w)
    spectrum, at = GramRidge.decompose(H, np.ones(4)), np.array([0.3 * (n - 1) / n])
    loo = leave_one_out((z - Z @ spectrum.coefs(c, at)[0])[:, None], spectrum.leverages(Z, w / n, at) + 1 / n)
    kept = np.arange(n) != 3
    refit = Ridge(alpha=0.3 * (n - 1), tol=1e-12).fit(X[kept], y[kept])
    np.testing.assert_allclose(loo[3, 0], y[3] - refit.predict(X[3:4])[0], rtol=1e-9)


def test_leave_one_out_equals_ridgecv():
    X, y, w = problem(40, 5, weighted=False)
    Z, z, H, c = centred_gram(X, y, w)
    spectrum = GramRidge.decompose(H, np.ones(5))
    residuals = z[:, None] - Z @ spectrum.coefs(c, STRENGTHS).T
    loo = leave_one_out(residuals, spectrum.leverages(Z, w / 40, STRENGTHS) + 1 / 40)
    peer = RidgeCV(alphas=STRENGTHS * 40, store_cv_results=True).fit(X, y)
    np.testing.assert_allclose(np.square(loo), peer.cv_results_, rtol=1e-7)


def test_gcv_is_leave_one_out_where_all_leverages_are_equal():
    n = 8
    X = np.fft.fft(np.eye(n))[:, 1:3]
    X = np.column_stack([X.real, X.imag])
    y = np.random.default_rng(0).standard_normal(n)
    Z, z, H, c = centred_gram(X, y, np.ones(n))
    spectrum = GramRidge.decompose(H, np.ones(4))
    residuals = z[:, None] - Z @ spectrum.coefs(c, STRENGTHS).T
    loo = leave_one_out(residuals, spectrum.leverages(Z, np.full(n, 1 / n), STRENGTHS) + 1 / n)
    score = gcv(np.square(residuals).mean(axis=0), spectrum.df(STRENGTHS) + 1, n)
    np.testing.assert_allclose(score, np.square(loo).mean(axis=0), rtol=1e-9)


def test_leverage_one_has_no_leave_one_out_residual():
    assert np.isnan(leave_one_out([[0.0]], [[1.0]])).all()
    assert np.isinf(gcv([0.0], [3.0], 3)).all()


def test_duplicated_columns_share_and_strength_zero_is_least_norm():
    X, y, w = problem()
    X = np.column_stack([X, X[:, 0]])
    Z, z, H, c = centred_gram(X, y, w)
    coefs, df = ridge_from_gram(H, c, np.ones(7), [0.1, 0.0])
    np.testing.assert_allclose(coefs[:, 0], coefs[:, 6], rtol=1e-6)
    root = np.sqrt(w)
    np.testing.assert_allclose(coefs[1], np.linalg.pinv(root[:, None] * Z) @ (root * z), rtol=1e-6)
    np.testing.assert_allclose(df[1], 6.0)


def test_unpenalised_columns_in_small_units_survive():
    X, y, w = problem()
    units = np.array([1.0, 1e-6, 1e6, 1.0, 1.0, 1.0])
    l2 = np.array([1.0, 0, 0, 1, 1, 1])
    _, _, H, c = centred_gram(X, y, w)
    plain, _ = ridge_from_gram(H, c, l2, STRENGTHS)
    scaled, _ = ridge_from_gram(H * units * units[:, None], c * units, l2, STRENGTHS)
    np.testing.assert_allclose(scaled * units, plain, rtol=1e-6)


def test_all_columns_unpenalised_is_least_squares():
    X, y, w = problem(weighted=False)
    Z, z, H, c = centred_gram(X, y, w)
    coefs, df = ridge_from_gram(H, c, np.zeros(6), [1.0, 2.0])
    np.testing.assert_allclose(coefs, np.linalg.lstsq(Z, z)[0][None].repeat(2, axis=0), rtol=1e-9)
    np.testing.assert_allclose(df, 6.0)


@pytest.mark.parametrize("l2", [np.ones(3), np.array([1.0, -1.0]), np.array([1.0, np.inf])])
def test_bad_factors_are_refused(l2):
    with pytest.raises(InputError, match="l2"):
        ridge_from_gram(np.eye(2), np.ones(2), l2, [1.0])


@pytest.mark.parametrize("strengths", [[-1.0], [np.nan], 1.0])
def test_bad_strengths_are_refused(strengths):
    with pytest.raises(InputError, match="strengths"):
        ridge_from_gram(np.eye(2), np.ones(2), np.ones(2), strengths)


def test_inputs_are_not_changed():
    X, y, w = problem()
    _, _, H, c = centred_gram(X, y, w)
    before = H.copy(), c.copy()
    ridge_from_gram(H, c, np.array([0.0, 1, 1, 1, 1, 1]), STRENGTHS)
    np.testing.assert_array_equal(H, before[0])
    np.testing.assert_array_equal(c, before[1])


def test_nothing_is_left_where_free_columns_explain_the_rows():
    X, y, w = problem(5, 9, 5)
    _, _, H, c = centred_gram(X, y, w)
    _, df = ridge_from_gram(H, c, [0, 0.3, 0, 0.3, 0, 0, 0, 0.3, 0.3], STRENGTHS)
    assert (
        df == 4
    ).all()  # the difference that is left of the penalised columns is rounding, and counts for none


@pytest.mark.parametrize(("n", "p", "s"), [(100, 20, 0.1), (10, 20, 1e-3), (50, 10, 1e-12)])
def test_one_strength_alone_is_what_the_spectrum_says(n, p, s):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    H, c, l2 = X.T @ X / n, rng.normal(size=p), rng.uniform(0.5, 2, p)
    coefs, df = ridge_from_gram(H, c, l2, [s])
    spectrum = GramRidge.decompose(H, l2)
    np.testing.assert_allclose(coefs, spectrum.coefs(c, [s]), rtol=1e-9)
    np.testing.assert_allclose(df, spectrum.df([s]), rtol=1e-9)

import numpy as np
import pytest
import scipy.sparse as sp
from scipy import stats

import regularfit as rf
from regularfit.diagnostics import posterior
from tests.diagnostics.bayes_data import rows, scaled, spread

STRENGTH, NOISE = 0.3, 1.7


def brute(X, y, weights, offset, factors, strength, noise, unit, intercept=True):
    """Mean and covariance of (intercept, coefficients) by the p x p formula."""
    n = len(y)
    w = scaled(weights)
    M = np.column_stack([np.ones(n), X]) if intercept else X
    prior = n * strength * factors * unit**2
    precision = np.diag(np.concatenate([[0.0], prior]) if intercept else prior)
    covariance = np.linalg.inv(M.T @ (M * w[:, None]) + precision)
    return covariance @ M.T @ (w * (y - offset)), noise**2 * covariance


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("factors", [(1, 1, 1, 1), (1, 0, 3, 0.5)])
def test_the_full_formula(standardize, intercept, factors):
    X, y, weights, offset = rows()
    factors = np.array(factors, dtype=float)
    model = rf.PenalizedRegressor(
        rf.L2().weighted(factors),
        strength=STRENGTH,
        standardize=standardize,
        fit_intercept=intercept,
        tol=1e-12,
    ).fit(X, y, sample_weight=weights, offset=offset)
    found = posterior(model, X, y, sample_weight=weights, offset=offset, noise=NOISE)
    unit = spread(X, weights) if standardize else np.ones(4)
    mean, covariance = brute(X, y, weights, offset, factors, STRENGTH, NOISE, unit, intercept)
    first = int(intercept)
    np.testing.assert_allclose(found.coef, mean[first:], rtol=1e-8)
    np.testing.assert_allclose(found.coef, model.coef_, atol=1e-6)
    np.testing.assert_allclose(found.covariance(), covariance[first:, first:], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.sd, np.sqrt(np.diag(covariance))[first:], rtol=1e-8)
    new = np.random.default_rng(9).normal(size=(5, 4))
    M = np.column_stack([np.ones(5), new]) if intercept else new
    said = found.predict(new, offset=np.ones(5))
    np.testing.assert_allclose(said.mean, 1 + M @ mean, rtol=1e-8)
    np.testing.assert_allclose(said.sd_mean**2, np.einsum("ij,jk,ik->i", M, covariance, M), rtol=1e-7)
    np.testing.assert_allclose(said.sd**2, said.sd_mean**2 + NOISE**2, rtol=1e-12)
    prior = np.where(factors > 0, NOISE / np.sqrt(40 * STRENGTH * np.maximum(factors, 1e-300)) / unit, np.inf)
    np.testing.assert_allclose(found.prior_sd, prior, rtol=1e-10)


def test_more_columns_than_rows():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(12, 30))
    y = X[:, 0] + rng.normal(size=12)
    model = rf.PenalizedRegressor(rf.L2(), strength=STRENGTH, tol=1e-12).fit(X, y)
    found = posterior(model, X, y, noise=NOISE)
    ones = np.ones(12)
    mean, covariance = brute(X, y, ones, 0 * ones, np.ones(30), STRENGTH, NOISE, spread(X, ones))
    np.testing.assert_allclose(found.coef, mean[1:], atol=1e-10)
    np.testing.assert_allclose(found.covariance(), covariance[1:, 1:], atol=1e-10)
    np.testing.assert_allclose(found.sd, np.sqrt(np.diag(covariance))[1:], rtol=1e-8)
    np.testing.assert_allclose(found.predict(X[:3] * 0).sd_mean, np.sqrt(covariance[0, 0]), rtol=1e-8)
    coefs, intercepts = found.sample(40_000)
    np.testing.assert_allclose(
        np.cov(coefs.T), covariance[1:, 1:], atol=6 * covariance.max() / np.sqrt(40_000)
    )
    assert abs(intercepts.std() / np.sqrt(covariance[0, 0]) - 1) < 4 / np.sqrt(2 * 40_000)


def test_draws_of_few_columns_and_free_ones():
    X, y, *_ = rows()
    model = rf.PenalizedRegressor(rf.L2().weighted([1, 0, 2, 1]), strength=STRENGTH, tol=1e-12).fit(X, y)
    found = posterior(model, X, y, noise=NOISE)
    coefs, intercepts = found.sample(40_000, random_state=3)
    full = np.column_stack([intercepts, coefs])
    mean, covariance = brute(
        X, y, 1 + 0 * y, 0 * y, np.array([1, 0, 2, 1]), STRENGTH, NOISE, spread(X, 1 + 0 * y)
    )
    root = np.sqrt(np.diag(covariance))
    np.testing.assert_array_less(np.abs(full.mean(axis=0) - mean) / root, 4.5 / 200)
    correlation = covariance / np.outer(root, root)
    np.testing.assert_allclose(np.cov(full.T) / np.outer(root, root), correlation, atol=6 / 200)


def test_noise_of_the_evidence_gives_exact_t_intervals():
    # Given the noise, the prior's own draws are covered exactly as often as a t interval says, however few the rows.
    rng = np.random.default_rng(5)
    n, p, strength, noise, repeats = 7, 3, 0.4, 2.0, 150
    X = rng.normal(size=(n, p))
    new = np.array([[1.0, -1.0, 0.5]])
    hits, new_hits = 0, 0
    for _ in range(repeats):
        b = rng.normal(size=p) * noise / np.sqrt(n * strength)
        y = 3 + X @ b + noise * rng.normal(size=n)
        model = rf.PenalizedRegressor(rf.L2(), strength=strength, standardize=False).fit(X, y)
        found = posterior(model, X, y)
        low, high = found.interval(0.8).T
        hits += ((low < b) & (b < high)).mean()
        low, high = found.predict(new).interval(0.8)[0]
        new_hits += low < 3 + (new @ b)[0] + noise * rng.normal() < high
    assert found.dof == n - 1
    assert abs(hits / repeats - 0.8) < 4 * 0.4 / np.sqrt(repeats)
    assert abs(new_hits / repeats - 0.8) < 4 * 0.4 / np.sqrt(repeats)


def test_noise_from_residuals():
    X, y, *_ = rows()
    model = rf.PenalizedRegressor(rf.L2(), strength=STRENGTH, tol=1e-12).fit(X, y)
    found = posterior(model, X, y, noise="df")
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    df = 1 + np.trace(Z @ np.linalg.solve(Z.T @ Z + 40 * STRENGTH * np.eye(4), Z.T))
    r = y - model.predict(X)
    assert found.df == pytest.approx(df)
    assert found.noise == pytest.approx(np.sqrt(r @ r / (40 - df)), rel=1e-6)
    low, high = found.interval(0.9)[0]
    assert (high - low) / 2 == pytest.approx(stats.norm.isf(0.05) * found.sd[0])


def test_rows_of_weight_zero_are_not_there():
    X, y, weights, _ = rows()
    weights[:10] = 0
    settings = {"strength": STRENGTH, "tol": 1e-12}
    model = rf.PenalizedRegressor(rf.L2(), **settings).fit(X, y, sample_weight=weights)
    short = rf.PenalizedRegressor(rf.L2(), **settings).fit(X[10:], y[10:], sample_weight=weights[10:])
    one = posterior(model, X, y, sample_weight=weights)
    two = posterior(short, X[10:], y[10:], sample_weight=weights[10:])
    np.testing.assert_allclose(one.sd, two.sd)
    assert one.log_evidence == pytest.approx(two.log_evidence)


def test_sparse_float32_and_tables():
    pd = pytest.importorskip("pandas")
    X, y, *_ = rows()
    X = np.float32(np.where(np.abs(X) < 0.5, 0, X)).astype(float)
    model = rf.PenalizedRegressor(rf.L2(), strength=STRENGTH, tol=1e-10)
    usual = posterior(model.fit(X, y), X, y)
    for other in (sp.csr_array(X), np.float32(X)):
        np.testing.assert_allclose(posterior(model.fit(other, y), other, y).sd, usual.sd, rtol=1e-6)
    table = pd.DataFrame(X, columns=list("abcd"))
    named = posterior(model.fit(table, y), table, y)
    assert named.to_frame()["column"].tolist() == list("abcd")
    np.testing.assert_allclose(named.predict(table).mean, usual.predict(X).mean)


def test_excluded_and_constant_columns_stand_still():
    X, y, *_ = rows()
    X[:, 3] = 7
    model = rf.PenalizedRegressor(rf.L2().weighted([1, np.inf, 1, 1]), strength=STRENGTH).fit(X, y)
    found = posterior(model, X, y)
    assert (found.sd[[1, 3]] == 0).all()
    assert (found.coef[[1, 3]] == 0).all()
    assert (found.sd[[0, 2]] > 0).all()

"""Degrees of freedom against the trace itself, the derivative of the fit, and counting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet as SklearnElasticNet

from regularfit.errors import InputError
from regularfit.lockstep.effective_df import effective_df, effective_dfs

STRENGTHS = np.geomspace(3.0, 1e-3, 6)


def gram(n, a, seed=0):
    X = np.random.default_rng(seed).standard_normal((n, a))
    return X, X.T @ X / n


@given(st.integers(1, 25), st.integers(0, 12), st.integers(0, 10**6), st.data())
@settings(max_examples=60, deadline=None)
def test_is_the_trace_of_the_hat_matrix(n, a, seed, data):
    X, H = gram(n, a, seed)
    l2 = np.array(data.draw(st.lists(st.sampled_from([0.2, 1.0, 4.0]), min_size=a, max_size=a)))
    df = effective_df(H, l2, STRENGTHS)
    for s, value in zip(STRENGTHS, df, strict=True):
        assert value == pytest.approx(
            np.trace(X @ np.linalg.solve(H + s * np.diag(l2), X.T)) / n, rel=1e-8, abs=1e-9
        )
    assert np.all(df <= min(n, a) + 1e-9)


def test_without_l2_it_is_the_rank():
    X, _ = gram(20, 5)
    X = np.column_stack([X, X[:, 0]])
    np.testing.assert_allclose(effective_df(X.T @ X, np.zeros(6), STRENGTHS), 5.0)


def test_unpenalised_columns_count_one_each():
    X, H = gram(30, 4)
    l2 = np.array([0.0, 1.0, 0.0, 2.0])
    for s, value in zip(STRENGTHS, effective_df(H, l2, STRENGTHS), strict=True):
        assert value == pytest.approx(np.trace(X @ np.linalg.solve(H + s * np.diag(l2), X.T)) / 30)
    assert effective_df(H, l2, [1e9])[0] == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize("many", [False, True])
def test_a_path_is_its_strengths_one_by_one(many):
    _, H = gram(30, 8)
    rng = np.random.default_rng(1)
    strengths = np.geomspace(3, 1e-6, 40)
    active = np.repeat(rng.random((4, 8)) < 0.6, 10, axis=0) if many else rng.random((40, 8)) < 0.6
    l2 = np.r_[0.0, rng.uniform(0.5, 2, 7)]
    want = [effective_df(H[np.ix_(a, a)], l2[a], [s])[0] for s, a in zip(strengths, active, strict=True)]
    np.testing.assert_allclose(effective_dfs(H, l2, strengths, active), want, rtol=1e-9, atol=1e-12)


def test_lasso_counts_and_empty_paths():
    _, H = gram(30, 4)
    active = np.array([[0, 0, 0, 0], [1, 0, 0, 1]], dtype=bool)
    assert effective_dfs(H, np.zeros(4), [2.0, 1.0], active).tolist() == [0.0, 2.0]
    assert effective_dfs(H, np.ones(4), [2.0, 1.0], active)[0] == 0.0
    assert effective_dfs(H, np.ones(4), [], np.zeros((0, 4))).shape == (0,)


def test_a_singular_active_set_falls_back_to_the_spectrum():
    X, _ = gram(20, 3)
    X = np.column_stack([X, X[:, 0]])
    H = X.T @ X / 20
    df = effective_dfs(H, np.full(4, 1e-14), [1.0], np.ones((1, 4)))
    assert df[0] == pytest.approx(3.0, abs=1e-6)


def test_is_the_divergence_of_the_elastic_net_fit():
    n, ratio, s, h = 25, 0.5, 0.1, 1e-4
    X, H = gram(n, 6)
    y = X[:, 0] + np.random.default_rng(2).standard_normal(n)

    def fit(target):
        peer = SklearnElasticNet(alpha=s, l1_ratio=ratio, fit_intercept=False, tol=1e-14, max_iter=10**6)
        return peer.fit(X, target).coef_

    divergence = sum((X[i] @ (fit(y + h * e) - fit(y - h * e))) / (2 * h) for i, e in enumerate(np.eye(n)))
    active = fit(y) != 0
    df = effective_dfs(H, np.full(6, 1 - ratio), [s], active[None])
    assert df[0] == pytest.approx(divergence, rel=1e-5)


def test_bad_factors_are_refused():
    with pytest.raises(InputError, match="l2"):
        effective_df(np.eye(2), [1.0, -1.0], [1.0])

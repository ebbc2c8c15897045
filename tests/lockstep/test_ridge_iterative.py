"""Iterative ridge against the exact road: lanes of their own weights and scales, both sides, sparse."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from regularfit.errors import InputError
from regularfit.lockstep.ridge import ridge_from_gram
from regularfit.lockstep.ridge_iterative import iterate_ridge

STRENGTHS = np.geomspace(1.0, 1e-3, 6)


def lanes_of(X, rng, lanes):
    w = rng.uniform(0.5, 2.0, (X.shape[0], lanes))
    w[rng.integers(X.shape[0], size=lanes), np.arange(lanes)] = 0.0
    pi = w / w.sum(axis=0)
    means = X.T @ pi
    scales = np.sqrt(np.maximum((X**2).T @ pi - means**2, 1e-3))
    return w, means, scales


def exact(X, y, w, mean, scale, l2, strengths):
    pi, kept = w / w.sum(), np.isfinite(l2)
    Z = ((X - mean) / scale)[:, kept]
    coefs = np.zeros((len(strengths), X.shape[1]))
    weighted = Z * pi[:, None]
    coefs[:, kept], _ = ridge_from_gram(Z.T @ weighted, weighted.T @ (y - pi @ y), l2[kept], strengths)
    return coefs


def objective(X, y, w, mean, scale, l2, s, b):
    pi = w / w.sum()
    residual = y - pi @ y - (X - mean) / scale @ b
    finite = np.isfinite(l2)
    return 0.5 * pi @ residual**2 + 0.5 * s * (l2[finite] @ b[finite] ** 2)


@given(st.integers(4, 25), st.integers(1, 30), st.integers(1, 3), st.integers(0, 10**6), st.data())
@settings(max_examples=60, deadline=None)
def test_every_lane_reaches_its_stated_gap(n, p, lanes, seed, data):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 1.0
    y = X[:, 0] + rng.standard_normal(n)
    factors = st.sampled_from([1.0, 1.0, 1.0, 0.2, 3.0, np.inf])
    l2 = np.array(data.draw(st.lists(factors, min_size=p, max_size=p)))
    l2[: data.draw(st.integers(0, min(p, 2)))] = 0.0
    w, means, scales = lanes_of(X, rng, lanes)
    seen = list(
        iterate_ridge(lambda V: X @ V, lambda U: X.T @ U, y, w, means, scales, l2, STRENGTHS, tol=1e-9)
    )
    assert sorted(lane.lane for lane in seen) == list(range(lanes))
    for path in seen:
        own = w[:, path.lane], means[:, path.lane], scales[:, path.lane], l2
        best = exact(X, y, *own, STRENGTHS)
        assert np.all(path.coefs[:, np.isinf(l2)] == 0)
        assert path.converged.all()
        for s, b, b_best, gap in zip(STRENGTHS, path.coefs, best, path.gaps, strict=True):
            optimum = objective(X, y, *own, s, b_best)
            excess = objective(X, y, *own, s, b) - optimum
            assert excess <= gap * optimum + 1e-13 * (y @ y)


@pytest.mark.parametrize("shape", [(200, 60), (60, 200)])
@pytest.mark.parametrize("memory", [2**27, 1])
def test_sparse_lanes_equal_the_exact_road_also_with_restarts(shape, memory):
    rng = np.random.default_rng(0)
    S = sp.random_array(shape, density=0.1, random_state=rng, format="csr")
    X = S.toarray()
    y = X @ rng.standard_normal(shape[1]) + rng.standard_normal(shape[0])
    w, means, scales = lanes_of(X, rng, 3)
    l2 = np.r_[0.0, 0.0, np.inf, rng.uniform(0.5, 2, shape[1] - 3)]
    seen = list(iterate_ridge(lambda V: S @ V, lambda U: S.T @ U, y, w, means, scales, l2, STRENGTHS,
                              tol=1e-13, basis_bytes=memory))  # fmt: skip
    for path in seen:
        own = w[:, path.lane], means[:, path.lane], scales[:, path.lane], l2
        np.testing.assert_allclose(path.coefs, exact(X, y, *own, STRENGTHS), rtol=1e-4, atol=1e-6)


def test_without_intercept_and_with_a_grid_for_each_lane():
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((30, 5)) + 1.0, rng.standard_normal(30) + 4.0
    zero, one = np.zeros((5, 2)), np.ones((5, 2))
    grids = np.stack([STRENGTHS, 2 * STRENGTHS])
    paths = iterate_ridge(
        lambda V: X @ V, lambda U: X.T @ U, y, np.ones((30, 2)), zero, one, np.ones(5), grids,
        fit_intercept=False, tol=1e-12,
    )  # fmt: skip
    for path in paths:
        best, _ = ridge_from_gram(X.T @ X / 30, X.T @ y / 30, np.ones(5), grids[path.lane])
        np.testing.assert_allclose(path.coefs, best, rtol=1e-5)


def test_strengths_cost_no_products_of_their_own():
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((300, 100)), rng.standard_normal(300)
    columns = []

    def matmat(V):
        columns.append(V.shape[1])
        return X @ V

    w = np.ones((300, 4))
    means, scales = np.repeat(X.mean(axis=0)[:, None], 4, axis=1), np.ones((100, 4))
    seen = list(
        iterate_ridge(
            matmat, lambda U: X.T @ U, y, w, means, scales, np.ones(100), np.geomspace(1, 1e-3, 100)
        )
    )
    assert all(path.converged.all() for path in seen)
    assert sum(columns) == sum(path.iterations for path in seen)
    assert len(columns) <= 40


def test_too_few_steps_are_said():
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((50, 40)), rng.standard_normal(50)
    (path,) = iterate_ridge(
        lambda V: X @ V, lambda U: X.T @ U, y, np.ones((50, 1)), np.zeros((40, 1)), np.ones((40, 1)),
        np.ones(40), [10.0, 1e-4], fit_intercept=False, max_iter=2,
    )  # fmt: skip
    assert path.iterations == 2
    assert not path.converged[1]
    assert path.gaps[1] > 1e-7
    assert path.residuals[1] > path.residuals[0]


@pytest.mark.parametrize("l2", [0.0, np.inf])
def test_nothing_penalised(l2):
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    (path,) = iterate_ridge(lambda V: X @ V, lambda U: X.T @ U, y, np.ones((20, 1)), np.zeros((3, 1)),
                            np.ones((3, 1)), np.full(3, l2), [1.0], fit_intercept=False)  # fmt: skip
    want = np.linalg.lstsq(X, y)[0] if l2 == 0 else np.zeros(3)
    np.testing.assert_allclose(path.coefs[0], want, rtol=1e-9)
    assert path.converged.all()


def test_bad_input_is_refused_at_once():
    X, one = np.eye(2), np.ones((2, 1))
    args = lambda V: X @ V, lambda U: X.T @ U, np.ones(2)
    with pytest.raises(InputError, match="l2"):
        iterate_ridge(*args, one, one, one, [-1.0, 1.0], [1.0])
    with pytest.raises(InputError, match="weights"):
        iterate_ridge(*args, 0 * one, one, one, [1.0, 1.0], [1.0])
    with pytest.raises(InputError, match="strengths"):
        iterate_ridge(*args, one, one, one, [1.0, 1.0], [0.0])

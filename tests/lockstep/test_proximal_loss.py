"""The proximal road for losses: scikit-learn's logistic regression, the quadratic road, weights, offset."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from regularfit.lockstep.proximal import proximal_quadratic
from regularfit.lockstep.proximal_loss import RowLoss, proximal_loss
from regularfit.losses import Logistic, Squared
from regularfit.penalties import L1, L2, ElasticNet, Traits

STRENGTHS = np.geomspace(0.1, 0.005, 5)


def problem(n=120, p=8, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * np.linspace(1, 3, p) + 1.0
    eta = X[:, 0] - 0.5 * X[:, 1] - 0.2
    return X, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float), rng.uniform(0.5, 2, n), rng


def products(X):
    return (lambda V: X @ V), (lambda U: X.T @ U)


def own(path, means, scales):
    coefs = path.coefs[:, :-1] / scales
    return coefs, path.coefs[:, -1] - coefs @ means


@pytest.mark.parametrize(("penalty", "l1_ratio"), [(L1(), 1.0), (L2(), 0.0), (ElasticNet(0.5), 0.5)])
def test_logistic_equals_sklearn(penalty, l1_ratio):
    X, y, w, _ = problem()
    means, scales = X.mean(axis=0), np.ones(8)
    path = proximal_loss(*products(X), Logistic(), y, w, means, scales, penalty, STRENGTHS, tol=1e-8)
    assert path.converged.all()
    coefs, intercepts = own(path, means, scales)
    for s, b, a in zip(STRENGTHS, coefs, intercepts, strict=True):
        peer = LogisticRegression(
            C=1 / (s * w.sum()), l1_ratio=l1_ratio, solver="saga", tol=1e-12, max_iter=10**5
        )
        peer.fit(X, y, w)
        np.testing.assert_allclose(b, peer.coef_[0], atol=2e-6)
        np.testing.assert_allclose(a, peer.intercept_[0], atol=2e-5)


def test_squared_equals_the_quadratic_road():
    X, _, w, rng = problem()
    y, pi = X[:, 0] + rng.standard_normal(120), w / w.sum()
    means = pi @ X
    scales = np.sqrt(pi @ (X - means) ** 2)
    path = proximal_loss(*products(X), Squared(), y, w, means, scales, L1(), STRENGTHS, tol=1e-9)
    Z = (X - means) / scales
    gram = proximal_quadratic(Z.T @ (Z * pi[:, None]), Z.T @ (pi * (y - pi @ y)), L1(), STRENGTHS, tol=1e-9)
    assert path.converged.all()
    np.testing.assert_allclose(path.coefs[:, :-1], gram.coefs, atol=1e-8)
    np.testing.assert_allclose(path.coefs[:, -1], pi @ y, rtol=1e-8)


def test_gradient_is_that_of_the_value():
    X, y, w, rng = problem()
    loss = RowLoss(
        *products(X), Logistic(), y, w, X.mean(axis=0), np.full(8, 2.0), offset=rng.standard_normal(120)
    )
    b, h = rng.standard_normal(9), 1e-6
    slopes = [(loss.value(b + h * e) - loss.value(b - h * e)) / (2 * h) for e in np.eye(9)]
    np.testing.assert_allclose(loss.gradient(b), slopes, rtol=1e-6, atol=1e-9)


def test_an_offset_is_a_column_with_a_known_coefficient():
    X, y, w, _ = problem()
    means, scales = X.mean(axis=0), np.ones(8)
    offset = np.full(120, 0.7)
    plain = proximal_loss(*products(X), Logistic(), y, w, means, scales, L1(), STRENGTHS)
    moved = proximal_loss(*products(X), Logistic(), y, w, means, scales, L1(), STRENGTHS, offset=offset)
    np.testing.assert_allclose(moved.coefs[:, :-1], plain.coefs[:, :-1], atol=1e-5)
    np.testing.assert_allclose(moved.coefs[:, -1], plain.coefs[:, -1] - 0.7, atol=1e-5)


def test_weights_are_repeats_and_zero_holds_out():
    X, y, _, rng = problem()
    counts = rng.integers(0, 3, 120)
    rows = np.repeat(np.arange(120), counts)
    means, scales = np.zeros(8), np.ones(8)
    one = proximal_loss(*products(X), Logistic(), y, counts, means, scales, L1(), STRENGTHS)
    two = proximal_loss(
        *products(X[rows]), Logistic(), y[rows], np.ones(rows.size), means, scales, L1(), STRENGTHS
    )
    np.testing.assert_allclose(one.coefs, two.coefs, atol=1e-5)
    unknown = np.where(counts > 0, y, np.nan)
    three = proximal_loss(*products(X), Logistic(), unknown, counts, means, scales, L1(), STRENGTHS)
    np.testing.assert_array_equal(one.coefs, three.coefs)


def test_sparse_designs_stay_sparse():
    S = sp.random_array((100, 20), density=0.2, random_state=0, format="csr")
    y = (np.arange(100) % 2).astype(float)
    means, scales = np.asarray(S.mean(axis=0)), np.full(20, 0.5)
    a = proximal_loss(*products(S), Logistic(), y, np.ones(100), means, scales, L1(), STRENGTHS)
    b = proximal_loss(*products(S.toarray()), Logistic(), y, np.ones(100), means, scales, L1(), STRENGTHS)
    np.testing.assert_allclose(a.coefs, b.coefs, atol=1e-9)


def test_separable_classes_and_large_scales_end_finite():
    X = np.r_[-np.ones(10), np.ones(10)][:, None] * [[1.0, 1e3]]
    y = np.r_[np.zeros(10), np.ones(10)]
    path = proximal_loss(
        *products(X), Logistic(), y, np.ones(20), np.zeros(2), np.ones(2), L2(), [1e-2, 1e-4]
    )
    assert np.isfinite(path.coefs).all()
    assert path.converged.all()


def test_without_intercept():
    X, y, w, _ = problem()
    path = proximal_loss(
        *products(X), Logistic(), y, w, np.zeros(8), np.ones(8), L2(), STRENGTHS, fit_intercept=False
    )
    assert path.coefs.shape == (5, 8)
    pi = w / w.sum()
    for s, b in zip(STRENGTHS, path.coefs, strict=True):
        gradient = X.T @ (pi * Logistic().gradient(y, X @ b))
        assert np.abs(gradient + s * b).max() <= 1e-6 * s


def test_a_loss_without_a_curvature_bound_is_backtracked():
    class Exponential(Squared):
        name, curvature_bound = "exponential", None

        def value(self, y, eta):
            return np.exp(np.minimum(eta, 500)) - y * eta

        def gradient(self, y, eta):
            return np.exp(np.minimum(eta, 500)) - y

    X, _, w, rng = problem()
    y = rng.poisson(np.exp(0.3 * X[:, 0])).astype(float)
    path = proximal_loss(*products(X), Exponential(), y, w, X.mean(axis=0), np.ones(8), L1(), STRENGTHS)
    assert path.converged.all()
    intercepts = path.coefs[:, -1] - path.coefs[:, :-1] @ X.mean(axis=0)
    fitted = np.exp(X @ path.coefs[:, :-1].T + intercepts)
    np.testing.assert_allclose(w @ fitted, w @ y, rtol=1e-5)


def test_a_nonconvex_penalty_ends_at_a_stationary_point():
    class Flat(L1):
        """L1 that does not promise convexity, so that the monotone road is taken."""

        @property
        def traits(self):
            return Traits(sparse=True)

        def scaled(self, factor):
            return Flat(self.strength * factor)

    X, y, w, _ = problem()
    means, scales = X.mean(axis=0), X.std(axis=0)
    convex = proximal_loss(*products(X), Logistic(), y, w, means, scales, L1(), STRENGTHS)
    other = proximal_loss(*products(X), Logistic(), y, w, means, scales, Flat(), STRENGTHS)
    assert other.converged.all()
    np.testing.assert_allclose(other.coefs, convex.coefs, atol=1e-6)

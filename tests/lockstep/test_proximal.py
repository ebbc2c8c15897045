"""The proximal road on quadratics: closed forms, scikit-learn, own and nonconvex penalties, bad penalties."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet as SklearnElasticNet

from regularfit.errors import FitError, InputError
from regularfit.lockstep.proximal import Quadratic, proximal_path, proximal_quadratic
from regularfit.lockstep.ridge import ridge_from_gram
from regularfit.penalties import L1, L2, ElasticNet, Penalty, Traits


@dataclass(frozen=True)
class Norm(Penalty):
    """The Euclidean norm (one group): convex, not separable, no normal form."""

    @property
    def traits(self):
        return Traits(convex=True, sparse=True)

    def value(self, w):
        return float(np.linalg.norm(w))

    def prox(self, v, step):
        size = np.linalg.norm(v)
        return v * max(0.0, 1.0 - step / size) if size else v.copy()

    def kkt(self, w, grad):
        size = np.linalg.norm(w)
        if size:
            return np.abs(grad + w / size)
        large = np.linalg.norm(grad)
        return np.abs(grad) * max(0.0, 1.0 - 1.0 / large) if large else np.zeros_like(grad)

    @classmethod
    def examples(cls):
        return [cls()]


@dataclass(frozen=True)
class Concave(Penalty):
    """A firm-threshold (minimax concave) penalty written with a fixed shape, as a user might."""

    gamma: float = 3.0
    level: float = 1.0

    def value(self, w):
        a = np.abs(w)
        inside = a <= self.gamma * self.level
        return float(
            np.where(inside, self.level * a - a**2 / (2 * self.gamma), self.gamma * self.level**2 / 2).sum()
        )

    def prox(self, v, step):
        a, g, k = np.abs(v), self.gamma, self.level
        if step < g:
            inner = np.maximum(a - step * k, 0) / (1 - step / g)
            return np.sign(v) * np.where(a <= g * k, inner, a)
        return np.where(a**2 > step * g * k**2, v, 0.0)

    def kkt(self, w, grad):
        slope = np.maximum(self.level - np.abs(w) / self.gamma, 0.0)
        return np.where(w == 0, np.maximum(np.abs(grad) - self.level, 0), np.abs(grad + np.sign(w) * slope))

    @classmethod
    def examples(cls):
        return [cls()]


def quadratic(n, p, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) @ (np.eye(p) + 0.3)
    y = X[:, : max(1, p // 3)].sum(axis=1) + rng.standard_normal(n)
    X, y = X - X.mean(axis=0), y - y.mean()
    return X, y, X.T @ X / n, X.T @ y / n


@given(
    st.integers(3, 30),
    st.integers(1, 15),
    st.integers(0, 10**6),
    st.sampled_from([L1(), L1(2.0), ElasticNet(0.5)]),
)
@settings(max_examples=40, deadline=None)
def test_sparse_paths_meet_their_kkt_conditions(n, p, seed, penalty):
    _, _, H, c = quadratic(n, p, seed)
    top = penalty.strength_max(-c)
    strengths = np.geomspace(top, 1e-2 * top, 8)
    path = proximal_quadratic(H, c, penalty, strengths, max_iter=100_000)
    assert path.coefs.shape == (8, p)
    assert not path.coefs[0].any()
    for s, b, kkt, converged in zip(strengths, path.coefs, path.kkt, path.converged, strict=True):
        again = penalty.kkt(b, (H @ b - c) / s).max()
        assert kkt == pytest.approx(again, abs=1e-10)
        assert converged
        assert kkt <= 1e-7 + 1e-10 / s


@pytest.mark.parametrize("ratio", [1.0, 0.4])
def test_equals_sklearn(ratio):
    X, y, H, c = quadratic(60, 12, 0)
    strengths = np.geomspace(1.0, 0.01, 6)
    path = proximal_quadratic(H, c, ElasticNet(ratio), strengths, tol=1e-9)
    assert path.converged.all()
    for s, b in zip(strengths, path.coefs, strict=True):
        peer = SklearnElasticNet(alpha=s, l1_ratio=ratio, tol=1e-14, max_iter=10**6, fit_intercept=False).fit(
            X, y
        )
        np.testing.assert_allclose(b, peer.coef_, atol=1e-7)


def test_ridge_equals_the_exact_road_also_with_free_coordinates():
    _, _, H, c = quadratic(40, 6, 1)
    strengths = np.geomspace(1.0, 1e-2, 5)
    path = proximal_quadratic(H, c, L2(), strengths, free=2, tol=1e-9)
    exact, _ = ridge_from_gram(H, c, np.array([1.0, 1, 1, 1, 0, 0]), strengths)
    np.testing.assert_allclose(path.coefs, exact, rtol=1e-6, atol=1e-9)


def test_bounds_are_kept():
    _, _, H, c = quadratic(40, 6, 2)
    path = proximal_quadratic(H, c, L1().bounded(-0.1, 0.2), [0.1, 0.01])
    assert path.converged.all()
    assert path.coefs.min() >= -0.1
    assert path.coefs.max() == 0.2


def test_a_penalty_of_ones_own_on_an_orthonormal_design_is_its_prox():
    c = np.array([3.0, -1.0, 0.5])
    strengths = [4.0, 2.0, 0.5]
    path = proximal_quadratic(np.eye(3), c, Norm(), strengths)
    for s, b in zip(strengths, path.coefs, strict=True):
        np.testing.assert_allclose(b, Norm().prox(c, s), atol=1e-9)
    assert not path.coefs[0].any()


def test_a_nonseparable_penalty_on_correlated_columns():
    _, _, H, c = quadratic(50, 10, 3)
    path = proximal_quadratic(H, c, Norm(), np.geomspace(1.0, 1e-3, 10))
    assert path.converged.all()
    assert path.kkt.max() <= 1e-7


@given(st.integers(5, 30), st.integers(1, 12), st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_nonconvex_paths_end_at_stationary_points_and_never_climb(n, p, seed):
    _, _, H, c = quadratic(n, p, seed)
    smooth, strengths = Quadratic(H, c), np.geomspace(np.abs(c).max(), 0.05 * np.abs(c).max(), 6)
    path = proximal_path(smooth, Concave(), strengths, max_iter=100_000)
    before = np.zeros(p)
    for s, b, converged in zip(strengths, path.coefs, path.converged, strict=True):
        assert converged
        assert Concave().kkt(b, (H @ b - c) / s).max() <= 1e-6
        assert (
            smooth.value(b) + s * Concave().value(b)
            <= smooth.value(before) + s * Concave().value(before) + 1e-12
        )
        before = b


def test_nonconvex_on_an_orthonormal_design_is_its_prox():
    c = np.array([5.0, 1.2, -0.9, 2.0])
    path = proximal_quadratic(np.eye(4), c, Concave(), [1.0])
    np.testing.assert_allclose(path.coefs[0], Concave().prox(c, 1.0), atol=1e-7)


def test_singular_and_empty_quadratics():
    H = np.ones((2, 2))
    path = proximal_quadratic(H, np.ones(2), L1(), [0.5])
    assert path.converged.all()
    assert path.coefs.sum() == pytest.approx(0.5)
    assert proximal_quadratic(np.zeros((0, 0)), np.zeros(0), L1(), [1.0]).coefs.shape == (1, 0)
    assert not proximal_quadratic(np.zeros((2, 2)), np.zeros(2), L1(), [1.0]).coefs.any()


def test_running_out_of_iterations_is_said():
    _, _, H, c = quadratic(50, 10, 4)
    for penalty in (L1(), Concave()):
        path = proximal_quadratic(H, c, penalty, [1e-3], max_iter=3)
        assert not path.converged[0]
        assert path.iterations[0] == 3
        assert path.kkt[0] == pytest.approx(penalty.kkt(path.coefs[0], (H @ path.coefs[0] - c) / 1e-3).max())


def test_a_warm_start_is_used():
    _, _, H, c = quadratic(50, 10, 5)
    cold = proximal_quadratic(H, c, L1(), [0.05])
    warm = proximal_quadratic(H, c, L1(), [0.05], start=cold.coefs[0])
    assert warm.iterations[0] == 0 < cold.iterations[0]


def test_what_cannot_be_used_is_refused():
    @dataclass(frozen=True)
    class Broken(Norm):
        def prox(self, v, step):
            return v * np.nan

    with pytest.raises(InputError, match="strengths"):
        proximal_quadratic(np.eye(2), np.ones(2), L1(), [0.0])
    with pytest.raises(InputError, match="shape"):
        proximal_quadratic(np.eye(3), np.ones(2), L1(), [1.0])
    with pytest.raises(FitError, match="Broken"):
        proximal_quadratic(np.eye(2), np.ones(2), Broken(), [0.1])

import itertools

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

import regularfit as rf
from regularfit.errors import InputError, UnsupportedError
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.penalties import L0


def test_the_proximal_step_is_the_hard_threshold():
    v = np.array([-3.0, 1.0, 1.42, -1.41])
    assert L0().prox(v, 1.0).tolist() == [-3.0, 0.0, 1.42, 0.0]  # the threshold is the root of 2
    np.testing.assert_allclose(L0(0.5).prox(v, 2.0), [-1.5, 0, 0, 0])


def test_orthonormal_columns_have_a_closed_form():
    rng = np.random.default_rng(0)
    n, p = 64, 9
    X = np.linalg.qr(np.column_stack([np.ones(n), rng.standard_normal((n, p))]))[0][:, 1:] * np.sqrt(n)
    y = X @ rng.standard_normal(p) + 0.3 * rng.standard_normal(n)
    c = X.T @ y / n
    for l2 in (0.0, 0.4):
        path = rf.fit_path(X, y, L0(l2), strengths=12)
        for b, s in zip(path.coefs, path.strengths, strict=True):
            used = c**2 / (2 * (1 + s * l2)) > s
            np.testing.assert_allclose(b, np.where(used, c / (1 + s * l2), 0), atol=1e-10)
        assert path.nonzeros[0] <= 1


def best_of_all(H, c, s, l2):
    """The best objective over all subsets."""
    best = 0.0
    for size in range(1, len(c) + 1):
        for subset in itertools.combinations(range(len(c)), size):
            use = list(subset)
            M = H[np.ix_(use, use)] + s * l2 * np.eye(size)
            best = min(best, s * size - c[use] @ np.linalg.solve(M, c[use]) / 2)
    return best


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize("kind", ["dense", "sparse", "float32"])
def test_all_subsets(kind, l2):
    """Correlated columns, weights and an offset: what the search finds is as good as the best of all 2^9 subsets."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((40, 9)) + 0.9 * rng.standard_normal((40, 1))
        given = {"sparse": sparse.csc_array(X), "float32": X.astype(np.float32)}.get(kind, X)
        X = given.astype(np.float64) if kind == "float32" else X
        w, offset = rng.uniform(0.5, 2, 40), rng.standard_normal(40)
        y = X[:, :4] @ [1, -1, 0.6, 0.5] + offset + rng.standard_normal(40)
        problem = make_problem(given, y, sample_weight=w, offset=offset)
        grid = strength_grid(problem, L0(l2), 8)
        [[found]] = fit_lanes(problem, [L0(l2)], [grid], [Lane(np.arange(40), keep=True)])
        w = w / w.sum()
        mean = w @ X
        scale = np.sqrt(w @ (X - mean) ** 2)
        Z, t = (X - mean) / scale, y - offset - w @ (y - offset)
        H, c = Z.T @ (w[:, None] * Z), Z.T @ (w * t)
        assert found.converged.all()
        for raw, s in zip(found.path.coefs, grid, strict=True):
            b = raw * scale
            value = b @ H @ b / 2 - c @ b + s * L0(l2).value(b)
            assert value <= best_of_all(H, c, s, l2) + 1e-9


def test_all_subsets_of_a_logistic_fit():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((100, 5)) + 0.8 * rng.standard_normal((100, 1))
    y = (X[:, :3] @ [1.5, -1, 0.8] + rng.logistic(size=100) > 0).astype(float)
    path = rf.fit_path(X, y, L0(0.1), loss="logistic", strengths=5, min_ratio=0.01)
    assert path.converged.all()
    Z = (X - X.mean(axis=0)) / X.std(axis=0)

    def objective(v, use, s):
        eta = Z[:, use] @ v[:-1] + v[-1]
        slope = (1 / (1 + np.exp(-eta)) - y) / 100
        value = np.mean(np.logaddexp(0, eta) - y * eta) + s * 0.05 * v[:-1] @ v[:-1]
        return value, np.append(Z[:, use].T @ slope + s * 0.1 * v[:-1], slope.sum())

    for k, s in enumerate(path.strengths):
        eta = X @ path.coefs[k] + path.intercepts[k]
        value = np.mean(np.logaddexp(0, eta) - y * eta) + s * L0(0.1).value(path.coefs[k] * X.std(axis=0))
        best = min(
            minimize(objective, np.zeros(size + 1), (list(use), s), jac=True).fun + s * size
            for size in range(6)
            for use in itertools.combinations(range(5), size)
        )
        assert value <= best + 1e-8


def test_no_exchange_improves_a_subset_of_many():
    """Columns outnumber rows: every neighbour of the subset, fitted by least squares, is worse."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((60, 400))
    y = X[:, :5] @ [2, -2, 1, 1, 0.7] + rng.standard_normal(60)
    path = rf.fit_path(X, y, L0(), strengths=20, standardize=False)
    k = int(np.flatnonzero(path.nonzeros >= 4)[0])
    use, s = np.flatnonzero(path.coefs[k]), path.strengths[k]
    Z, t = X - X.mean(axis=0), y - y.mean()

    def cost(columns):
        left = t - Z[:, columns] @ np.linalg.lstsq(Z[:, columns], t)[0] if len(columns) else t
        return left @ left / 120 + s * len(columns)

    here = cost(use)
    others = np.setdiff1d(np.arange(400), use)
    assert all(here <= cost(np.delete(use, i)) for i in range(len(use)))
    assert all(here <= cost(np.append(use, j)) for j in others)
    assert all(here <= cost(np.append(np.delete(use, i), j)) for i in range(len(use)) for j in others)


def test_it_never_claims_the_best_subset():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 4)), rng.standard_normal(50)
    path = rf.fit_path(X, y, L0(), strengths=4)
    assert "a better subset may exist" in path.certificate(2).reason
    assert path.convex.all()
    assert np.isnan(path.gaps).all()


def test_paths_from_the_data_end_and_a_users_own_do_not():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 120)), rng.standard_normal(60)
    path = rf.fit_path(X, y, L0(), strengths=40, min_ratio=1e-4)
    assert len(path) < 40
    assert "such subsets are chance" in path.ended
    own = rf.fit_path(X, y, L0(), strengths=path.strengths[-1] * np.array([1.0, 0.1]))
    assert len(own) == 2
    assert own.nonzeros[1] > path.nonzeros.max()


def test_columns_that_are_copies_are_used_once():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 3))[:, [0, 0, 1, 2, 2]]
    path = rf.fit_path(X, 2 * X[:, 0] - X[:, 4] + 0.1 * rng.standard_normal(50), L0(), strengths=10)
    assert path.converged.all()
    assert (np.count_nonzero(path.coefs[:, [0, 1]], axis=1) <= 1).all()


def test_cross_validation_finds_the_columns():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((150, 20))
    model = rf.PenalizedRegressor(L0(), cv=5).fit(X, 2 * X[:, 3] - X[:, 7] + rng.standard_normal(150))
    assert {3, 7} <= set(np.flatnonzero(model.coef_))
    assert np.count_nonzero(model.coef_) <= 5


def test_wrong_arguments_are_refused():
    with pytest.raises(InputError, match="L0"):
        L0(-1.0)
    with pytest.raises(UnsupportedError, match="take factors, bounds and chosen columns"):
        L0().bounded(0, 1)

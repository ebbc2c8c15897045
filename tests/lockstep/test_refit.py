"""Refits against NumPy's least squares, and against the gradient of every loss, on all kinds of lanes."""

import numpy as np
import pytest
from scipy import sparse

import regularfit as rf
from regularfit.designs import Imputed
from regularfit.lockstep import Lane, fit_lanes, look_ahead, make_problem, relaxed_paths, strength_grid
from regularfit.lockstep.refit import SPARE

N, P = 120, 12
LASSO = rf.L1()


def data(loss, n=N, p=P, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * np.exp(rng.normal(size=p)) + rng.normal(size=p)
    eta = X[:, :3] @ [1.0, -1.0, 0.5] + rng.normal(size=n)
    y = {
        "squared": eta,
        "huber": eta,
        "logistic": (eta > 0).astype(float),
        "poisson": rng.poisson(np.exp(np.clip(eta / 3, -3, 3))).astype(float),
        "gamma": np.exp(eta / 3),
    }[loss]
    return X, y, rng.uniform(0.5, 2, n), 0.1 * rng.normal(size=n)


def fitted(X, y, loss, penalty=LASSO, count=15, **options):
    problem = make_problem(X, y, loss, **options)
    rows = np.arange(problem.n)
    lanes = [Lane(rows, keep=True), *(Lane(np.setdiff1d(rows, rows[k::5]), keep=True) for k in range(2))]
    shared = look_ahead(problem, [penalty], lanes)
    grid = strength_grid(problem, penalty, count, None, shared)
    paths = [
        result.path for result in fit_lanes(problem, [penalty], [grid], lanes, shared=shared, cut=True)[0]
    ]
    return problem, lanes, relaxed_paths(problem, penalty, lanes, paths, shared=shared)


def largest_gradient(problem, dense, lane, relaxed, k):
    """Of the columns in the support and the intercept, each in units of its size."""
    cols = relaxed.sparse_coefs[[k]].indices
    Z = dense[:, cols]
    if problem.fit_intercept:
        Z = np.column_stack([Z, np.ones(problem.n)])
    if not Z.shape[1]:
        return 0.0
    w = lane.weights(problem)
    eta = problem.offset + dense @ relaxed.coefs[k] + relaxed.intercepts[k]
    slope = Z.T @ (w * problem.loss.gradient(problem.y, eta))
    return float(np.abs(slope / np.sqrt(w @ Z**2)).max())


@pytest.mark.parametrize("loss", ["squared", "logistic", "poisson", "gamma", "huber"])
@pytest.mark.parametrize("kind", ["dense", "sparse", "float32"])
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"standardize": False}], ids=str)
def test_the_gradient_vanishes_on_every_support_of_every_lane(loss, kind, options):
    X, y, w, offset = data(loss)
    if kind == "sparse":
        X = np.where(np.abs(X) > 1, X, 0)
    X = X.astype(np.float32) if kind == "float32" else X
    given = sparse.csr_matrix(X) if kind == "sparse" else X
    problem, lanes, paths = fitted(given, y, loss, sample_weight=w, offset=offset, **options)
    for lane, path in zip(lanes, paths, strict=True):
        relaxed = path.relaxed
        assert relaxed.converged.all(), relaxed.reasons
        np.testing.assert_array_equal(relaxed.df, path.nonzeros)
        for k in range(len(path)):
            assert largest_gradient(problem, X.astype(float), lane, relaxed, k) < 1e-7 * max(
                1, np.abs(y).max()
            )


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_wide_data_and_supports_that_are_too_large(loss):
    X, y, w, offset = data(loss, 40, 400)
    problem, lanes, paths = fitted(X, y, loss, sample_weight=w, offset=offset)
    for lane, path in zip(lanes, paths, strict=True):
        most = int((lane.weights(problem) > 0).sum()) - SPARE
        fits = path.nonzeros <= most
        assert path.relaxed.df.max() <= most
        assert (path.relaxed.df[fits] == path.nonzeros[fits]).all()
        if not fits.all():
            assert "more columns than rows" in path.relaxed.ended
            last = np.flatnonzero(fits)[-1]
            np.testing.assert_array_equal(path.relaxed.coefs[-1], path.relaxed.coefs[last])


def test_least_squares_by_numpy():
    X, y, w, _ = data("squared")
    _, _, paths = fitted(X, y, "squared", sample_weight=w)
    relaxed, root = paths[0].relaxed, np.sqrt(w)[:, None]
    for k in range(len(relaxed)):
        cols = relaxed.sparse_coefs[[k]].indices
        Z = np.column_stack([np.ones(N), X[:, cols]])
        truth = np.linalg.lstsq(root * Z, root[:, 0] * y, rcond=None)[0]
        np.testing.assert_allclose(relaxed.intercepts[k], truth[0], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(relaxed.coefs[k, cols], truth[1:], rtol=1e-8, atol=1e-9)
        left = np.average((y - Z @ truth) ** 2, weights=w)
        null = np.average((y - np.average(y, weights=w)) ** 2, weights=w)
        np.testing.assert_allclose(relaxed.deviance_ratio[k], 1 - left / null, atol=1e-10)


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_columns_that_depend_stay_next_to_the_penalised_solution(loss):
    X, y, _, _ = data(loss)
    X[:, 1] = X[:, 0]
    penalty = rf.ElasticNet(0.5)
    problem, lanes, paths = fitted(X, y, loss, penalty)
    relaxed = paths[0].relaxed
    assert relaxed.converged.all()
    np.testing.assert_allclose(relaxed.coefs[:, 0], relaxed.coefs[:, 1], rtol=1e-6, atol=1e-9)
    assert largest_gradient(problem, X, lanes[0], relaxed, len(relaxed) - 1) < 1e-7


@pytest.mark.parametrize("loss", ["squared", "poisson"])
def test_bounds_stay_in_force(loss):
    X, y, _, _ = data(loss)
    paths = fitted(X, y, loss, rf.L1().bounded(-0.05, 0.1))[2]
    relaxed = paths[0].relaxed
    assert relaxed.coefs.max() <= 0.1
    assert relaxed.coefs.min() >= -0.05
    assert relaxed.converged.all()
    assert (relaxed.deviance_ratio >= paths[0].deviance_ratio - 1e-9).all()


def test_missing_values_are_means_of_the_lane():
    X, y, _, _ = data("squared")
    X[3:20, 0] = np.nan
    problem = make_problem(Imputed(X), y)
    lane = Lane(np.arange(60), keep=True)
    path = fit_lanes(problem, [rf.L1()], [np.array([0.01])], [lane])[0][0].path
    relaxed = relaxed_paths(problem, rf.L1(), [lane], [path])[0].relaxed
    filled = np.where(np.isnan(X), np.nanmean(X[:60], axis=0), X)[:60]
    cols = relaxed.sparse_coefs.indices
    truth = np.linalg.lstsq(np.column_stack([np.ones(60), filled[:, cols]]), y[:60], rcond=None)[0]
    np.testing.assert_allclose(relaxed.coefs[0, cols], truth[1:], rtol=1e-8)


def test_separable_classes_say_so():
    X, _, _, _ = data("logistic")
    y = (X[:, 0] > np.median(X[:, 0])).astype(float)
    _, _, paths = fitted(X, y, "logistic")
    relaxed = paths[0].relaxed
    assert not relaxed.converged[-1]
    assert "reproduced" in relaxed.reasons[-1]
    assert np.isfinite(relaxed.coefs).all()


@pytest.mark.parametrize(
    "penalty", [rf.MCP(), rf.Group([[0, 1], [2, 3, 4], [5, 6, 7, 8], [9, 10, 11]]), rf.L2()], ids=str
)
def test_any_penalty(penalty):
    X, y, _, _ = data("squared")
    problem, lanes, paths = fitted(X, y, "squared", penalty)
    for k in range(len(paths[0])):
        assert largest_gradient(problem, X, lanes[0], paths[0].relaxed, k) < 1e-8


def test_blends():
    X, y, w, _ = data("squared")
    path = fitted(X, y, "squared", sample_weight=w)[2][0]
    half = path.blend(0.5)
    np.testing.assert_allclose(half.coefs, 0.5 * (path.coefs + path.relaxed.coefs))
    eta = X @ half.coefs.T + half.intercepts
    null = np.average((y - np.average(y, weights=w)) ** 2, weights=w)
    truth = 1 - np.average((y[:, None] - eta) ** 2, axis=0, weights=w) / null
    np.testing.assert_allclose(half.deviance_ratio, truth, atol=1e-10)
    assert path.blend(0) is path.relaxed
    assert path.blend(1).relaxed is None
    with pytest.raises(rf.InputError, match="gamma"):
        path.blend(2)
    with pytest.raises(rf.InputError, match="relax=True"):
        path.relaxed.blend(0.5)

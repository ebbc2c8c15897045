"""Lanes that the core takes down their strengths: sparse columns, losses written in Python, paths that end early."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from regularfit import fit_path
from regularfit.lockstep import Lane, strength_grid
from regularfit.lockstep.newton import fit_newton
from regularfit.lockstep.newton.apart import ahead
from regularfit.lockstep.workset import make_fronts
from regularfit.losses import Logistic, Loss
from regularfit.penalties import L1, L2, ElasticNet
from tests.lockstep.truth import drive, make_data


@pytest.mark.parametrize("penalty", [L1(), ElasticNet(0.5), L2()], ids=repr)
@pytest.mark.parametrize("intercept", [True, False])
def test_coordinate_descent_on_sparse_columns_equals_the_dense_road(penalty, intercept):
    data = make_data(40, 520, loss="logistic").but(intercept=intercept)
    data = data.but(X=np.where(np.random.default_rng(0).random(data.X.shape) < 0.2, data.X, 0.0))
    problem = data.problem()
    grid = strength_grid(problem, penalty, 4, 0.1)
    lanes = [Lane(np.arange(40), keep=True), Lane(np.arange(30), (np.arange(30, 40),), keep=True)]
    by_columns = data.problem(sparse.csc_array(data.X))
    for a, b in zip(
        *(drive(fit_newton, one, penalty, grid, lanes, tol=1e-8) for one in (problem, by_columns)),
        strict=True,
    ):
        assert b.converged.all()
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-5)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-5)


def words(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts of words, common and rare, in rows of unit length; whether some of them outnumber others."""
    rng = np.random.default_rng(0)
    X = rng.poisson(3.0 / (1 + np.arange(p) * 0.2), (n, p)).astype(float)
    X[rng.integers(0, n, (2, p)), np.arange(p)] += 1 + rng.random((2, p))
    X /= np.sqrt((X**2).sum(axis=1, keepdims=True))
    eta = 8 * X @ rng.standard_normal(p)
    return X, (rng.random(n) < 1 / (1 + np.exp(eta.mean() - eta))).astype(float)


@pytest.mark.parametrize("standardize", [True, False])
def test_words_that_share_a_mean_with_the_intercept(standardize):
    # 14 strengths: a round of four, and one of ten, where eight fit a panel
    X, y = words(120, 600)
    how = {"loss": "logistic", "strengths": 14, "min_ratio": 0.05, "standardize": standardize, "tol": 1e-10}
    dense, by_columns = fit_path(X, y, L1(), **how), fit_path(sparse.csc_array(X), y, L1(), **how)
    assert by_columns.converged.all()
    assert (by_columns.df[-1] > 20).all()
    np.testing.assert_allclose(by_columns.coefs, dense.coefs, rtol=1e-6, atol=1e-7 * abs(dense.coefs).max())
    np.testing.assert_allclose(by_columns.deviance_ratio, dense.deviance_ratio, rtol=1e-9, atol=1e-9)
    # the gradient at the end, written out
    scale = 1 / X.std(axis=0) if standardize else np.ones(600)
    p = 1 / (1 + np.exp(-X @ by_columns.coefs[-1] - by_columns.intercepts[-1]))
    g, b, s = scale * (X.T @ (y - p)) / 120, by_columns.coefs[-1], by_columns.strengths[-1]
    assert abs(np.mean(y - p)) <= 1e-9 * s
    np.testing.assert_allclose(g[b != 0], s * np.sign(b[b != 0]), rtol=1e-9)
    assert (abs(g) <= s * (1 + 1e-9)).all()


def test_strengths_begin_on_the_line_through_the_last_two_solutions():
    problem = make_data(40, 520, loss="logistic").but(standardize=False).problem()
    penalty = L1().bounded(-1.0, 0.5)
    [[front]] = make_fronts(
        problem, [penalty.coordinates(520)], [np.array([0.8, 0.6, 0.4])], [Lane(np.arange(40))]
    )
    front.columns, front.strength_before, front.strength_now = np.arange(4), 1.2, 1.0
    front.earlier = np.array([0.1, 0.3, 0.0, 0.2])  # the last column was not there yet
    base = np.array([0.2, 0.2, 0.1, 0.4, 0.3])
    batch = SimpleNamespace(
        front=front,
        b=np.tile(base, (3, 1)),
        shift=1,
        strengths=front.grid,
        terms=front.terms.take(front.columns),
    )
    # one, two and three steps on; the second coefficient falls to zero, the fourth meets its bound
    expected = [[0.3, 0.1, 0.2, 0.5, 0.5], [0.4, 0.0, 0.3, 0.5, 0.5], [0.5, 0.0, 0.4, 0.5, 0.5]]
    np.testing.assert_allclose(ahead(batch), expected, atol=1e-12)
    front.earlier = None
    np.testing.assert_array_equal(ahead(batch), batch.b)


@dataclass(frozen=True, slots=True)
class Written(Loss):
    """The logistic loss as a user would write it: the core has no twin of it and calls it back."""

    name = "written"
    score_name = "log-loss"
    value, gradient, curvature, conjugate, mean, deviance, score = (
        getattr(Logistic, method)
        for method in ("value", "gradient", "curvature", "conjugate", "mean", "deviance", "score")
    )

    @classmethod
    def examples(cls):
        return [cls()]


@pytest.mark.parametrize("make", [np.asarray, sparse.csc_array])
def test_a_loss_written_in_python_is_called_back(make):
    data = make_data(60, 520, 3, "logistic").but(standardize=False)
    grid = strength_grid(data.problem(), L1(), 5, 0.1)
    lanes = [Lane(np.arange(60), keep=True), Lane(np.arange(40), (np.arange(40, 60),))]
    ours = drive(fit_newton, data.problem(make(data.X)), L1(), grid, lanes)
    theirs = drive(fit_newton, replace(data.problem(make(data.X)), loss=Written()), L1(), grid, lanes)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.gaps, b.gaps, atol=1e-9)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-9)
    np.testing.assert_allclose(ours[0].path.coefs, theirs[0].path.coefs, atol=1e-9)


@pytest.mark.parametrize(("p", "make"), [(6, np.asarray), (520, sparse.csc_array)])
def test_an_error_in_a_loss_written_in_python_comes_through(p, make):
    class Broken(Written):
        def gradient(self, y, eta):
            if len(y) == 60 and eta.ndim == 1 and np.ptp(eta) > 0.5:
                raise RuntimeError("beyond what this loss knows")
            return Logistic().gradient(y, eta)

    data = make_data(60, p, 3, "logistic")
    with pytest.raises(RuntimeError, match="beyond what this loss knows"):
        drive(
            fit_newton, replace(data.problem(make(data.X)), loss=Broken()), L1(), np.geomspace(0.1, 0.001, 5)
        )


def test_a_saturated_path_ends_where_the_whole_one_would_be_cut():
    rng = np.random.default_rng(0)
    data = make_data(40, 30, 1, "logistic")
    data = data.but(y=(data.X @ rng.standard_normal(30) > 0).astype(float))
    grid = strength_grid(data.problem(), L1(), 60, 1e-5)
    [cut] = drive(fit_newton, replace(data.problem(), saturation=0.99), L1(), grid)
    [whole] = drive(fit_newton, data.problem(), L1(), grid[: len(cut.path.strengths) + 1])
    assert len(cut.path.strengths) < 60
    assert (cut.path.deviance_ratio[:-1] <= 0.99).all()
    assert cut.path.deviance_ratio[-1] > 0.99
    np.testing.assert_allclose(cut.path.coefs, whole.path.coefs[: len(cut.path.coefs)], atol=1e-6)


def test_a_sparse_path_that_ends_early_in_a_batch():
    # what is left of the batch went on column by column, which products with sparse columns refuse
    X = sparse.random_array((40, 600), density=0.1, rng=np.random.default_rng(0), format="csr")
    y = np.arange(40) % 2.0
    by_columns = fit_path(X, y, L1(), loss="logistic", strengths=50, min_ratio=1e-4)
    dense = fit_path(X.toarray(), y, L1(), loss="logistic", strengths=50, min_ratio=1e-4)
    assert by_columns.ended
    assert len(by_columns) == len(dense) < 50
    assert by_columns.converged.all()
    np.testing.assert_allclose(by_columns.deviance_ratio, dense.deviance_ratio, atol=1e-5)

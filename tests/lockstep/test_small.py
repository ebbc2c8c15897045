"""Either form of the small problem gives one answer, and the dual is taken only where it exists."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.lockstep import Lane, small, strength_grid
from regularfit.lockstep.workset import fit_workset
from regularfit.penalties import L1, ElasticNet
from tests.lockstep.truth import drive, make_data, objective

P = 400
ENET = ElasticNet(0.1)
FACTORS = np.linspace(0.5, 2.0, P)
PENALTIES = {
    "plain": ENET,
    "bounds": ENET.bounded(-0.1, 0.3),
    "excluded": ENET.weighted(np.where(np.arange(P) % 9 == 0, np.inf, FACTORS)),
}


@pytest.fixture
def turned(monkeypatch):
    """Counts the lanes that took the dual."""
    count, turn = [], small.Front.turn
    monkeypatch.setattr(
        small.Front, "turn", lambda front, dual: (count.append(front.lane), turn(front, dual))
    )
    return count


def fold_lanes(n):
    folds = np.arange(n) % 3
    return [Lane(np.arange(n), keep=True)] + [
        Lane(np.flatnonzero(folds != k), (np.flatnonzero(folds == k),), keep=True) for k in range(3)
    ]


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
def test_both_forms_agree(name, intercept, standardize, monkeypatch, turned):
    data = make_data(30, P).but(intercept=intercept, standardize=standardize)
    problem, penalty = data.problem(), PENALTIES[name]
    grid = strength_grid(problem, penalty, 20, 0.02)
    dual = drive(fit_workset, problem, penalty, grid, fold_lanes(30), tol=1e-12)
    assert sorted(turned) == [0, 1, 2, 3]
    monkeypatch.setattr(small, "OUTGROWN", np.inf)
    gram = drive(fit_workset, problem, penalty, grid, fold_lanes(30), tol=1e-12)
    assert len(turned) == 4
    for one, other in zip(dual, gram, strict=True):
        assert one.converged.all()
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-6)
        np.testing.assert_allclose(one.path.df, other.path.df, atol=2)
    for k, s in enumerate(grid):
        at = [objective(data, penalty, s, f.path.coefs[k], f.path.intercepts[k]) for f in (dual[0], gram[0])]
        assert at[0] == pytest.approx(at[1], rel=1e-10)


def test_a_column_without_ridge_part_keeps_the_gram_matrix(turned):
    data = make_data(30, P)
    free = ENET.weighted(np.where(np.arange(P) == 5, 0.0, 1.0))
    for penalty in (free, L1()):
        grid = strength_grid(data.problem(), penalty, 10, 0.05)
        [fit] = drive(fit_workset, data.problem(), penalty, grid)
        assert fit.converged.all()
    assert not turned


def test_sparse_columns_and_many_rows_keep_the_gram_matrix(turned, monkeypatch):
    data = make_data(30, P)
    grid = strength_grid(data.problem(), ENET, 10, 0.05)
    [thin] = drive(fit_workset, data.problem(sparse.csc_matrix(data.X)), ENET, grid)
    monkeypatch.setattr(small, "MOST_ROWS", 20)
    [dense] = drive(fit_workset, data.problem(), ENET, grid)
    assert not turned
    np.testing.assert_allclose(thin.path.coefs, dense.path.coefs, atol=1e-6)


def test_the_answers_are_optimal_by_their_own_gradient(turned):
    data = make_data(25, P, seed=4)
    grid = strength_grid(data.problem(), ENET, 15, 0.01)
    [fit] = drive(fit_workset, data.problem(), ENET, grid, tol=1e-12)
    assert turned
    w = data.weight / data.weight.sum()
    scale = np.sqrt(w @ (data.X - w @ data.X) ** 2)
    for k, s in enumerate(grid):
        b = fit.path.coefs[k]
        residual = data.y - data.offset - fit.path.intercepts[k] - data.X @ b
        g = (w * residual) @ data.X / scale - s * 0.9 * b * scale
        assert abs(w @ residual) < 1e-10
        np.testing.assert_allclose(g[b != 0], s * 0.1 * np.sign(b[b != 0]), atol=1e-7)
        assert (np.abs(g[b == 0]) <= s * 0.1 + 1e-7).all()

"""A lane in the core: the answers of the steps in Python, a Gram matrix or none, and no solution without proof."""

import numpy as np
import pytest

from regularfit.lockstep import strength_grid
from regularfit.lockstep.prox_newton import compiled, fit_prox_newton
from regularfit.lockstep.prox_newton import lane as lane_module
from regularfit.losses import Gamma, Huber, Poisson
from regularfit.penalties import Group, SparseGroup
from tests.lockstep.truth import drive, lanes_of, make_data

LABELS = np.arange(60) // 4
PENALTIES = [Group(LABELS), Group(np.arange(60) % 9), SparseGroup(LABELS, 0.3)]
IDS = ["group", "scattered", "sparse"]


def both(problem, penalty, grid, monkeypatch, tol=1e-10):
    """By the core, by Python, and how many strengths the core took."""
    taken = []
    real = compiled.Compiled.solve

    def solve(self, strengths):
        answers = real(self, strengths)
        taken.append(len(answers[0]))
        return answers

    monkeypatch.setattr(compiled.Compiled, "solve", solve)
    core = drive(fit_prox_newton, problem, penalty, grid, lanes_of(problem.n), tol=tol)
    monkeypatch.setattr(lane_module, "compiled_of", lambda lane, tol: None)
    return core, drive(fit_prox_newton, problem, penalty, grid, lanes_of(problem.n), tol=tol), sum(taken)


def same(core, slow, atol):
    for a, b in zip(core, slow, strict=True):
        assert a.converged.all()
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=atol)
        np.testing.assert_allclose(a.path.intercepts, b.path.intercepts, atol=atol)
        np.testing.assert_allclose(a.scores, b.scores, rtol=10 * atol)


@pytest.mark.parametrize("penalty", PENALTIES, ids=IDS)
@pytest.mark.parametrize("loss", ["squared", "logistic", Poisson(), Gamma(), Huber(0.5)], ids=str)
def test_it_is_the_path_of_the_steps_in_python(penalty, loss, monkeypatch):
    data = make_data(90, 60, 4, loss if isinstance(loss, str) else "logistic")
    if not isinstance(loss, str):
        rng = np.random.default_rng(1)
        data = data.but(loss=loss, y=1.0 + rng.poisson(np.exp(0.3 * data.X[:, 0])))
    problem = data.problem()
    grid = strength_grid(problem, penalty, 12, 0.05)
    core, slow, taken = both(problem, penalty, grid, monkeypatch)
    assert taken >= 2 * len(grid) - 6  # a batch may be refused, and come twice; the top needs none
    same(core, slow, 1e-5)


@pytest.mark.parametrize("penalty", PENALTIES, ids=IDS)
@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("options", [{"intercept": False}, {"standardize": False}], ids=str)
def test_more_columns_than_rows_need_no_gram_matrix(penalty, loss, options, monkeypatch):
    problem = make_data(20, 60, 3, loss).but(**options).problem()
    grid = strength_grid(problem, penalty, 12, 0.05)
    core, slow, taken = both(problem, penalty, grid, monkeypatch)
    assert taken
    if isinstance(penalty, Group):  # or the case is not here
        assert np.count_nonzero(core[0].path.coefs[-1]) > 20
    same(core, slow, 1e-4)


def test_a_gram_matrix_made_by_parts_of_the_rows_is_whole(monkeypatch):
    problem, penalty = (
        make_data(3000, 60, 4, "logistic").problem(),
        PENALTIES[0],
    )  # 60 columns of 2,184 rows a part
    grid = strength_grid(problem, penalty, 8, 0.01)
    core, slow, taken = both(problem, penalty, grid, monkeypatch)
    assert taken >= 2 * len(grid) - 6
    assert np.count_nonzero(core[0].path.coefs[-1]) > 50
    same(core, slow, 1e-6)


def test_what_the_core_leaves_open_is_solved_in_python(monkeypatch):
    monkeypatch.setattr(compiled, "LOOSE", 1e4)
    problem, penalty = make_data(90, 60, 4, "logistic").problem(), PENALTIES[0]
    grid = strength_grid(problem, penalty, 12, 0.05)
    core, slow, _ = both(problem, penalty, grid, monkeypatch, tol=1e-8)
    assert all((fit.gaps <= 1e-8).all() for fit in core)
    same(core, slow, 1e-4)


def test_large_groups_stay_with_lapack(monkeypatch):
    monkeypatch.setattr(compiled, "LARGEST", 3)
    problem, penalty = make_data(90, 60, 4, "logistic").problem(), PENALTIES[0]
    grid = strength_grid(problem, penalty, 5, 0.3)
    assert not both(problem, penalty, grid, monkeypatch)[2]

"""A lane of SLOPE on its Gram matrix, a batch of strengths a call: the answers of the steps in Python."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.lockstep import strength_grid
from regularfit.lockstep.prox_newton import fit_prox_newton, on_gram
from regularfit.lockstep.prox_newton import lane as lane_module
from regularfit.penalties import SLOPE
from tests.lockstep.truth import drive, lanes_of, make_data

PENALTIES = [SLOPE(0.2), SLOPE(weights=(1.0,) * 60), SLOPE(weights=(2.0,) * 5 + (1.0,) * 15 + (0.3,) * 40)]
IDS = ["usual", "lasso", "steps"]


def by_core(problem, penalty, grid, monkeypatch, tol=1e-10):
    """By the core, and how many strengths it was asked for."""
    asked = []
    real = on_gram.OnGram.solve

    def solve(self, strengths):
        answers = real(self, strengths)
        asked.append(len(answers[0]))
        return answers

    with monkeypatch.context() as patch:
        patch.setattr(on_gram.OnGram, "solve", solve)
        return drive(fit_prox_newton, problem, penalty, grid, lanes_of(problem.n), tol=tol), sum(asked)


def in_python(problem, penalty, grid, monkeypatch, tol=1e-10):
    with monkeypatch.context() as patch:
        patch.setattr(lane_module, "compiled_of", lambda lane, tol: None)
        return drive(fit_prox_newton, problem, penalty, grid, lanes_of(problem.n), tol=tol)


def same(core, slow, atol=1e-5):
    for a, b in zip(core, slow, strict=True):
        assert a.converged.all()
        assert (a.gaps <= 1e-10).all()
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=atol)
        np.testing.assert_allclose(a.path.intercepts, b.path.intercepts, atol=atol)
        np.testing.assert_allclose(a.scores, b.scores, rtol=10 * atol)


@pytest.mark.parametrize("penalty", PENALTIES, ids=IDS)
@pytest.mark.parametrize("n", [25, 200])
@pytest.mark.parametrize("options", [{}, {"intercept": False}, {"standardize": False}], ids=str)
def test_it_is_the_path_of_the_steps_in_python(penalty, n, options, monkeypatch):
    problem = make_data(n, 60, 4).but(**options).problem()  # weights and an offset
    grid = strength_grid(problem, penalty, 12, 0.1)
    core, asked = by_core(problem, penalty, grid, monkeypatch)
    assert asked >= 2 * len(grid) - 6  # the top needs none
    same(core, in_python(problem, penalty, grid, monkeypatch))


@pytest.mark.parametrize("kind", ["sparse", "single", "constant"])
def test_however_x_is_stored_and_with_columns_that_say_nothing(kind, monkeypatch):
    data = make_data(50, 60, 5)
    X = data.X.astype(np.float32).astype(np.float64)
    if kind == "constant":
        X[:, ::7] = 3.0
    stored = {"sparse": sparse.csc_array(X), "single": X.astype(np.float32), "constant": X}[kind]
    plain, given = data.but(X=X).problem(), data.problem(stored)
    grid = strength_grid(plain, SLOPE(0.2), 10, 0.1)
    core, asked = by_core(given, SLOPE(0.2), grid, monkeypatch)
    assert asked
    same(core, in_python(plain, SLOPE(0.2), grid, monkeypatch))
    if kind == "constant":
        assert not core[0].path.coefs[:, ::7].any()


def test_too_wide_a_working_set_is_left_to_the_steps(monkeypatch):
    monkeypatch.setattr(on_gram, "WIDEST", 8)
    problem = make_data(40, 60, 6).problem()
    grid = strength_grid(problem, SLOPE(0.2), 10, 0.1)
    core, asked = by_core(problem, SLOPE(0.2), grid, monkeypatch)
    assert asked < len(grid)
    same(core, in_python(problem, SLOPE(0.2), grid, monkeypatch))


def test_what_the_core_leaves_open_is_solved_in_python(monkeypatch):
    problem = make_data(40, 60, 7).problem()
    grid = strength_grid(problem, SLOPE(0.2), 10, 0.1)
    slow = in_python(problem, SLOPE(0.2), grid, monkeypatch)
    real = on_gram.slope_path

    def loose(H, c, weights, strengths, start, tol, gap, yy):
        return real(H, c, weights, strengths, start, 1e-2, 1e-2, yy)

    monkeypatch.setattr(on_gram, "slope_path", loose)
    same(drive(fit_prox_newton, problem, SLOPE(0.2), grid, lanes_of(40), tol=1e-10), slow)

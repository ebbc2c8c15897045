"""MCP and SCAD on their roads: they agree with the proximal road's objective, hold the KKT conditions, keep bounds."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.lockstep import Lane, fit_lanes, strength_grid
from regularfit.lockstep import engine as module
from regularfit.lockstep.folded import fit_folded_gram, fit_folded_rounds
from regularfit.lockstep.user_lanes import fit_user
from regularfit.penalties import L1, MCP, SCAD
from tests.lockstep.truth import drive, make_data, mean_loss, scales

PENALTIES = [
    MCP(3.0),
    MCP(1.4),
    SCAD(3.7),
    MCP(2.5).weighted([0.0, 1.0, 2.0, np.inf, 1.0, 0.5]),
    SCAD(3.0).bounded(-0.2, 0.4),
    MCP(3.0).on([1, 2, 5]),
]


def objective(data, penalty, s, coef, intercept):
    form = penalty.at(s).coordinates(len(coef))
    form.lower[:], form.upper[:] = -np.inf, np.inf  # they belong to the scale of X
    return mean_loss(data, data.offset + intercept + data.X @ coef) + form.value(coef * scales(data))


def gradient(data, coef, intercept):
    """Of the mean squared loss on the penalised scale."""
    w = data.weight / data.weight.sum()
    eta = data.offset + intercept + data.X @ coef
    return data.X.T @ (w * (eta - data.y)) / scales(data)


@pytest.mark.parametrize("road", [fit_folded_gram, fit_folded_rounds])
@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("options", [{}, {"intercept": False}, {"standardize": False}], ids=str)
def test_what_is_found_is_stationary_by_the_formula(road, penalty, options):
    data = make_data(60, 6, 3).but(**options)
    problem = data.problem()
    grid = strength_grid(problem, penalty, 12, 0.01)
    [fit] = drive(road, problem, penalty, grid, tol=1e-8)
    assert fit.converged.all()
    assert np.isnan(fit.gaps).all()
    form, scale = penalty.coordinates(6), scales(data)
    for k, s in enumerate(grid):
        coef, intercept = fit.path.coefs[k], fit.path.intercepts[k]
        assert (coef >= form.lower).all()
        assert (coef <= form.upper).all()
        own = penalty.at(s).coordinates(6)
        own.lower[:], own.upper[:] = form.lower * scale, form.upper * scale
        z = np.clip(coef * scale, own.lower, own.upper)
        assert own.kkt(z, gradient(data, coef, intercept)).max() <= 2e-8 * s + 1e-12


@pytest.mark.parametrize("penalty", [MCP(3.0), SCAD(3.7), SCAD(3.0).bounded(-0.2, 0.4)], ids=repr)
def test_both_roads_and_sparse_x_follow_one_path(penalty):
    data = make_data(80, 6, 5)
    problem = data.problem()
    grid = strength_grid(problem, penalty, 10, 0.02)
    lanes = [Lane(np.arange(80), keep=True), Lane(np.arange(60), (np.arange(60, 80),), keep=True)]
    gram = drive(fit_folded_gram, problem, penalty, grid, lanes)
    rounds = drive(fit_folded_rounds, problem, penalty, grid, lanes)
    thin = drive(fit_folded_rounds, data.problem(sparse.csc_array(data.X)), penalty, grid, lanes)
    for a, b, c in zip(gram, rounds, thin, strict=True):
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-7)
        np.testing.assert_allclose(a.path.coefs, c.path.coefs, atol=1e-7)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-6)
        np.testing.assert_array_equal(a.path.convex, b.path.convex)
        np.testing.assert_array_equal(a.path.convex, c.path.convex)


@pytest.mark.parametrize("penalty", [MCP(3.0), SCAD(3.7)], ids=repr)
def test_more_columns_than_rows_are_checked_in_all_columns(penalty):
    data = make_data(50, 400, 1)
    problem = data.problem()
    grid = strength_grid(problem, penalty, 30, 0.1)
    [[fit]] = fit_lanes(problem, [penalty], [grid], [Lane(np.arange(50), keep=True)])
    assert fit.converged.all()
    assert fit.path.convex[0]
    for k, s in enumerate(grid):
        coef = fit.path.coefs[k]
        violation = penalty.at(s).kkt(coef * scales(data), gradient(data, coef, fit.path.intercepts[k]))
        assert violation.max() <= 2e-7 * s


@pytest.mark.parametrize("penalty", [MCP(3.0), SCAD(3.7)], ids=repr)
def test_its_objective_is_no_worse_than_the_proximal_roads(penalty, monkeypatch):
    data = make_data(60, 8, 2)
    problem, lanes = data.problem(), [Lane(np.arange(60), keep=True)]
    grid = strength_grid(problem, penalty, 10, 0.05)
    [[fast]] = fit_lanes(problem, [penalty], [grid], lanes, tol=1e-8)
    monkeypatch.setattr(module, "road_of", lambda *_: fit_user)
    [[slow]] = fit_lanes(problem, [penalty], [grid], lanes, tol=1e-8)
    for k, s in enumerate(grid):
        a, b = (objective(data, penalty, s, f.path.coefs[k], f.path.intercepts[k]) for f in (fast, slow))
        assert a <= b + 1e-9
    np.testing.assert_array_equal(fast.path.convex[:3], slow.path.convex[:3])


def test_it_runs_beside_convex_candidates():
    data = make_data(60, 6, 4)
    problem = data.problem()
    penalties = [L1(), MCP(1e8)]
    grid = strength_grid(problem, L1(), 8, 0.01)
    [[lasso], [bent]] = fit_lanes(problem, penalties, [grid, grid], [Lane(np.arange(60), keep=True)])
    np.testing.assert_allclose(lasso.path.coefs, bent.path.coefs, atol=1e-6)

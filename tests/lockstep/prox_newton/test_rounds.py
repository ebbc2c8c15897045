"""Proximal Newton: every column is checked, and the answers are those of the roads by products and by Gram."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from regularfit.lockstep import Lane, fit_lanes, roads, strength_grid
from regularfit.lockstep.prox_newton import fit_prox_newton, rounds
from regularfit.lockstep.prox_newton import lane as lane_module
from regularfit.lockstep.user_lanes import fit_user
from regularfit.losses import Huber, Poisson, SquaredHinge
from regularfit.penalties import MCP, SCAD, SLOPE, Group, SparseGroup
from tests.lockstep.truth import drive, lanes_of, make_data, scales

LABELS = np.arange(400) // 4


@pytest.mark.parametrize("penalty", [Group(LABELS), SparseGroup(LABELS, 0.3)], ids=["group", "sparse"])
@pytest.mark.parametrize("options", [{}, {"intercept": False}, {"standardize": False}], ids=str)
def test_no_group_is_pulled_at_the_end(penalty, options):
    data = make_data(50, 400, 1).but(**options)
    problem = data.problem()
    grid = strength_grid(problem, penalty, 20, 0.1)
    [[fit]] = fit_lanes(problem, [penalty], [grid], [Lane(np.arange(50), keep=True)])
    assert fit.converged.all()
    assert (fit.gaps <= 1e-7).all()
    assert fit.path.nonzeros[0] == 0
    assert fit.path.nonzeros[-1] > 8
    w = data.weight / data.weight.sum()
    for k, s in enumerate(grid):
        eta = data.offset + fit.path.intercepts[k] + data.X @ fit.path.coefs[k]
        gradient = data.X.T @ (w * (eta - data.y)) / scales(data)
        violation = penalty.kkt(fit.path.coefs[k] * scales(data), gradient / s).max()
        assert violation <= fit.kkt[k] + 1e-10  # it is certified as it is
        # A proximal step of length 1 / L lowers the objective by at least violation^2 / 2 L, which the gap bounds.
        L = np.linalg.eigvalsh((data.X / scales(data)).T * w @ (data.X / scales(data)))[-1] + 1
        primal = w @ (eta - data.y) ** 2 / 2 + s * penalty.value(fit.path.coefs[k] * scales(data))
        assert (s * violation) ** 2 <= 2 * L * max(fit.gaps[k], 1e-15) * primal


SHORT = LABELS[:40]
NORMS = [Group(SHORT), Group(np.arange(40) % 9), SparseGroup(SHORT, 0.3), SLOPE(0.2)]
BENT = [
    MCP(12.0),
    SCAD(12.0),
    MCP(12.0).weighted([0.0, np.inf, *np.linspace(0.5, 2, 10)]),
    SCAD(9.0).bounded(-0.1, 0.3),
    MCP(12.0).on([0, 1, 5, 7]),
]


@pytest.mark.parametrize("penalty", NORMS, ids=["group", "scattered", "sparse", "slope"])
def test_it_is_the_path_of_the_gram_road(penalty):
    data = make_data(60, 40, 2)
    problem = data.problem()
    grid = strength_grid(problem, penalty, 12, 0.02)
    gram = drive(fit_user, problem, penalty, grid, lanes_of(60), tol=1e-11)
    found = drive(fit_prox_newton, problem, penalty, grid, lanes_of(60), tol=1e-11)
    thin = drive(
        fit_prox_newton, data.problem(sparse.csc_array(data.X)), penalty, grid, lanes_of(60), tol=1e-11
    )
    for a, b, c in zip(gram, found, thin, strict=True):
        for other in (b, c):
            assert other.converged.all()
            np.testing.assert_allclose(a.path.coefs, other.path.coefs, atol=1e-5)
            np.testing.assert_allclose(a.scores, other.scores, rtol=1e-5)
            np.testing.assert_allclose(a.path.intercepts, other.path.intercepts, atol=1e-5)
            np.testing.assert_allclose(a.path.deviance_ratio, other.path.deviance_ratio, atol=1e-6)


@pytest.mark.parametrize("penalty", NORMS, ids=["group", "scattered", "sparse", "slope"])
@pytest.mark.parametrize("options", [{}, {"intercept": False}, {"standardize": False}], ids=str)
def test_it_is_the_path_by_products(penalty, options):
    data = make_data(80, 40, 4, "logistic").but(**options)
    grid = strength_grid(data.problem(), penalty, 6, 0.25)
    slow = drive(fit_user, data.problem(), penalty, grid, lanes_of(80), tol=1e-9)
    for X in (data.X, sparse.csc_array(data.X)):
        fast = drive(fit_prox_newton, data.problem(X), penalty, grid, lanes_of(80), tol=1e-9)
        for a, b in zip(slow, fast, strict=True):
            assert b.converged.all()
            np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=2e-5)
            np.testing.assert_allclose(a.path.intercepts, b.path.intercepts, atol=2e-5)
            np.testing.assert_allclose(a.scores, b.scores, rtol=1e-4)


@pytest.mark.parametrize("penalty", BENT, ids=repr)
def test_bent_penalties_follow_the_path_by_products_while_it_is_the_only_one(penalty):
    data = make_data(150, 12, 4, "logistic")
    grid = strength_grid(data.problem(), penalty, 8, 0.3)
    slow = drive(fit_user, data.problem(), penalty, grid, lanes_of(150), tol=1e-9)
    for X in (data.X, sparse.csc_array(data.X)):
        fast = drive(fit_prox_newton, data.problem(X), penalty, grid, lanes_of(150), tol=1e-9)
        for a, b in zip(slow, fast, strict=True):
            assert b.converged.all()
            one = np.minimum.accumulate(a.path.convex & b.path.convex)
            assert one[:2].all()
            np.testing.assert_allclose(a.path.coefs[one], b.path.coefs[one], atol=2e-5)
            np.testing.assert_allclose(a.path.intercepts[one], b.path.intercepts[one], atol=2e-5)
            np.testing.assert_allclose(a.scores[one], b.scores[one], rtol=1e-4)


@pytest.mark.parametrize("penalty", BENT, ids=repr)
@pytest.mark.parametrize("options", [{}, {"intercept": False}, {"standardize": False}], ids=str)
def test_bent_penalties_end_where_nothing_is_violated(penalty, options):
    data = make_data(150, 12, 4, "logistic").but(**options)
    grid = strength_grid(data.problem(), penalty, 12, 0.02)
    [fit] = drive(fit_prox_newton, data.problem(), penalty, grid, tol=1e-8)
    assert fit.converged.all()
    w, z, form = data.weight / data.weight.sum(), scales(data), penalty.coordinates(12)
    for k, s in enumerate(grid):
        coef = fit.path.coefs[k]
        eta = data.offset + fit.path.intercepts[k] + data.X @ coef
        assert (coef >= form.lower).all()
        assert (coef <= form.upper).all()
        own = replace(form.scaled(s), lower=form.lower * z, upper=form.upper * z)
        r = w * (1 / (1 + np.exp(-eta)) - data.y)
        clipped = np.clip(coef * z, own.lower, own.upper)
        assert own.kkt(clipped, data.X.T @ r / z).max() <= 1.01e-8 * s + 1e-13
        assert abs(r.sum()) <= 1.01e-8 * s + 1e-13 or not data.intercept


@pytest.mark.parametrize("penalty", [Group(SHORT), MCP(6.0), SLOPE(0.2)], ids=["group", "mcp", "slope"])
def test_single_precision_columns_do(penalty):
    data = make_data(80, 40, 4, "logistic")
    short = data.but(X=data.X.astype(np.float32))
    double = data.but(X=short.X.astype(np.float64))
    grid = strength_grid(double.problem(), penalty, 5, 0.25)
    [a] = drive(fit_prox_newton, double.problem(), penalty, grid, tol=1e-9)
    [b] = drive(fit_prox_newton, short.problem(), penalty, grid, tol=1e-9)
    np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-6)


@pytest.mark.parametrize("penalty", [Group(SHORT), SLOPE(0.2)], ids=["group", "slope"])
@pytest.mark.parametrize("loss", [Huber(0.2), SquaredHinge(), Poisson()], ids=repr)
def test_losses_whose_curvature_vanishes_or_grows(penalty, loss):
    rng = np.random.default_rng(5)
    data = make_data(80, 40, 4, "logistic")
    y = data.y if isinstance(loss, SquaredHinge) else np.round(20 * rng.standard_exponential(80) ** 2)
    data = data.but(loss=loss, y=y)
    grid = strength_grid(data.problem(), penalty, 6, 0.1)
    [slow] = drive(fit_user, data.problem(), penalty, grid, tol=1e-8)
    [fast] = drive(fit_prox_newton, data.problem(), penalty, grid, tol=1e-8)
    assert fast.converged.all()
    w, z = data.weight / data.weight.sum(), scales(data)
    for k, s in enumerate(grid):
        values = [
            w @ loss.value(y, data.offset + f.path.intercepts[k] + data.X @ f.path.coefs[k])
            + penalty.at(s).value(f.path.coefs[k] * z)
            for f in (fast, slow)
        ]
        assert values[0] <= values[1] * (1 + 1e-7)


@pytest.mark.parametrize("penalty", [Group(SHORT), SparseGroup(SHORT)], ids=["group", "sparse"])
def test_what_outgrows_its_matrix_goes_on_by_products(penalty, monkeypatch):
    problem = make_data(80, 40, 4, "logistic").problem()
    grid = strength_grid(problem, penalty, 6, 0.2)
    expected = drive(fit_prox_newton, problem, penalty, grid, lanes_of(80), tol=1e-9)
    monkeypatch.setattr(lane_module, "MOST", 12)
    monkeypatch.setattr(lane_module, "compiled_of", lambda lane, tol: None)
    seen = []
    real = rounds.finish_on_products
    monkeypatch.setattr(rounds, "finish_on_products", lambda notes: seen.append(notes) or real(notes))
    found = drive(fit_prox_newton, problem, penalty, grid, lanes_of(80), tol=1e-9)
    assert seen
    for a, b in zip(expected, found, strict=True):
        assert b.converged.all()
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-5)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-5)


def test_a_path_ends_where_the_rows_are_reproduced():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 60))
    data = make_data(30, 60, loss="logistic").but(X=X, y=(X[:, 0] > 0).astype(float), offset=np.zeros(30))
    problem, penalty = data.problem(), Group(np.arange(60) // 2)
    grid = strength_grid(problem, penalty, 60, 1e-5)
    [[fit]] = fit_lanes(problem, [penalty], [grid], lanes_of(30)[:1], cut=True)
    assert len(fit.path) < 60
    assert "reproduced" in fit.path.ended
    assert np.isnan(fit.gaps[len(fit.path) :]).all()
    assert (fit.path.deviance_ratio[:-1] <= 0.999).all()


def test_a_path_ends_where_enough_columns_have_entered():
    problem = make_data(80, 40, 4, "logistic").problem()
    grid = strength_grid(problem, MCP(6.0), 30, 0.05)
    [[fit]] = fit_lanes(problem, [MCP(6.0)], [grid], [Lane(np.arange(80), keep=True, most=5)])
    assert fit.path.nonzeros[-1] > 5
    assert (fit.path.nonzeros[:-1] <= 5).all()
    assert len(fit.path) < 30


@pytest.mark.parametrize(
    ("penalty", "loss", "p", "road"),
    [
        (Group(SHORT), "squared", 40, "fit_user"),
        (Group(LABELS), "squared", 400, "fit_prox_newton"),
        (SLOPE(), "squared", 400, "fit_prox_newton"),
        (MCP(), "squared", 400, "fit_folded_rounds"),
        (MCP(), "logistic", 40, "fit_prox_newton"),
        (SCAD().nonnegative(), "logistic", 40, "fit_prox_newton"),
        (SLOPE(), "logistic", 40, "fit_prox_newton"),
    ],
    ids=str,
)
def test_the_road(penalty, loss, p, road):
    assert roads.road_of(make_data(30, p, loss=loss).problem(), penalty, lanes_of(30)).__name__ == road


def test_candidates_and_lanes_do_not_disturb_each_other():
    problem = make_data(80, 40, 4, "logistic").problem()
    chosen = [Group(SHORT), MCP(6.0), SLOPE(0.2)]
    grids = [strength_grid(problem, one, 5, 0.2) for one in chosen]
    together = fit_lanes(problem, chosen, grids, lanes_of(80), tol=1e-9)
    for one, grid, row in zip(chosen, grids, together, strict=True):
        for lane, found in zip(lanes_of(80), row, strict=True):
            [[alone]] = fit_lanes(problem, [one], [grid], [lane], tol=1e-9)
            np.testing.assert_allclose(alone.path.coefs, found.path.coefs, atol=1e-6)


def test_a_few_strengths_far_apart_are_found_too():
    problem = make_data(50, 400, 3).problem()
    penalty = Group(LABELS)
    top = strength_grid(problem, penalty, 1)[0]
    [[fit]] = fit_lanes(problem, [penalty], [top * np.array([0.9, 0.05])], [Lane(np.arange(50), keep=True)])
    assert fit.converged.all()

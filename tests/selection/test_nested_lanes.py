"""Lanes fitted only where needed choose and score as whole grids do."""

from __future__ import annotations

import numpy as np
import pytest

from regularfit.lockstep import make_problem, strength_grid
from regularfit.penalties import L1, L2, ElasticNet
from regularfit.selection import NestedPlan, make_folds, nested_spans
from regularfit.selection.nested import run_procedure
from regularfit.selection.nested_lanes import fit_nested


def make_plan(seed, n, p, signals, penalties, select="min", noise=1.0, **more):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 0.5 * rng.normal(size=(n, 1))
    beta = np.zeros(p)
    beta[:signals] = rng.normal(size=signals)
    y = X @ beta + noise * rng.normal(size=n)
    w = rng.uniform(0.5, 2, size=n) if seed % 2 else None
    problem = make_problem(X, y, sample_weight=w)
    grids = [strength_grid(problem, penalty, 60) for penalty in penalties]
    return NestedPlan(problem, penalties, grids, select, threads=1, **more)


def same(one, other):
    np.testing.assert_array_equal(one.candidates, other.candidates)
    np.testing.assert_array_equal(one.indices, other.indices)
    assert (one.candidate, one.index) == (other.candidate, other.index)
    assert one.tuned == pytest.approx(other.tuned, rel=1e-9)
    for name in ("outer", "inner", "outer_variance", "naive_variance"):
        np.testing.assert_allclose(getattr(one.errors, name), getattr(other.errors, name), rtol=1e-7)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("select", ["min", "1se"])
@pytest.mark.parametrize("shape", [(60, 8, 0), (60, 20, 3), (300, 30, 30), (400, 10, 2)])
def test_the_procedure_is_that_of_whole_grids(seed, select, shape):
    plan = make_plan(seed, *shape, [L1(), ElasticNet(0.5), L2()], select)
    folds = make_folds(5, plan.problem.n, random_state=seed)
    short, whole = fit_nested(plan, folds), fit_nested(plan, folds, whole=True)
    for only in (None, 0, 1, 2):
        same(run_procedure(plan, short, folds, only), run_procedure(plan, whole, folds, only))


def test_curves_agree_where_they_are_known_and_are_nan_elsewhere():
    plan = make_plan(0, 2000, 20, 3, [L1()])
    folds = make_folds(6, 2000, random_state=0)
    [short], [whole] = fit_nested(plan, folds), fit_nested(plan, folds, whole=True)
    start, stop = short.span
    assert stop - start < 40  # of 60: otherwise nothing was saved
    np.testing.assert_allclose(short.singles, whole.singles, rtol=1e-12)
    for name in ("pairs", "triples"):
        known, all_of_it = getattr(short, name), getattr(whole, name)
        np.testing.assert_allclose(known[start:stop], all_of_it[start:stop], rtol=1e-9)
        assert np.isnan(known[:start]).all()
        assert np.isnan(known[stop:]).all()
    assert whole.span == (0, 60)
    assert len(short.outer) == 6
    assert short.outer[0].path is not None


def test_a_bad_first_guess_only_costs_time(monkeypatch):
    plan = make_plan(1, 100, 15, 3, [L1()])
    folds = make_folds(5, 100, random_state=0)
    [whole] = fit_nested(plan, folds, whole=True)
    monkeypatch.setattr("regularfit.selection.nested_lanes.first_guess", lambda predicted, from_top: (50, 53))
    [short] = fit_nested(plan, folds)
    assert short.span[0] < 45  # it grew to where the choices are
    same(run_procedure(plan, [short], folds), run_procedure(plan, [whole], folds))


def test_wide_problems_and_other_losses_take_whole_grids():
    wide = make_plan(0, 40, 60, 3, [L1()])
    [curves] = fit_nested(wide, make_folds(4, 40, random_state=0))
    assert curves.span == (0, 60)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    problem = make_problem(X, (X[:, 0] + rng.logistic(size=60) > 0).astype(float), "logistic")
    plan = NestedPlan(problem, [L1()], [strength_grid(problem, L1(), 8, 0.1)], threads=1)
    [curves] = fit_nested(plan, make_folds(4, 60, problem.y, classifier=True, random_state=0))
    assert curves.span == (0, 8)
    assert nested_spans.MARGIN > 0


def test_cut_reaches_the_engine():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    problem = make_problem(X, X @ [1.0, 2.0, 3.0])  # without noise every path saturates
    grid = strength_grid(problem, L1(), 40, 1e-9)
    folds = make_folds(4, 60, random_state=0)
    [uncut] = fit_nested(NestedPlan(problem, [L1()], [grid], threads=1), folds)
    [cut] = fit_nested(NestedPlan(problem, [L1()], [grid], threads=1, cut=True), folds)
    assert len(uncut.outer[0].path) == 40
    assert len(cut.outer[0].path) < 40
    assert "reproduced" in cut.outer[0].path.ended
    np.testing.assert_array_equal(cut.singles[-1], cut.singles[len(cut.outer[0].path) :].min(axis=0))

"""Lanes that are odd, many, or interrupted by nothing: each gives what it would give alone."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneOut

import regularfit as rf
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 8))
WIDE = rng.normal(size=(60, 400))
Y = X[:, 0] + rng.normal(size=60)
CLASS = (Y > 0).astype(float)


def folds(n: int, K: int) -> list[Lane]:
    parts = np.array_split(np.arange(n), K)
    return [Lane(np.setdiff1d(np.arange(n), part), (part,), keep=True) for part in parts]


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("columns", [X, WIDE])
@pytest.mark.parametrize("penalty", [rf.L1(), rf.L2(), rf.ElasticNet(0.5)])
def test_threads_and_company_change_nothing(loss: str, columns: np.ndarray, penalty: rf.L1) -> None:
    problem = make_problem(columns, Y if loss == "squared" else CLASS, loss)
    grid, lanes = strength_grid(problem, penalty, 10, 0.05), folds(60, 4)
    [one] = fit_lanes(problem, [penalty], [grid], lanes, threads=1)
    [two] = fit_lanes(problem, [penalty], [grid], lanes, threads=2)
    for a, b in zip(one, two, strict=True):  # sums are taken in a fixed order, whoever takes them
        assert np.array_equal(a.path.coefs, b.path.coefs)
        assert np.array_equal(a.scores, b.scores)
    [[alone]] = fit_lanes(problem, [penalty], [grid], lanes[1:2], threads=1)
    assert alone.converged.all()
    assert one[1].converged.all()
    size = np.abs(alone.path.coefs).max()
    assert np.allclose(alone.path.coefs, one[1].path.coefs, atol=2e-3 * size)
    assert np.allclose(alone.scores, one[1].scores, rtol=1e-3)


@pytest.mark.parametrize("columns", [X, WIDE])
def test_folds_of_two_rows_or_one_class(columns: np.ndarray) -> None:
    order = np.argsort(CLASS, kind="stable")
    lanes = [
        Lane(np.arange(60), keep=True),
        Lane(order[[0, 59]], (np.arange(60),), keep=True),
        Lane(order[:20], (order[40:],), keep=True),  # one class alone
    ]
    for loss, y in (("squared", Y), ("logistic", CLASS)):
        problem = make_problem(columns, y, loss)
        for penalty in (rf.L1(), rf.L2(), rf.ElasticNet(0.5)):
            grid = strength_grid(problem, penalty, 10)
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                [found] = fit_lanes(problem, [penalty], [grid], lanes, cut=True)
            for lane in found:
                assert np.isfinite(lane.path.coefs).all()
                assert np.isfinite(lane.path.gaps).all()
                assert lane.path.converged.all(), (loss, penalty, lane.path.gaps)
            if loss == "logistic":  # the constant that predicts the one class
                assert np.abs(found[2].path.coefs).max() < 1e-12
                assert (found[2].path.intercepts < -10).all()


def test_leave_one_out_by_lanes_equals_sixty_refits() -> None:
    model = rf.PenalizedRegressor(cv=LeaveOneOut(), strengths=12).fit(X, Y)
    assert model.cv_.folds.shape[1] == 60
    for row in (0, 31):
        kept = np.arange(60) != row
        path = rf.fit_path(X[kept], Y[kept], strengths=model.cv_.strengths)
        errors = (path.predict(X[[row]])[0] - Y[row]) ** 2
        assert np.allclose(errors, model.cv_.folds[:, row], rtol=1e-4, atol=1e-7)


def test_two_hundred_lanes_in_bounded_memory() -> None:
    Z = rng.normal(size=(1500, 400))
    y = Z[:, 0] + rng.normal(size=1500)
    problem = make_problem(Z, y > 0, "logistic")
    grid = strength_grid(problem, rf.L1(), 3, 0.3)
    lanes = [Lane(np.random.default_rng(k).choice(1500, 750, replace=False)) for k in range(200)]
    tracemalloc.start()
    [found] = fit_lanes(problem, [rf.L1()], [grid], lanes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 200
    assert all(lane.converged.all() for lane in found)
    assert peak < 4.5e8


def test_folds_whose_weights_are_all_zero_are_refused_or_left_out() -> None:
    weight = np.ones(60)
    weight[:15] = 0.0
    lanes = [Lane(np.arange(60), keep=True), *folds(60, 4)]
    problem = make_problem(X, Y, sample_weight=weight)
    grid = strength_grid(problem, rf.L1(), 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        [found] = fit_lanes(problem, [rf.L1()], [grid], lanes)
    assert all(lane.converged.all() for lane in found)
    assert np.isnan(found[1].scores).all()  # nothing to score on

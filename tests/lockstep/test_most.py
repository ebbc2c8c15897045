"""A lane that asks which columns enter first ends where enough have, and is the start of the whole path."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.lockstep.saturation import FULL
from regularfit.penalties import L1, ElasticNet

SHAPES = {"gram": (80, 12), "working sets": (40, 400), "newton": (80, 12), "newton wide": (40, 400)}


@pytest.mark.parametrize("penalty", [L1(), ElasticNet(0.6), L1().on([0, 1, 2, 3, 4, 5, 6, 7])])
@pytest.mark.parametrize("storage", ["dense", "sparse"])
@pytest.mark.parametrize("road", SHAPES)
def test_it_is_the_start_of_the_whole_path(road, storage, penalty):
    n, p = SHAPES[road]
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p)) * (rng.random((n, p)) < 0.5)
    y = X[:, 0] - X[:, 1] + rng.normal(size=n)
    if road.startswith("newton"):
        y = (y > 0).astype(float)
    if len(getattr(penalty, "columns", ())) and p > n:
        pytest.skip("more unpenalised columns than rows reproduce every row")
    loss = "logistic" if road.startswith("newton") else "squared"
    problem = make_problem(sparse.csr_array(X) if storage == "sparse" else X, y, loss)
    grid = 1.5 * strength_grid(problem, penalty, 40, 1e-2)
    halves = [np.arange(0, n, 2), np.arange(1, n, 2)]
    most = 4 + (p - 8 if len(getattr(penalty, "columns", ())) else 0)
    short = fit_lanes(problem, [penalty], [grid], [Lane(rows, keep=True, most=most) for rows in halves])[0]
    whole = fit_lanes(problem, [penalty], [grid], [Lane(rows, keep=True) for rows in halves])[0]
    for ours, other in zip(short, whole, strict=True):
        entered = np.logical_or.accumulate(other.path.coefs != 0).sum(axis=1)
        end = int(np.argmax(entered > most)) + 1
        assert len(ours.path) == end < len(grid)
        assert ours.path.ended == FULL
        np.testing.assert_array_equal(ours.path.coefs != 0, other.path.coefs[:end] != 0)
        np.testing.assert_allclose(ours.path.coefs, other.path.coefs[:end], atol=2e-4)
        np.testing.assert_allclose(ours.path.intercepts, other.path.intercepts[:end], atol=2e-4)
        np.testing.assert_allclose(ours.path.deviance_ratio, other.path.deviance_ratio[:end], atol=1e-6)
        assert ours.path.converged.all()
        assert np.isnan(ours.gaps[end:]).all()
        assert not np.isnan(ours.gaps[:end]).any()


def test_a_path_that_never_fills_is_whole():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    problem = make_problem(X, X[:, 0] + rng.normal(size=60))
    grid = strength_grid(problem, L1(), 30)
    found = fit_lanes(problem, [L1()], [grid], [Lane(np.arange(60), keep=True, most=5)])[0][0]
    assert len(found.path) == 30
    assert found.path.ended is None

"""Lanes with few rows: moments from their own rows, against those from atoms and against fits by themselves."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.lockstep import Lane, fit_lanes, make_problem
from regularfit.lockstep.atoms import collect_atoms
from regularfit.lockstep.gram_rows import row_lanes
from regularfit.lockstep.moments import moments_of
from regularfit.lockstep.threads import Workers
from regularfit.penalties import L1, MCP, ElasticNet

FACTS = ("gram", "c", "yy", "inverse")


def data(n=24, p=20, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.5, 3, p) + rng.normal(size=p)
    return X, X[:, 0] - X[:, 1] + rng.normal(size=n)


def halves(n, pairs=4, seed=1):
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(n) for _ in range(pairs)]
    return [Lane(np.sort(part), keep=True) for order in orders for part in np.array_split(order, 2)]


GIVEN = {
    "plain": {},
    "no intercept": {"fit_intercept": False},
    "as it is": {"standardize": False},
    "weights and offset": {"sample_weight": np.linspace(0, 2, 24), "offset": np.sin(np.arange(24.0))},
}


@pytest.mark.parametrize("given", GIVEN)
def test_moments_are_those_of_atoms(given):
    X, y = data()
    problem, lanes = make_problem(X, y, **GIVEN[given]), halves(24)
    lanes.append(Lane(np.array([0, 0, 3, 5, 5, 5, 9, 11, 20]), keep=True))  # rows that count more than once
    own = row_lanes(problem, lanes)
    assert own is not None
    atoms = collect_atoms(problem, lanes, Workers(1, inline=True))
    which = [1, 4, 8]
    ours, theirs = own.moments(which), moments_of(problem, lanes, which, atoms)
    for fact in FACTS:
        np.testing.assert_allclose(getattr(ours, fact), getattr(theirs, fact), rtol=1e-9, atol=1e-11)
    centre = atoms.centre if problem.fit_intercept else np.zeros(problem.p + 1)
    np.testing.assert_allclose(ours.mean, theirs.mean + centre[:-1], atol=1e-12)
    np.testing.assert_allclose(ours.mean_y, theirs.mean_y + centre[-1], atol=1e-12)


@pytest.mark.parametrize(
    "penalty", [L1(), ElasticNet(0.5), L1().bounded(-0.1, 0.3), L1().on(range(1, 20)), MCP()], ids=repr
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_paths_are_those_of_fits_by_themselves(penalty, dtype):
    X, y = data()
    X[:, 4] += 1e3  # far from zero, and in a lane of its own constant
    lanes = halves(24)
    X[lanes[0].train, 5] = 1.0
    X, offset, weight = X.astype(dtype), np.sin(np.arange(24.0)), np.linspace(0.5, 2, 24)
    problem = make_problem(X, y, sample_weight=weight, offset=offset)
    assert row_lanes(problem, lanes) is not None
    grid = np.geomspace(0.8, 0.1, 8)
    for lane, found in zip(lanes, fit_lanes(problem, [penalty], [grid], lanes, tol=1e-9)[0], strict=True):
        rows = lane.train
        alone = make_problem(X[rows], y[rows], sample_weight=weight[rows], offset=offset[rows])
        [expected] = fit_lanes(alone, [penalty], [grid], [Lane(np.arange(len(rows)), keep=True)], tol=1e-9)[0]
        assert row_lanes(alone, [Lane(np.arange(len(rows)), keep=True)]) is None
        assert found.converged.all()
        assert expected.converged.all()
        np.testing.assert_allclose(found.path.coefs, expected.path.coefs, atol=1e-5)
        ours, theirs = ((path.coefs @ X[rows].T).T + path.intercepts for path in (found.path, expected.path))
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
        np.testing.assert_allclose(found.path.deviance_ratio, expected.path.deviance_ratio, atol=1e-7)


def test_which_lanes_go_this_way():
    (X, y), lanes = data(), halves(24)
    assert row_lanes(make_problem(X, y), lanes) is not None
    assert row_lanes(make_problem(sparse.csr_array(X), y), lanes) is None
    assert row_lanes(make_problem(X[:, :11], y), lanes) is None  # more rows than columns
    assert row_lanes(make_problem(X, y), [Lane(lane.train, keep=False) for lane in lanes]) is None
    scored = [Lane(lane.train, (np.arange(2),), keep=True) for lane in lanes]
    assert row_lanes(make_problem(X, y), scored) is None
    assert row_lanes(make_problem(X, y), lanes[:2]) is None  # two atoms serve both

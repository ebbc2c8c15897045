"""Lanes with few rows: moments from their own rows, against those from atoms and against fits by themselves."""

import numpy as np
import pytest
from scipy import sparse

from regularfit import _core
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


@pytest.mark.parametrize(
    "penalty", [L1(), ElasticNet(0.6), L1().bounded(-0.5, 0.4), L1().on(range(1, 20))], ids=repr
)
def test_the_first_entries_are_those_of_the_whole_path(penalty):
    X, y = data()
    X[halves(24)[0].train, 5] = 1.0  # constant in one lane
    problem, whole = make_problem(X, y), halves(24)
    few = [Lane(lane.train, keep=True, most=4) for lane in whole]
    grid = np.geomspace(1.5, 0.05, 40)
    ours = fit_lanes(problem, [penalty], [grid], few, full_df=None)[0]
    theirs = fit_lanes(problem, [penalty], [grid], whole)[0]
    for found, expected in zip(ours, theirs, strict=True):
        entered = np.logical_or.accumulate(expected.path.coefs != 0).sum(axis=1)
        end = int(np.argmax(entered > 4)) + 1
        assert len(found.path) == end < len(grid)
        assert found.path.converged.all()
        np.testing.assert_array_equal(found.path.coefs != 0, expected.path.coefs[:end] != 0)
        np.testing.assert_allclose(found.path.coefs, expected.path.coefs[:end], atol=1e-7)
        np.testing.assert_allclose(found.gaps[:end], expected.gaps[:end], atol=1e-7)


@pytest.mark.parametrize("height", [1, 7, 12])
def test_the_core_makes_gram_columns_when_they_are_asked_for(height):
    rng = np.random.default_rng(height)
    Z, c = rng.normal(size=(height, 9)), rng.normal(size=(1, 9))
    grid, terms = (
        np.geomspace(1.0, 0.3, 5),
        (np.ones(9), np.full(9, 0.1), np.full(9, -np.inf), np.full(9, np.inf)),
    )
    gram, more = Z.T @ Z, rng.normal(size=(height, 2))

    def solved(lane, c, terms):
        lane.terms(*terms)
        lane.tolerate(1e-9, 10.0)
        b, grad = np.empty((2, len(grid), c.shape[1]))
        kkt, done = np.empty(len(grid)), np.empty(len(grid), np.uint8)
        _core.solve_lanes([(lane, grid, c, b, grad, kkt, done)], 1, False)
        assert kkt.max() < 1e-8
        return b

    by_rows, by_gram = _core.Lane(), _core.Lane()
    by_rows.bind_rows(Z)
    by_gram.bind(np.asfortranarray(gram))
    np.testing.assert_allclose(solved(by_rows, c, terms), solved(by_gram, c, terms), atol=1e-10)
    # columns that join later find the others made
    block = np.asfortranarray(np.hstack([Z, more]).T @ more)
    longer, c = (
        tuple(np.append(term, term[:2]) for term in terms),
        np.append(c, rng.normal(size=(1, 2)), axis=1),
    )
    for lane in (by_rows, by_gram):
        lane.append(block)
    np.testing.assert_allclose(solved(by_rows, c, longer), solved(by_gram, c, longer), atol=1e-10)


def test_which_lanes_go_this_way():
    (X, y), lanes = data(), halves(24)
    assert row_lanes(make_problem(X, y), lanes) is not None
    assert row_lanes(make_problem(sparse.csr_array(X), y), lanes) is None
    assert row_lanes(make_problem(X[:, :11], y), lanes) is None  # more rows than columns
    assert row_lanes(make_problem(X, y), [Lane(lane.train, keep=False) for lane in lanes]) is None
    scored = [Lane(lane.train, (np.arange(2),), keep=True) for lane in lanes]
    assert row_lanes(make_problem(X, y), scored) is None
    assert row_lanes(make_problem(X, y), lanes[:2]) is None  # two atoms serve both

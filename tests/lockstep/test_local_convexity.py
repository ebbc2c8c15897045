"""Local convexity along a path is that of eigenvalues, computed apart."""

import numpy as np
import pytest

from regularfit.lockstep import Lane, fit_lanes, strength_grid
from regularfit.lockstep.local_convexity import _with_parts
from regularfit.penalties import MCP, SCAD
from tests.lockstep.truth import make_data, scales


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize(("penalty", "bend"), [(MCP(1.6), 1 / 1.6), (SCAD(2.5), 1 / 1.5)], ids=repr)
def test_it_is_the_smallest_eigenvalue_against_the_bend(loss, penalty, bend):
    data = make_data(60, 6, 3, loss)
    problem = data.problem()
    grid = strength_grid(problem, penalty, 15, 0.02)
    [[fit]] = fit_lanes(problem, [penalty], [grid], [Lane(np.arange(60), keep=True)])
    w, expected = data.weight / data.weight.sum(), []
    for k in range(len(grid)):
        eta = data.offset + fit.path.intercepts[k] + data.X @ fit.path.coefs[k]
        h = w * problem.loss.curvature(data.y, eta)
        Z = ((data.X - h @ data.X / h.sum()) / scales(data))[:, fit.path.coefs[k] != 0]
        values = np.linalg.eigvalsh((Z * h[:, None]).T @ Z)
        expected.append(not len(values) or values[0] > bend)
    assert fit.path.convex.tolist() == expected
    assert True in expected
    assert False in expected
    assert fit.path.convex_until == grid[expected.index(False) - 1]


@pytest.mark.parametrize("seed", range(20))
def test_blocks_are_definite_by_their_eigenvalues_in_whatever_order_they_come(seed):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((30, 12))
    matrix = A.T @ A / 30 - rng.uniform(0.1, 0.9) * np.eye(12)
    chosen = [np.flatnonzero(rng.random(12) < share) for share in rng.uniform(0, 1, 40)]
    chosen[7] = None
    expected = [
        columns is not None
        and (not len(columns) or np.linalg.eigvalsh(matrix[np.ix_(columns, columns)])[0] > 0)
        for columns in chosen
    ]
    assert _with_parts(matrix, chosen).tolist() == expected

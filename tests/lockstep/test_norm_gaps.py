"""Duality gaps of norms: they bound what is lost, on the rows and on the Gram matrix alike."""

import numpy as np
import pytest

from regularfit.lockstep import Lane, fit_lanes, strength_grid
from regularfit.lockstep import user_lanes as module
from regularfit.penalties import SLOPE, Group, SparseGroup
from tests.lockstep.truth import make_data, mean_loss, scales

PENALTIES = [Group((0, 0, 1, 1, 2)), SparseGroup((0, 0, 1, 1, 2), 0.5), SLOPE(0.2)]
LANES = [Lane(np.arange(40), keep=True)]


def value(data, penalty, s, path, k):
    eta = data.offset + path.intercepts[k] + data.X @ path.coefs[k]
    return mean_loss(data, eta) + s * penalty.value(path.coefs[k] * scales(data))


@pytest.mark.parametrize("gram", [True, False])
@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_a_rough_solution_is_no_further_from_the_best_than_its_gap_says(penalty, loss, gram, monkeypatch):
    if not gram:
        monkeypatch.setattr(module, "suits_gram", lambda problem, lanes: False)
    data = make_data(40, 5, 1, loss)
    problem = data.problem()
    grid = strength_grid(problem, penalty, 6, 0.05)
    [[rough]] = fit_lanes(problem, [penalty], [grid], LANES, tol=1e-2)
    [[fine]] = fit_lanes(problem, [penalty], [grid], LANES, tol=1e-9)
    assert rough.converged.all()
    assert fine.converged.all()
    assert (fine.gaps <= 1e-9).all()
    for k, s in enumerate(grid):
        here, best = (value(data, penalty, s, fit.path, k) for fit in (rough, fine))
        assert here - best <= rough.gaps[k] * here + 1e-9 * here


def test_without_a_polar_there_is_no_gap():
    from tests.lockstep.test_user_lanes import MyLasso

    problem = make_data(40, 5).problem()
    [[fit]] = fit_lanes(problem, [MyLasso()], [[0.1]], LANES)
    assert np.isnan(fit.gaps).all()

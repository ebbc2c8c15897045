"""Groups with more columns than rows: every group is checked, and the answers are those of the Gram road."""

import numpy as np
import pytest
from scipy import sparse

from regularfit.lockstep import Lane, fit_lanes, strength_grid
from regularfit.lockstep import user_lanes as module
from regularfit.penalties import Group, SparseGroup
from tests.lockstep.truth import make_data, scales

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
        assert penalty.kkt(fit.path.coefs[k] * scales(data), gradient / s).max() <= 1e-7


@pytest.mark.parametrize(
    "penalty", [Group(LABELS[:40]), SparseGroup(LABELS[:40], 0.3)], ids=["group", "sparse"]
)
def test_it_is_the_path_of_the_gram_road(penalty, monkeypatch):
    data = make_data(60, 40, 2)
    problem = data.problem()
    grid = strength_grid(problem, penalty, 12, 0.02)
    lanes = [Lane(np.arange(60), keep=True), Lane(np.arange(45), (np.arange(45, 60),), keep=True)]
    [gram] = fit_lanes(problem, [penalty], [grid], lanes)
    monkeypatch.setattr(module, "suits_gram", lambda problem, lanes: False)
    [rounds] = fit_lanes(problem, [penalty], [grid], lanes)
    [thin] = fit_lanes(data.problem(sparse.csc_array(data.X)), [penalty], [grid], lanes)
    for a, b, c in zip(gram, rounds, thin, strict=True):
        np.testing.assert_allclose(a.path.coefs, b.path.coefs, atol=1e-5)
        np.testing.assert_allclose(a.path.coefs, c.path.coefs, atol=1e-5)
        np.testing.assert_allclose(a.scores, b.scores, rtol=1e-5)
        np.testing.assert_allclose(a.path.intercepts, b.path.intercepts, atol=1e-5)


def test_a_few_strengths_far_apart_are_found_too():
    problem = make_data(50, 400, 3).problem()
    penalty = Group(LABELS)
    top = strength_grid(problem, penalty, 1)[0]
    [[fit]] = fit_lanes(problem, [penalty], [top * np.array([0.9, 0.05])], [Lane(np.arange(50), keep=True)])
    assert fit.converged.all()

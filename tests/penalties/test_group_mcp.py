import numpy as np
import pytest
from scipy import sparse

import regularfit as rf
from regularfit.errors import InputError
from regularfit.lockstep import Lane, fit_lanes, make_problem, strength_grid
from regularfit.penalties import MCP, SCAD, Group, GroupMCP, GroupSCAD

KINDS = [(GroupMCP, MCP), (GroupSCAD, SCAD)]
LABELS = (0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 3)


def data(kind="dense", n=90):
    rng = np.random.default_rng(4)
    X = rng.standard_normal((n, 12)) + 0.5 * rng.standard_normal((n, 1))
    y = X[:, :4] @ [2, 1, -1, 0.5] + rng.standard_normal(n)
    given = {"sparse": sparse.csc_array(X), "float32": X.astype(np.float32)}.get(kind, X)
    return make_problem(given, y, sample_weight=rng.uniform(0.5, 2, n), offset=0.3 * rng.standard_normal(n))


@pytest.mark.parametrize(("grouped", "single"), KINDS)
@pytest.mark.parametrize("kind", ["dense", "sparse", "float32"])
def test_groups_of_one_are_the_plain_penalty(grouped, single, kind):
    problem = data(kind)
    penalty = grouped(tuple(range(12)))
    grid = strength_grid(problem, penalty, 20)
    np.testing.assert_allclose(grid, strength_grid(problem, single(), 20), rtol=1e-12)
    lanes = [Lane(np.arange(90), keep=True)]
    [[ours]], [[theirs]] = (fit_lanes(problem, [one], [grid], lanes, tol=1e-9) for one in (penalty, single()))
    np.testing.assert_allclose(ours.path.coefs, theirs.path.coefs, atol=1e-8)
    assert (ours.path.convex == theirs.path.convex).all()


@pytest.mark.parametrize(("grouped", "single"), KINDS)
def test_without_a_bend_it_is_the_group_lasso(grouped, single):
    problem = data()
    grid = strength_grid(problem, Group(LABELS), 20)
    lanes = [Lane(np.arange(90), keep=True)]
    bent, plain = fit_lanes(problem, [grouped(LABELS, 1e9), Group(LABELS)], [grid, grid], lanes, tol=1e-9)
    np.testing.assert_allclose(bent[0].path.coefs, plain[0].path.coefs, atol=1e-7)


@pytest.mark.parametrize(("grouped", "single"), KINDS)
def test_orthonormal_columns_have_a_closed_form(grouped, single):
    """There every group's norm is thresholded as a column of the plain penalty is."""
    rng = np.random.default_rng(0)
    X = np.linalg.qr(np.column_stack([np.ones(80), rng.standard_normal((80, 12))]))[0][:, 1:] * np.sqrt(80)
    y = X @ np.repeat([1.5, 0.6, 0.2, 0.0], [3, 3, 2, 4]) + 0.5 * rng.standard_normal(80)
    c = X.T @ y / 80
    path = rf.fit_path(X, y, grouped(LABELS), strengths=10)
    assert path.converged.all()
    for b, s in zip(path.coefs, path.strengths, strict=True):
        for g in range(4):
            own = np.flatnonzero(np.array(LABELS) == g)
            norm = np.array([np.linalg.norm(c[own])])
            kept = single(strength=s * np.sqrt(len(own))).prox(norm, 1.0)
            np.testing.assert_allclose(b[own], c[own] * kept / norm, atol=1e-8)


@pytest.mark.parametrize(("grouped", "single"), KINDS)
def test_more_columns_than_rows(grouped, single):
    """The working sets' answer is stationary: the optimality conditions from the data, every column."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, 400))
    y = X[:, :8] @ rng.standard_normal(8) + rng.standard_normal(60)
    penalty = grouped(tuple(np.arange(400) // 4))
    path = rf.fit_path(X, y, penalty, strengths=15, standardize=False, tol=1e-8)
    assert path.converged.all()
    for k, s in enumerate(path.strengths):
        left = y - path.intercepts[k] - X @ path.coefs[k]
        gradient = -(X - X.mean(axis=0)).T @ left / 60
        assert penalty.at(s).kkt(path.coefs[k], gradient).max() <= 1e-6 * s
    assert path.convex[0]


@pytest.mark.parametrize(("grouped", "single"), KINDS)
def test_other_losses(grouped, single):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((120, 12))
    y = (X[:, :3] @ [2, -1, 1] + rng.logistic(size=120) > 0).astype(float)
    path = rf.fit_path(X, y, grouped(LABELS, 8.0), loss="logistic", strengths=8, min_ratio=0.05)
    assert path.converged.all()
    assert path.nonzeros[-1] > 0
    assert path.convex is not None


def test_it_bends_with_the_strength():
    w = np.array([3.0, 4.0, 0.1])
    assert GroupMCP((0, 0, 1), 3.0).at(2.0) == GroupMCP((0, 0, 1), 3.0, 2.0)
    flat = 3.0 * 2 / 2 + 0.1 - 0.01 / 6  # group 0 is beyond 3 sqrt(2), group 1 is not
    assert np.isclose(GroupMCP((0, 0, 1), 3.0).value(w), flat)


def test_wrong_arguments_are_refused():
    with pytest.raises(InputError, match="above 1"):
        GroupMCP((0, 1), 1.0)
    with pytest.raises(InputError, match="above 2"):
        GroupSCAD((0, 1), 2.0)
    with pytest.raises(InputError, match="labels, but the penalty is used on"):
        GroupMCP((0, 1)).value(np.zeros(3))

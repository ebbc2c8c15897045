"""Groups on a small Gram matrix, the whole path in one call: as strength after strength on those that matter."""

import numpy as np
import pytest

from regularfit.lockstep.groups_path import groups_path
from regularfit.lockstep.prox_newton.parts import kind_of
from regularfit.lockstep.quadratic_path import quadratic_path
from regularfit.penalties import Group, GroupMCP, GroupSCAD, SparseGroup

LABELS = {"pieces": np.arange(12) % 4, "runs": np.arange(12) // 3, "ones": np.arange(12)}


def problem(rows, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((rows, 12)) + rng.standard_normal((rows, 1))
    y = X[:, :4] @ np.array([2.0, -1.0, 0.5, 1.0]) + rng.standard_normal(rows)
    return X, y, np.asfortranarray(X.T @ X / rows), X.T @ y / rows


def true_gaps(X, y):
    """From the rows: the residual, shrunk into the polar ball, is the dual point."""
    n = len(y)

    def gaps(B, G, size, ratio):
        R = y - B @ X.T
        dual = R / ratio[:, None]
        primal = (R**2).sum(axis=1) / (2 * n) + size
        return (primal - ((y**2).sum() - ((y - dual) ** 2).sum(axis=1)) / (2 * n)) / primal

    return gaps


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
@pytest.mark.parametrize("rows", [100, 8])  # of fewer rows than columns the matrix is singular
@pytest.mark.parametrize("make", [Group, lambda g: SparseGroup(g, 0.4), lambda g: SparseGroup(g, 1.0)])
def test_convex_paths_end_within_the_gap_and_at_the_same_place(labels, rows, make):
    penalty = make(labels)
    X, y, H, c = problem(rows)
    strengths = penalty.strength_max(c) * np.geomspace(1, 0.02, 15)
    kind = kind_of(penalty, 12)
    found = groups_path(H, c, kind, strengths, tol=1e-9, gaps=true_gaps(X, y))
    exact = quadratic_path(H, c, kind, strengths, tol=1e-11)
    assert found.converged.all()
    for b, best, s in zip(found.coefs, exact.coefs, strengths, strict=True):
        values = [((y - X @ x) ** 2).sum() / (2 * rows) + s * penalty.value(x) for x in (b, best)]
        assert abs(values[0] - values[1]) <= 1e-9 * values[1]


@pytest.mark.parametrize(
    "penalty", [GroupMCP(LABELS["pieces"]), GroupSCAD(LABELS["runs"])], ids=["mcp", "scad"]
)
def test_bent_paths_are_stationary(penalty):
    _, _, H, c = problem(200)
    strengths = np.geomspace(1, 0.02, 15) * Group(penalty.groups).strength_max(c)

    def never(*_):
        raise AssertionError("what bends has no gap")

    found = groups_path(H, c, kind_of(penalty, 12), strengths, tol=1e-9, gaps=never)
    assert found.converged.all()
    part = kind_of(penalty, 12).part(np.arange(12))
    for b, s in zip(found.coefs, strengths, strict=True):
        assert part.kkt(b, H @ b - c, s).max() <= 1.01e-9 * s


def test_what_does_not_converge_is_not_called_converged():
    _, _, H, c = problem(8)
    kind = kind_of(Group(LABELS["runs"]), 12)
    strengths = np.array([1.0, 0.1])
    found = groups_path(H, c, kind, strengths, tol=0.0, gaps=lambda B, *_: np.full(len(B), 1e-3))
    assert not found.converged[1]

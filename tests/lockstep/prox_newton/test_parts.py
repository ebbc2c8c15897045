"""A penalty on some columns is the penalty with the others at zero; its small solver ends where it says."""

import numpy as np
import pytest

from regularfit.lockstep.on_scale import on_scale
from regularfit.lockstep.prox_newton.parts import kind_of, knows
from regularfit.penalties import L1, MCP, SCAD, SLOPE, Group, GroupMCP, GroupSCAD, SparseGroup

LABELS = np.arange(12) % 4
EVERY = [
    Group(LABELS),
    SparseGroup(LABELS, 0.3),
    SparseGroup(LABELS, 1.0),
    GroupMCP(LABELS, 3.0),
    GroupSCAD(LABELS, 3.7),
    SLOPE(0.2),
    MCP(3.0),
    SCAD(3.7).bounded(-0.5, 0.7),
    MCP(2.0).weighted([0.0, np.inf, *np.linspace(0.5, 2, 10)]),
]
NAMES = ["group", "sparse", "l1", "gmcp", "gscad", "slope", "mcp", "scad", "weighted"]


@pytest.fixture(params=EVERY, ids=NAMES)
def kind(request):
    return kind_of(on_scale(request.param, np.ones(12)), 12)


def test_several_points_at_once_are_those_one_by_one(kind):
    rng, part, s = np.random.default_rng(0), kind.part(np.arange(12)), np.array([0.1, 0.3, 1.0])
    B = rng.uniform(-0.4, 0.4, (3, 12)) * (rng.random((3, 12)) < 0.5)
    B[1] = 0.0
    G = 0.3 * rng.standard_normal((3, 12))
    values, violations = part.values(B, s), part.kkts(B, G, s)
    for k in range(3):
        assert values[k] == pytest.approx(part.value(B[k], s[k]))
        np.testing.assert_allclose(violations[k], part.kkt(B[k], G[k], s[k]), rtol=1e-13, atol=1e-16)


def test_value_and_violation_are_those_of_all_columns(kind):
    rng, s = np.random.default_rng(0), 0.3
    inside = kind.whole(np.arange(12) == 2)
    columns = kind.sorted(np.flatnonzero(inside | kind.whole(np.arange(12) == 5)))
    part, b = kind.part(columns), rng.uniform(-0.4, 0.4, len(columns)) * (rng.random(len(columns)) < 0.8)
    full, grad = np.zeros(12), 0.2 * rng.standard_normal(12)
    full[columns] = b
    whole = kind.penalty.at(s)
    assert part.value(b, s) == pytest.approx(whole.value(full))
    grad[np.setdiff1d(np.arange(12), columns)] = 0.0
    np.testing.assert_allclose(part.kkt(b, grad[columns], s), whole.kkt(full, grad)[columns], atol=1e-12)


@pytest.mark.parametrize("s", [0.8, 0.2, 0.05])
def test_its_small_solver_ends_where_little_is_violated(kind, s):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, 12)) + 0.5 * rng.standard_normal((60, 1))
    columns = kind.sorted(np.arange(12))
    Z = X[:, columns]
    H, c = np.asfortranarray(Z.T @ Z / 60), Z.T @ (3 * rng.standard_normal(60)) / 60
    part = kind.part(columns)
    b = part.solve(H, c, s, np.zeros(12), 1e-10)
    assert part.kkt(b, H @ b - c, s).max() <= 1.01e-10
    np.testing.assert_allclose(part.solve(H, c, s, b, 1e-9), b, atol=1e-12)


def test_the_ratio_makes_scores_feasible(kind):
    grad, s = np.random.default_rng(2).standard_normal(12), 0.1
    ratio = kind.part(np.arange(12)).ratio(grad, s)
    if kind.penalty.polar(grad) is None:
        assert ratio is None
    else:
        assert ratio >= 1
        assert kind.penalty.polar(grad / ratio) <= s * (1 + 1e-12)
        # and, where there is only one kind of norm, not a hair more than is needed
        assert isinstance(kind.penalty, SparseGroup) or ratio == pytest.approx(kind.penalty.polar(grad) / s)


def test_what_it_knows():
    assert all(knows(penalty, 12) for penalty in EVERY)
    assert not knows(L1(), 12)
    assert kind_of(L1(), 12) is None

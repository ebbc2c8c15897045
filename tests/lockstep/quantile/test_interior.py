"""The descent on small problems, on both factorisations, against scipy's linear programming."""

import numpy as np
import pytest
from scipy.optimize import linprog

from regularfit.lockstep.quantile import interior
from regularfit.lockstep.quantile.boxes import Boxes, kinks
from regularfit.lockstep.quantile.corner import corner


def boxes_of(n=40, p=6, s=0.02, l2=0.0, lower=-np.inf, upper=np.inf, q=0.7):
    rng = np.random.default_rng(0)
    A = np.column_stack([np.ones(n), rng.standard_normal((n, p))])
    y = A[:, 1] + rng.standard_t(3, n)
    column, t, low, high = kinks(np.full(p, s), np.full(p, lower), np.full(p, upper), 1)
    w = np.full(n, 1 / n)
    D = np.append(0.0, np.full(p, l2))
    return Boxes(
        A,
        column,
        np.append(y, t),
        np.append(w * (q - 1), low),
        np.append(w * q, high),
        D,
        np.zeros(p + 1),
    )


def solved(boxes, goal=1e-12):
    begin = interior.start(boxes, np.zeros(boxes.A.shape[1]), np.zeros(len(boxes.t)), 0.3)
    return interior.descend(boxes, begin, goal)


def value(boxes, x):
    r = boxes.t[: boxes.m] - boxes.A @ x
    return np.maximum(boxes.high[: boxes.m] * r, boxes.low[: boxes.m] * r).sum()


def linear_program(boxes, s):
    """The optimum with coefficients and residuals split by sign."""
    A, n, k = boxes.A, boxes.m, boxes.A.shape[1]
    price = np.append(0.0, np.full(k - 1, s))
    cost = np.concatenate([price, price, boxes.high[:n], -boxes.low[:n]])
    return linprog(cost, A_eq=np.hstack([A, -A, np.eye(n), -np.eye(n)]), b_eq=boxes.t[:n]).fun


@pytest.mark.parametrize(("n", "p"), [(40, 6), (30, 60)])
def test_the_descent_ends_at_the_optimum_of_the_linear_program(n, p):
    boxes = boxes_of(n, p)
    point = solved(boxes)
    best = linear_program(boxes, 0.02)
    assert abs(value(boxes, point.x) + 0.02 * np.abs(point.x[1:]).sum() - best) <= 1e-10
    x, _ = corner(boxes, point)
    assert abs(value(boxes, x) + 0.02 * np.abs(x[1:]).sum() - best) <= 1e-14
    met = np.abs(boxes.t[:n] - boxes.A @ x) <= 1e-12
    assert met.sum() == np.count_nonzero(x[1:]) + 1  # a corner: as many rows met as coefficients used


def test_both_factors_solve_the_same_system():
    boxes = boxes_of(30, 60, l2=0.3)
    Q = np.random.default_rng(1).uniform(0.1, 10, len(boxes.t))
    diagonal = boxes.diagonal(Q)
    right, dual = np.random.default_rng(2).standard_normal(len(boxes.t)), np.ones(61)
    for held in (boxes.D > 0, (boxes.D > 0) & (np.arange(61) % 3 > 0)):
        dx, dtheta = interior._by_rows(boxes, Q, diagonal, held)(right, dual)
        np.testing.assert_allclose(boxes.forward(dx) + dtheta / Q, right, atol=1e-9)
        np.testing.assert_allclose(boxes.D * dx - boxes.backward(dtheta), -dual, atol=1e-9)


def test_bounds_are_kept_and_reached():
    boxes = boxes_of(lower=-0.1, upper=0.2)
    x, _ = corner(boxes, solved(boxes))
    assert x[1] == 0.2
    assert (x[1:] >= -0.1).all()
    assert (x[1:] <= 0.2).all()


def test_a_bound_at_zero_joins_the_l1_part():
    column, t, low, high = kinks(
        np.array([1.0, 2.0, 0.0]), np.array([0.0, -1.0, 0.0]), np.array([np.inf, 0.0, 5.0]), 1
    )
    np.testing.assert_array_equal(column, [1, 2, 3, 3, 2])
    np.testing.assert_array_equal(t, [0, 0, 0, 5, -1])
    np.testing.assert_array_equal(low, [-1, -np.inf, 0, -np.inf, 0])
    np.testing.assert_array_equal(high, [np.inf, 2, np.inf, 0, np.inf])

"""The penalty on rows of the coefficient matrix."""

import cvxpy as cp
import numpy as np
import pytest

from regularfit import L1, L2, MCP, ElasticNet, Group
from regularfit.errors import UnsupportedError

PENALTIES = [
    L1().across_outputs(),
    ElasticNet(0.4).across_outputs(),
    L2(2.0).across_outputs(),
    (L1() + L2(0.5)).weighted([1.0, 0.0, 2.0, np.inf]).across_outputs(),
]
every = pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
RNG = np.random.default_rng(0)
V = RNG.normal(size=(4, 3))


@every
def test_the_proximal_step_is_that_of_an_independent_solver(penalty):
    form = penalty.coordinates(4)
    W = cp.Variable((4, 3))
    used = np.isfinite(form.l1)
    value = sum(
        form.l1[j] * cp.norm(W[j]) + form.l2[j] / 2 * cp.sum_squares(W[j]) for j in np.flatnonzero(used)
    )
    held = [W[j] == 0 for j in np.flatnonzero(~used)]
    cp.Problem(cp.Minimize(cp.sum_squares(W - V) / 2 + 0.7 * value), held).solve(solver=cp.CLARABEL)
    np.testing.assert_allclose(penalty.prox(V, 0.7), W.value, atol=1e-6)


@every
def test_a_proximal_step_satisfies_the_optimality_conditions(penalty):
    W = penalty.prox(V, 0.7)
    np.testing.assert_allclose(penalty.kkt(W, (W - V) / 0.7), 0, atol=1e-12)
    assert penalty.kkt(W + 0.1, (W - V) / 0.7).max() > 0.01


@every
def test_with_one_output_it_is_the_penalty_inside(penalty):
    w, g = V[:, 0] * np.isfinite(penalty.coordinates(4).l1), V[:, 1]
    assert penalty.value(w) == penalty.penalty.value(w)
    np.testing.assert_array_equal(penalty.prox(V[:, 0], 0.3), penalty.penalty.prox(V[:, 0], 0.3))
    np.testing.assert_array_equal(penalty.kkt(w, g), penalty.penalty.kkt(w, g))
    np.testing.assert_allclose(penalty.prox(V[:, :1], 0.3)[:, 0], penalty.prox(V[:, 0], 0.3), rtol=1e-14)


def test_the_largest_strength_is_the_longest_row():
    top = L1(2.0).across_outputs().strength_max(V)
    np.testing.assert_allclose(top, np.linalg.norm(V, axis=1).max() / 2)


def test_algebra_goes_inside():
    row = L1().across_outputs()
    assert row.across_outputs() is row
    assert (3 * row).penalty == L1(3.0)
    assert repr(row.on("a").resolve(["b", "a"])) == "L1(strength=1.0).on((1,)).across_outputs()"
    assert row.weighted([1.0, 2.0]).coordinates(2).l1.tolist() == [1.0, 2.0]
    assert (row + L2().across_outputs()).coordinates(1).l2.tolist() == [1.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: L1().across_outputs() + L2(),
        lambda: L2() + L1().across_outputs(),
        lambda: L1().across_outputs().nonnegative(),
        lambda: MCP(3.0).across_outputs(),
        lambda: Group([0, 0]).across_outputs(),
        lambda: L1().nonnegative().across_outputs().coordinates(2),
    ],
)
def test_what_has_no_norm_of_rows_is_refused(make):
    with pytest.raises(UnsupportedError):
        make()

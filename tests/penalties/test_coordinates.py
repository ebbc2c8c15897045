import numpy as np
import pytest

from regularfit.penalties import Coordinates

INF = np.inf


def form(l1, l2, lower=-INF, upper=INF):
    return Coordinates(*(np.atleast_1d(np.array(x, dtype=float)) for x in (l1, l2, lower, upper)))


def prox_by_definition(l1, l2, lower, upper, v, step):
    """The definition, as on paper: the best of a fine grid of admissible points."""
    grid = np.linspace(max(lower, -6), min(upper, 6), 120_001)
    grid = np.append(grid, 0.0)
    return grid[np.argmin(0.5 * (grid - v) ** 2 + step * (l1 * np.abs(grid) + 0.5 * l2 * grid**2))]


@pytest.mark.parametrize("l1", [0.0, 0.7])
@pytest.mark.parametrize("l2", [0.0, 1.3])
@pytest.mark.parametrize(("lower", "upper"), [(-INF, INF), (0.0, INF), (-0.5, 0.25), (-1.0, 0.0), (0.0, 0.0)])
@pytest.mark.parametrize("v", [-3.0, -0.4, 0.0, 0.9, 4.0])
def test_prox_is_the_definition(l1, l2, lower, upper, v):
    fast = form(l1, l2, lower, upper).prox(np.array([v]), 0.8)[0]
    assert fast == pytest.approx(prox_by_definition(l1, l2, lower, upper, v, 0.8), abs=2e-4)


def test_conjugate_is_the_definition():
    grid = np.linspace(-2, 3, 500_001)
    for l1, l2, g in [(0.5, 0.0, 2.0), (0.5, 0.0, -2.0), (0.5, 2.0, 0.1), (0.0, 1.0, -1.5), (0.3, 0.1, 5.0)]:
        slow = np.max(g * grid - l1 * np.abs(grid) - 0.5 * l2 * grid**2)
        assert form(l1, l2, -2.0, 3.0).conjugate(np.array([g]))[0] == pytest.approx(slow, abs=1e-4)


def test_conjugate_is_infinite_where_nothing_holds_the_column():
    assert form(1.0, 0.0).conjugate(np.array([1.0])) == 0
    assert form(1.0, 0.0).conjugate(np.array([1.1])) == INF
    assert form(1.0, 0.0, lower=0.0).conjugate(np.array([-5.0])) == 0
    assert form(0.0, 0.0).conjugate(np.array([0.1])) == INF
    assert form(0.0, 0.0).conjugate(np.array([0.0])) == 0
    assert form(INF, 0.0).conjugate(np.array([1e9])) == 0


def test_an_excluded_column_stays_at_zero():
    excluded = form(INF, 0.0)
    assert excluded.prox(np.array([1e300]), 1e-300) == 0
    assert excluded.value(np.array([0.0])) == 0
    assert excluded.value(np.array([1e-300])) == INF
    assert excluded.kkt(np.array([0.0]), np.array([1e9])) == 0
    assert excluded.kkt(np.array([1.0]), np.array([0.0])) == INF
    assert excluded.strength_max(np.array([1e9])) == 0
    assert excluded.scaled(0.0).l1 == INF


def test_kkt_at_a_bound_asks_only_that_the_gradient_pushes_against_it():
    box = form(0.5, 0.0, -1.0, 2.0)
    assert box.kkt(np.array([2.0]), np.array([-9.0])) == 0
    assert box.kkt(np.array([2.0]), np.array([1.0])) == 1.5
    assert box.kkt(np.array([-1.0]), np.array([9.0])) == 0
    assert box.kkt(np.array([-1.0]), np.array([-1.0])) == 1.5
    assert box.kkt(np.array([3.0]), np.array([0.0])) == INF


def test_strength_max_counts_only_columns_that_may_move():
    both = Coordinates(np.array([1.0, 2.0]), np.zeros(2), np.array([0.0, -INF]), np.array([INF, INF]))
    assert both.strength_max(np.array([9.0, 3.0])) == 1.5  # the first wants to be negative and may not
    assert both.strength_max(np.array([-9.0, 3.0])) == 9.0


def test_strength_max_is_infinite_for_ridge_unless_nothing_pulls():
    assert form(0.0, 1.0).strength_max(np.array([1.0])) == INF
    assert form(0.0, 1.0).strength_max(np.array([0.0])) == 0
    assert form(0.0, 0.0).strength_max(np.array([1.0])) == 0  # unpenalised


def test_strength_max_is_exact_however_the_quotient_rounds():
    rng = np.random.default_rng(0)
    for _ in range(2000):
        one, grad = form(rng.uniform(0.01, 3), 0.0), rng.normal(size=1)
        s = one.strength_max(grad)
        assert one.scaled(s).prox(-grad, 1.0) == 0
        assert one.scaled(s).kkt(np.zeros(1), grad) == 0


def test_dual_scale_is_exact_however_the_quotient_rounds():
    rng = np.random.default_rng(1)
    for _ in range(2000):
        one, g = form(rng.uniform(0.01, 3), 0.0), 5 * rng.normal(size=1)
        assert np.isfinite(one.conjugate(one.dual_scale(g) * g))


def test_dual_scale_leaves_unpenalised_columns_out():
    mixed = Coordinates(np.array([0.0, 1.0]), np.zeros(2), np.full(2, -INF), np.full(2, INF))
    assert mixed.dual_scale(np.array([100.0, 2.0])) == 0.5
    assert mixed.dual_scale(np.array([100.0, 0.5])) == 1.0


def test_a_bound_that_float32_rounds_outwards_can_still_be_met():
    box = form(0.0, 0.0, -0.1, 0.1)
    w = box.prox(np.array([5.0], dtype=np.float32), 1.0)
    assert w.dtype == np.float32
    assert box.value(w) == 0
    assert box.kkt(w, np.array([-1.0], dtype=np.float32)) == 0


def test_no_negative_zero():
    assert not np.signbit(form(1.0, 0.0).prox(np.array([-0.5]), 1.0)).any()

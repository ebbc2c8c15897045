"""The compiled solver by itself: small quadratics, also singular ones, against slow coordinate descent and SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from regularfit._core import Lane, solve_lanes
from scipy.optimize import lsq_linear

from regularfit.penalties.coordinates import Coordinates
from tests.lockstep.truth import slow_quadratic

STRENGTHS = np.array([1.0, 0.3, 0.05, 0.002])


def solve(lane, strengths, c, keep_slots=False):
    c = np.ascontiguousarray(np.atleast_2d(c))
    shape = (len(strengths), len(lane))
    b, grad, kkt, solved = np.empty(shape), np.empty(shape), np.empty(shape[0]), np.empty(shape[0], np.uint8)
    solve_lanes([(lane, np.asarray(strengths, float), c, b, grad, kkt, solved)], 1, keep_slots)
    return b, grad, kkt, solved


def bound_lane(H, l1, l2, lower, upper):
    lane = Lane()
    lane.bind(np.asfortranarray(H))
    lane.terms(l1, l2, lower, upper)
    return lane


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rows, m = draw(st.integers(1, 12)), draw(st.integers(1, 9))
    A = rng.standard_normal((rows, m))
    if m > 1 and draw(st.booleans()):
        A[:, -1] = A[:, 0] * draw(st.sampled_from([1.0, -1.0, 2.0]))  # collinear, exactly
    pick = {"l1": [1.0, 0.5, 2.0, 0.0, np.inf], "l2": [0.0, 0.0, 1.0], "bound": [np.inf, np.inf, 0.3, 0.0]}
    mixed = draw(st.booleans())
    l1 = rng.choice(pick["l1"], m) if mixed else np.ones(m)
    l2 = rng.choice(pick["l2"], m) if draw(st.booleans()) else np.zeros(m)
    lower, upper = -rng.choice(pick["bound"], m), rng.choice(pick["bound"], m)
    if not draw(st.booleans()):
        lower, upper = np.full(m, -np.inf), np.full(m, np.inf)
    y = rng.standard_normal(rows)
    return A.T @ A / rows, A.T @ y / rows, l1, l2, lower, upper


def value(H, c, terms, s, b):
    return 0.5 * b @ H @ b - c @ b + s * terms.value(b)


@given(problems())
@settings(max_examples=150, deadline=None)
def test_every_strength_is_optimal(problem):
    H, c, l1, l2, lower, upper = problem
    b, grad, kkt, solved = solve(bound_lane(*problem[:1], *problem[2:]), STRENGTHS, c)
    assert solved.all()
    np.testing.assert_allclose(grad, c - b @ H, atol=1e-12)
    size = np.abs(c).max()
    for s, x, violation in zip(STRENGTHS, b, kkt, strict=True):
        scaled = Coordinates(
            np.where(np.isinf(l1), np.inf, s * np.where(np.isinf(l1), 0, l1)), s * l2, lower, upper
        )
        assert scaled.kkt(x, H @ x - c).max() <= 1e-8 * (s + size)
        assert violation * s <= 1e-8 * (s + size)
        slow = slow_quadratic(H, c, scaled.l1, scaled.l2, lower, upper)
        terms = Coordinates(l1, l2, lower, upper)
        assert value(H, c, terms, s, x) <= value(H, c, terms, s, slow) + 1e-10


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_bounded_least_squares_equals_scipy(seed):
    rng = np.random.default_rng(seed)
    A, y = rng.standard_normal((15, 5)), rng.standard_normal(15)
    low, high = np.full(5, -0.1), np.full(5, 0.2)
    b, *_ = solve(bound_lane(A.T @ A, np.zeros(5), np.zeros(5), low, high), [1.0], A.T @ y)
    peer = lsq_linear(A, y, (low, high), method="bvls", tol=1e-14)
    np.testing.assert_allclose(b[0], peer.x, atol=1e-9)


def test_ridge_coordinates_equal_the_linear_system():
    rng = np.random.default_rng(0)
    A, c = rng.standard_normal((20, 200)), rng.standard_normal(200)
    H, free, l2 = A.T @ A / 20, np.full(200, np.inf), rng.uniform(0.5, 2, 200)
    b, *_ = solve(bound_lane(H, np.zeros(200), l2, -free, free), [0.5], c)
    np.testing.assert_allclose(b[0], np.linalg.solve(H + 0.5 * np.diag(l2), c), rtol=1e-6, atol=1e-8)


@given(problems(), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_columns_that_are_appended_are_as_good_as_all_at_once(problem, cut):
    H, c, *terms = problem
    m, cut = len(c), min(cut, len(c))
    grown = Lane()
    grown.append(np.asfortranarray(H[:cut, :cut]))
    grown.terms(*(t[:cut] for t in terms))
    solve(grown, STRENGTHS[:2], c[:cut], keep_slots=True)
    grown.keep(1)
    if cut < m:
        grown.append(np.asfortranarray(H[:, cut:]))
        grown.terms(*terms)
    b, _, _, solved = solve(grown, STRENGTHS[2:], c)
    whole, *_ = solve(bound_lane(H, *terms), STRENGTHS[2:], c)
    form = Coordinates(*terms)
    assert len(grown) == m
    assert solved.all()
    for s, x, z in zip(STRENGTHS[2:], b, whole, strict=True):
        assert value(H, c, form, s, x) == pytest.approx(value(H, c, form, s, z), abs=1e-10)


def test_growing_beyond_the_reserve_keeps_the_matrix():
    rng = np.random.default_rng(1)
    A = rng.standard_normal((150, 100))
    H, c = A.T @ A / 150, rng.standard_normal(100)
    lane, size = Lane(), 0
    for step in (30, 3, 1, 40, 26):
        size += step
        lane.append(np.asfortranarray(H[:size, size - step : size]))
    free = np.full(100, np.inf)
    lane.terms(np.ones(100), np.zeros(100), -free, free)
    b, *_ = solve(lane, [0.1], c)
    whole, *_ = solve(bound_lane(H, np.ones(100), np.zeros(100), -free, free), [0.1], c)
    np.testing.assert_allclose(b, whole, atol=1e-12)


@given(problems())
@settings(max_examples=40, deadline=None)
def test_where_it_starts_does_not_matter(problem):
    H, c, *terms = problem
    warm = bound_lane(H, *terms)
    solve(warm, STRENGTHS[::-1].copy(), -c)  # from the far end of another problem
    b, *_ = solve(warm, STRENGTHS, c)
    cold, *_ = solve(bound_lane(H, *terms), STRENGTHS, c)
    for s, x, z in zip(STRENGTHS, b, cold, strict=True):
        form = Coordinates(*terms)
        assert value(H, c, form, s, x) == pytest.approx(value(H, c, form, s, z), abs=1e-10)


@pytest.mark.parametrize("seed", range(40))
def test_dependent_columns_come_back_from_their_bounds(seed):
    # Of rank one, so that the exact road slides along directions that leave the fit unchanged, starting at bounds.
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(rng.integers(2, 6))
    bound = rng.choice([np.inf, 0.3, 0.0], (2, len(x)))
    H, terms = np.outer(x, x), (rng.choice([1.0, 0.5, 0.0], len(x)), np.zeros(len(x)), -bound[0], bound[1])
    for c in (2 * x, -x, 3 * x):
        warm = bound_lane(H, *terms)
        solve(warm, STRENGTHS[::-1].copy(), -c)
        b, _, kkt, solved = solve(warm, STRENGTHS, c)
        cold, *_ = solve(bound_lane(H, *terms), STRENGTHS, c)
        assert solved.all()
        assert (kkt * STRENGTHS <= 1e-9 * (STRENGTHS + np.abs(c).max())).all()
        for s, w, z in zip(STRENGTHS, b, cold, strict=True):
            form = Coordinates(*terms)
            assert value(H, c, form, s, w) == pytest.approx(value(H, c, form, s, z), abs=1e-10)


def test_a_right_hand_side_for_every_strength():
    C = np.array([[3.0, 0.5], [0.5, 3.0]])
    free = np.full(2, np.inf)
    b, *_ = solve(bound_lane(np.eye(2), np.ones(2), np.zeros(2), -free, free), [1.0, 1.0], C, keep_slots=True)
    np.testing.assert_allclose(b, [[2.0, 0.0], [0.0, 2.0]])


def test_a_newton_step_solves_the_model_around_any_point():
    rng = np.random.default_rng(2)
    A = rng.standard_normal((20, 4))
    H, c, x = A.T @ A / 20, rng.standard_normal(4), rng.standard_normal(4)
    free = np.full(4, np.inf)
    lane = bound_lane(np.eye(4), np.ones(4), np.zeros(4), -free, free)
    lane.open(1)
    lane.replace(np.asfortranarray(H))
    b, grad, kkt, ok = np.empty((1, 4)), np.empty((1, 4)), np.empty(1), np.empty(1, np.uint8)
    lane.newton(np.zeros(1, np.int32), np.array([0.2]), x[None], (c - H @ x)[None], b, grad, kkt, ok)
    np.testing.assert_allclose(
        b[0], slow_quadratic(H, c, np.full(4, 0.2), np.zeros(4), -free, free), atol=1e-10
    )


def test_many_lanes_on_threads_are_each_alone():
    rng = np.random.default_rng(3)
    jobs, linear, grams = [], [], []
    free = np.full(6, np.inf)
    for _ in range(9):
        A = rng.standard_normal((10, 6))
        H, c = np.asfortranarray(A.T @ A / 10), rng.standard_normal(6)
        lane = bound_lane(H, np.ones(6), np.zeros(6), -free, free)
        out = np.empty((4, 6)), np.empty((4, 6)), np.empty(4), np.empty(4, np.uint8)
        jobs.append((lane, STRENGTHS, c[None], *out))
        grams.append(H)
        linear.append(c)
    solve_lanes(jobs, 3, False)
    for job, H, c in zip(jobs, grams, linear, strict=True):
        alone, *_ = solve(bound_lane(H, np.ones(6), np.zeros(6), -free, free), STRENGTHS, c)
        np.testing.assert_array_equal(job[3], alone)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda lane: lane.bind(np.zeros((2, 3), order="F")),
        lambda lane: lane.append(np.zeros((2, 1), order="F")),
        lambda lane: lane.replace(np.zeros((2, 2), order="F")),
        lambda lane: lane.terms(*[np.ones(2)] * 4),
        lambda lane: lane.terms(np.ones(3), np.ones(2), np.ones(3), np.ones(3)),
        lambda lane: solve(lane, [1.0], np.ones(2)),
        lambda lane: solve(lane, [1.0], np.ones((2, 3))),
    ],
)
def test_shapes_that_would_read_outside_are_refused(wrong):
    free = np.full(3, np.inf)
    lane = bound_lane(np.eye(3), np.ones(3), np.zeros(3), -free, free)
    with pytest.raises(ValueError, match=r":|differ"):
        wrong(lane)


def test_a_column_that_waited_for_another_to_leave_is_let_in():
    # Three unpenalised columns in a plane: one waits; when a bound stops another, it is needed after all.
    for seed in range(300):
        rng = np.random.default_rng(seed)
        A, y = rng.standard_normal((2, 3)), rng.standard_normal(2)
        lower, upper = np.array([0.0, -np.inf, -np.inf]), np.array([np.inf, np.inf, 0.3])
        H, c = A.T @ A, A.T @ y
        b, _, _, solved = solve(bound_lane(H, np.zeros(3), np.zeros(3), lower, upper), [1.0], c)
        assert solved[0]
        assert Coordinates(np.zeros(3), np.zeros(3), lower, upper).kkt(b[0], H @ b[0] - c).max() <= 1e-8

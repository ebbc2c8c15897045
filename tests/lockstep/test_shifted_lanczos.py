"""Shifted Lanczos against direct solves: all shifts, all lanes, restarts, breakdown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regularfit.lockstep.shifted_lanczos import shifted_lanczos


def systems(m, lanes, rank, seed):
    rng = np.random.default_rng(seed)
    roots = rng.standard_normal((lanes, m, rank))
    return roots @ roots.transpose(0, 2, 1) / m, rng.standard_normal((m, lanes))


def apply_of(matrices):
    return lambda V, lanes: np.stack([matrices[f] @ V[:, k] for k, f in enumerate(lanes)], axis=1)


def tight(lane, residuals, energy, curvature):
    return bool(residuals.max() < 1e-9)


@given(st.integers(1, 25), st.integers(1, 4), st.integers(0, 25), st.integers(0, 10**6), st.integers(2, 30))
@settings(max_examples=60, deadline=None)
def test_solves_every_shift_of_every_lane(m, lanes, rank, seed, capacity):
    A, b = systems(m, lanes, rank, seed)
    shifts = np.geomspace(3.0, 0.05, 4) * np.arange(1, lanes + 1)[:, None]
    seen = list(shifted_lanczos(apply_of(A), b, shifts, tight, max_iter=2000, capacity=capacity))
    assert sorted(s.lane for s in seen) == list(range(lanes))
    for solved in seen:
        f = solved.lane
        assert solved.finished
        for x, s, r, e in zip(solved.solutions, shifts[f], solved.residuals, solved.energy, strict=True):
            assert np.linalg.norm(b[:, f] - A[f] @ x - s * x) == pytest.approx(r, abs=1e-10)
            assert e == pytest.approx(b[:, f] @ x, rel=1e-7)


def test_one_product_a_step_serves_all_live_lanes():
    A, b = systems(30, 3, 30, 0)
    asked = []

    def apply(V, lanes):
        asked.append(len(lanes))
        return apply_of(A)(V, lanes)

    seen = list(shifted_lanczos(apply, b, np.full((3, 50), 0.1), tight, max_iter=200, capacity=200))
    assert sum(asked) == sum(s.steps for s in seen)
    assert len(asked) == max(s.steps for s in seen) <= 31


def test_a_zero_right_hand_side_needs_no_product():
    seen = list(shifted_lanczos(apply_of([np.eye(3)]), np.zeros((3, 1)), np.ones((1, 2)), tight,
                                max_iter=5, capacity=5))  # fmt: skip
    assert seen[0].steps == 0
    assert not seen[0].solutions.any()
    assert seen[0].finished


def test_running_out_of_steps_is_reported_with_what_was_reached():
    A, b = systems(30, 1, 30, 0)
    (solved,) = shifted_lanczos(apply_of(A), b, np.array([[1e-3]]), tight, max_iter=3, capacity=9)
    assert not solved.finished
    assert solved.steps == 3
    residual = np.linalg.norm(b[:, 0] - A[0] @ solved.solutions[0] - 1e-3 * solved.solutions[0])
    assert residual == pytest.approx(solved.residuals[0], rel=1e-6)

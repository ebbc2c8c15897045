"""Epochs into steps, and when evaluations are due."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `nets` is not installed")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from regularfit.nets.trainer.plan import Every, planned_steps  # noqa: E402


@given(st.integers(1, 500), st.integers(1, 500), st.floats(0.01, 30))
def test_every_row_is_seen_so_often_and_no_step_more(n, size, epochs):
    steps = planned_steps(epochs, n, min(size, n))
    assert steps * min(size, n) >= epochs * n * (1 - 1e-6)
    assert steps == 1 or (steps - 1) * min(size, n) < epochs * n


@pytest.mark.parametrize(
    ("every", "n", "size"), [(1.0, 100, 32), (0.1, 1000, 10), (3.0, 7, 7), ("10 steps", 5, 2)]
)
def test_evaluations_are_evenly_spaced(every, n, size):
    due = [step for step in range(1, 400) if Every.of(every).due(step, n, size)]
    distance = 10 if isinstance(every, str) else every * n / size
    assert len(due) == int(399 / distance + 1e-9)
    assert all(abs(step - (k + 1) * distance) <= 1 for k, step in enumerate(due))


def test_a_distance_below_a_step_is_every_step():
    assert all(Every.of(0.01).due(step, 10, 5) for step in range(1, 20))


def test_words():
    assert Every.of("1 step") == Every(1.0, "steps")
    assert Every.of("2.5 epochs") == Every(2.5, "epochs")

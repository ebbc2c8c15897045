"""The bent normal form: proximal steps against a fine grid, where it is convex and where it jumps."""

import numpy as np
import pytest

from regularfit.errors import UnsupportedError
from regularfit.penalties import Folded


@pytest.mark.parametrize("kind", ["mcp", "scad"])
@pytest.mark.parametrize("step", [0.3, 1.0, 2.5, 9.0])
@pytest.mark.parametrize("bound", [np.inf, 1.7])
def test_the_proximal_step_is_a_global_minimum(kind, step, bound):
    form = Folded.of(1, 0.8, kind, 2.6)
    form.upper[:] = bound
    points = np.linspace(-8, min(8, bound), 16001)
    values = np.array([form.value(np.array([w])) for w in points])
    for v in np.linspace(-6, 6, 25):
        [found] = form.prox(np.array([v]), step)
        best = (0.5 * (points - v) ** 2 + step * values).min()
        assert 0.5 * (found - v) ** 2 + step * form.value(np.array([found])) <= best + 1e-9


def test_it_has_no_conjugate():
    with pytest.raises(UnsupportedError, match="no duality gap"):
        Folded.of(1, 1.0, "mcp", 3.0).conjugate(np.zeros(1))


@pytest.mark.parametrize(("kind", "expected"), [("mcp", 1 / 3), ("scad", 1 / 2)])
def test_concavity_is_the_steepest_fall_of_the_slope(kind, expected):
    form = Folded.of(1, 1.0, kind, 3.0)
    size = np.linspace(0.01, 5, 2000)
    slopes = np.array([form.slope(np.array([w]))[0] for w in size])
    assert np.isclose(-np.diff(slopes).min() / np.diff(size)[0], expected, rtol=1e-6)
    assert np.isclose(form.concavity, expected)

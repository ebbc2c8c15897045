from __future__ import annotations

import warnings

import numpy as np
import pytest

from regularfit.errors import GridEdgeWarning, InputError
from regularfit.selection import grid_edge, warn_grid_edge

GRID = np.geomspace(1, 0.01, 9)


def advised_grid(message: str) -> np.ndarray:
    """Run the advice."""
    inside = message.split("geomspace(")[1].split(")")[0]
    top, bottom, count = (float(part) for part in inside.split(","))
    return np.geomspace(top, bottom, int(count))


def test_inside_says_nothing():
    edge = grid_edge(GRID, 4, np.abs(np.arange(9.0) - 4))
    assert (edge.where, edge.message, edge.worth_a_warning) == ("inside", "", False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_grid_edge(edge)


def test_still_improving_at_the_weak_end():
    edge = grid_edge(GRID, 8, np.arange(9.0)[::-1] + 1)
    assert edge.where == "weak"
    assert "min_ratio to 0.001" in edge.message
    wider = advised_grid(edge.message)
    assert wider[0] == 1
    assert wider[-1] == pytest.approx(0.001)
    np.testing.assert_allclose(wider[1] / wider[0], GRID[1] / GRID[0])
    with pytest.warns(GridEdgeWarning, match="weaker penalty may do better"):
        warn_grid_edge(edge)


def test_flat_at_the_weak_end_is_said_apart():
    edge = grid_edge(GRID, 8, 5 + 1e-6 * np.arange(9.0)[::-1])
    assert edge.where == "weak"
    assert "next to no penalty" in edge.message


def test_a_path_that_ended_gives_its_reason():
    edge = grid_edge(GRID[:5], 4, np.arange(5.0)[::-1], ended="it explains 99.9% of the deviance")
    assert "99.9%" in edge.message
    assert "min_ratio" not in edge.message
    values = np.array([5.0, 4, 3, 2, 1, np.inf, np.inf, np.inf, np.inf])
    assert "degree of freedom" in grid_edge(GRID, 4, values).message


def test_the_top_is_an_edge_unless_it_is_the_null_model():
    up = grid_edge(GRID, 0, np.arange(9.0))
    assert up.where == "strong"
    assert advised_grid(up.message)[0] == 10
    null = grid_edge(GRID, 0, np.arange(9.0), null_at_top=True)
    assert null.where == "null"
    assert "no column predicts" in null.message
    assert "will not help" in null.message


def test_a_grid_of_one_has_no_edges():
    assert not grid_edge(GRID[:1], 0, np.ones(1)).worth_a_warning
    with pytest.raises(InputError, match="outside"):
        grid_edge(GRID, 9, np.ones(9))

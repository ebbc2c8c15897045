"""Bounds given on the scale of X, as a lane sees them."""

import numpy as np

from regularfit.lockstep.on_scale import on_scale
from regularfit.penalties import MCP, Group


def test_bounds_move_and_constant_columns_are_left_out():
    own = on_scale(MCP(3.0).bounded(-1.0, 2.0), np.array([0.5, 0.0]))
    np.testing.assert_array_equal(own.prox(np.array([100.0, 100.0]), 1.0), [4.0, 0.0])
    np.testing.assert_array_equal(own.at(2.0).prox(np.array([1.5, 0.0]), 1.0), [0.0, 0.0])
    assert own.traits.sparse
    assert own.examples()


def test_others_are_left_alone():
    assert on_scale(Group([0, 0]), np.ones(2)) == Group([0, 0])

"""The threshold, by hand."""

import numpy as np

from regularfit.selection.knockoff_filter import knockoff_threshold


def test_the_smallest_threshold_that_keeps_the_share():
    W = np.array([9.0, 8.0, 7.0, 6.0, 5.0, -4.0, 3.0, -2.0, 0.0])
    # at 5: (1 + 0) / 5 = 0.2; at 3: (1 + 1) / 6 = 0.33; at 2: (1 + 2) / 6 = 0.5
    assert knockoff_threshold(W, 0.2) == 5.0
    assert knockoff_threshold(W, 0.34) == 3.0
    assert knockoff_threshold(W, 0.5) == 2.0
    assert knockoff_threshold(W, 0.19) == np.inf
    assert knockoff_threshold(W, 0.19, plus=False) == 3.0  # 1 / 6


def test_nothing_is_selected_from_nothing():
    assert knockoff_threshold(np.zeros(5), 0.5) == np.inf

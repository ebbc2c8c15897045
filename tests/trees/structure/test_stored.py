"""Trees as the plain arrays of a model file: what comes back, and what is refused."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from regularfit.trees.structure import read_trees
from regularfit.trees.structure.stored import arrays_of, check_children, ensemble_of

from .data import table


def test_arrays_and_back():
    X, y = table()
    trees = read_trees(HistGradientBoostingRegressor(max_iter=4, categorical_features=[2]).fit(X, y))
    arrays = arrays_of(trees)
    assert len(arrays["split_at"]) > 0
    np.testing.assert_array_equal(ensemble_of(arrays).raw(X), trees.raw(X))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1, 0, -1], [2, 2, -1]),
        ([0, -1, -1], [1, -1, -1]),
        ([1, -1, -1], [1, -1, -1]),
        ([1, -1], [5, -1]),
        ([], []),
    ],
    ids=["circle", "root below itself", "one child twice", "beyond the end", "no node"],
)
def test_nodes_that_are_no_tree_are_refused(left, right):
    with pytest.raises(ValueError, match="do not fit together"):
        check_children(np.array(left, dtype=int), np.array(right, dtype=int))

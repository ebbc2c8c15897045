"""Laws of one tree as arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor

from regularfit.errors import InputError
from regularfit.trees.structure import Categories, TreeNodes, read_trees
from regularfit.trees.structure.stack import with_means

from .data import table


def grown(seed, depth):
    X, y = table(80, seed=seed)
    fitted = DecisionTreeRegressor(max_depth=depth, random_state=0).fit(X, y)
    return X, fitted, read_trees(fitted)[0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 12))
def test_shape(seed, depth):
    X, fitted, tree = grown(seed, depth)
    assert sorted(np.concatenate(tree.levels).tolist()) == list(range(len(tree)))
    assert len(tree.leaves) == fitted.get_n_leaves()
    assert tree.depth.max() == fitted.get_depth()
    inner = np.flatnonzero(tree.left >= 0)
    np.testing.assert_array_equal(tree.parent[tree.left[inner]], inner)
    np.testing.assert_array_equal(tree.parent[tree.right[inner]], inner)
    np.testing.assert_array_equal(tree.decision_path(X).toarray(), fitted.decision_path(X).toarray())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 12))
def test_means_from_leaves_are_the_engine_s(seed, depth):
    _, _, tree = grown(seed, depth)
    (means,) = with_means([tree])
    np.testing.assert_allclose(means.value, tree.value, atol=1e-12)
    np.testing.assert_allclose(means.rows, tree.rows)


def test_arrays_cannot_be_changed():
    _, _, tree = grown(0, 2)
    with pytest.raises(ValueError, match="read-only"):
        tree.value[0] = 1.0


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(InputError, match="one entry a node"):
        TreeNodes.of([-1], [-1], [-1], [0.0, 1.0], [[1.0]], [2])
    with pytest.raises(InputError, match="two dimensions"):
        TreeNodes.of([-1], [-1], [-1], [0.0], [1.0], [2])


def test_a_node_that_no_path_reaches_is_no_leaf():
    tree = TreeNodes.of([1, -1, -1, -1], [2, -1, -1, -1], [0] * 4, [0.0] * 4, np.ones((4, 1)), np.ones(4))
    assert tree.leaves.tolist() == [1, 2]


def test_categories():
    codes = np.array([0.0, 3.0, 8.0])
    assert Categories((3,), (0,)).goes_left(codes).tolist() == [False, True, False]
    assert Categories((3,), (0,), others_left=True).goes_left(codes).tolist() == [False, True, True]
    split = {0: Categories((3,), (0,), others_left=True)}
    tree = TreeNodes.of(
        [1, -1, -1], [2, -1, -1], [0, -1, -1], [0] * 3, np.ones((3, 1)), [2, 1, 1], categories=split
    )
    assert tree.apply(np.array([[0.0], [3.0], [8.0], [np.nan]])).tolist() == [2, 1, 1, 2]


def test_without_rows_a_mean_is_taken_evenly():
    tree = TreeNodes.of([1, -1, -1], [2, -1, -1], [0, -1, -1], [0] * 3, [[9.0], [1.0], [3.0]], [0, 0, 0])
    assert with_means([tree])[0].value[0, 0] == 2.0

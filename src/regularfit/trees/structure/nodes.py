"""One fitted tree as arrays, whichever engine grew it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from ..._typing import Indices, Mask, Vector
from ...errors import InputError

__all__ = ["Categories", "TreeNodes"]


@dataclass(frozen=True, slots=True)
class Categories:
    """Where a split on a category sends its codes.

    Parameters
    ----------
    left, right : codes, whole numbers >= 0, that go left and right; one of them may be empty.
    others_left : whether codes that stand in neither go left.

    Examples
    --------
    >>> Categories((0, 2), (), others_left=False).goes_left(np.array([0.0, 1.0, 2.0]))
    array([ True, False,  True])
    """

    left: tuple[int, ...]
    right: tuple[int, ...]
    others_left: bool = False

    def goes_left(self, codes: Vector) -> Mask:
        """Return for every code whether it goes left."""
        left = np.isin(codes, self.left)
        return left | ~np.isin(codes, self.right) if self.others_left else left


@dataclass(frozen=True, eq=False)
class TreeNodes:
    r"""A fitted tree as read-only arrays over its nodes; node 0 is the root.

    A row goes left where its number is at most ``threshold``, or its category is among those of ``categories``; where
    it is missing (NaN), as ``missing_left`` says. It ends in a leaf and adds that leaf's ``value`` to the model's raw
    prediction.

    Parameters
    ----------
    left, right : (m,) children of every node, -1 for leaves.
    feature : (m,) column that is asked, -1 for leaves.
    threshold : (m,) what numbers are compared with.
    missing_left : (m,) where missing values go.
    value : (m, k) what every node predicts, or adds, if it were a leaf.
    rows : (m,) training rows in every node, counted by their weights; for boosting, their curvature in units of a
        single row's before the first tree.
    categories : node -> :class:`Categories`, of splits on a category.
    output : the first of the model's outputs that ``value`` adds to.
    single : whether the engine compares in single precision.

    Raises
    ------
    InputError
        For arrays of different lengths.

    Examples
    --------
    >>> tree = TreeNodes.of([1, -1, -1], [2, -1, -1], [0, -1, -1], [0.5, 0, 0], [[1.0], [0.0], [2.0]], [4, 2, 2])
    >>> tree.apply(np.array([[0.0], [1.0], [np.nan]])).tolist()
    [1, 2, 2]
    >>> tree.path_matrix.toarray().astype(int).tolist()
    [[1, 0, 0], [1, 1, 0], [1, 0, 1]]
    """

    left: Indices
    right: Indices
    feature: Indices
    threshold: Vector
    missing_left: Mask
    value: np.ndarray
    rows: Vector
    categories: Mapping[int, Categories] = field(default_factory=dict)
    output: int = 0
    single: bool = False

    def __post_init__(self) -> None:
        """Take any arrays, and keep copies that cannot be changed."""
        for name, kind in _KINDS.items():
            array = np.array(getattr(self, name), dtype=kind)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        lengths = {name: len(getattr(self, name)) for name in _KINDS}
        if len(set(lengths.values())) != 1 or self.value.ndim != 2:
            raise InputError(
                f"The arrays of a tree need one entry a node, and value two dimensions: {lengths}, value has shape "
                f"{self.value.shape}."
            )

    @classmethod
    def of(
        cls, left: Any, right: Any, feature: Any, threshold: Any, value: Any, rows: Any, **more: Any
    ) -> TreeNodes:
        """Return a tree whose missing values go right unless ``missing_left`` is given."""
        more.setdefault("missing_left", np.zeros(len(left), bool))
        return cls(left, right, feature, threshold, value=value, rows=rows, **more)

    def __len__(self) -> int:
        """Number of nodes."""
        return len(self.left)

    # --- shape

    @cached_property
    def parent(self) -> Indices:
        """The parent of every node, -1 for the root."""
        parent = np.full(len(self), -1, dtype=np.intp)
        inner = np.flatnonzero(self.left >= 0)
        parent[self.left[inner]] = inner
        parent[self.right[inner]] = inner
        return parent

    @cached_property
    def levels(self) -> tuple[Indices, ...]:
        """The nodes by their distance from the root; nodes that cannot be reached stand in none."""
        levels = [np.zeros(1, dtype=np.intp)]
        while True:
            inner = levels[-1][self.left[levels[-1]] >= 0]
            if not inner.size:
                return tuple(levels)
            levels.append(np.concatenate([self.left[inner], self.right[inner]]))

    @cached_property
    def depth(self) -> Indices:
        """The splits above every node."""
        depth = np.zeros(len(self), dtype=np.intp)
        for k, level in enumerate(self.levels):
            depth[level] = k
        return depth

    @cached_property
    def leaves(self) -> Indices:
        """The leaves, in the order of their numbers."""
        reached = np.concatenate(self.levels)
        return np.sort(reached[self.left[reached] < 0])

    @cached_property
    def path_matrix(self) -> sparse.csr_array:
        """(m, m) ones where the column's node stands on the way from the root to the row's, both included."""
        node, ancestor = np.arange(len(self)), np.arange(len(self))
        pairs: list[tuple[Indices, Indices]] = []
        while node.size:
            pairs.append((node, ancestor))
            above = self.parent[ancestor]
            node, ancestor = node[above >= 0], above[above >= 0]
        rows, columns = (np.concatenate(part) for part in zip(*pairs, strict=True))
        found = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(self), len(self)))
        found.sort_indices()
        return found

    # --- rows of data

    def apply(self, matrix: np.ndarray) -> Indices:
        """Return the leaf of every row, (n,), as a number of a node.

        Parameters
        ----------
        matrix : (n, p) in the columns that the engine was fitted on; NaN where a value is missing.
        """
        leaf = np.zeros(len(matrix), dtype=np.intp)
        for rows, node in self.walk(matrix):
            leaf[rows] = node
        return leaf

    def walk(self, matrix: np.ndarray) -> Iterator[tuple[Indices, Indices]]:
        """Go down level by level, and yield the rows that have come so far with the node that each has reached."""
        X = np.asarray(matrix, dtype=np.float32 if self.single else np.float64)
        rows, node = np.arange(len(X)), np.zeros(len(X), dtype=np.intp)
        while rows.size:
            yield rows, node
            inner = self.left[node] >= 0
            rows, node = rows[inner], node[inner]
            left = self._goes_left(X[rows, self.feature[node]], node)
            node = np.where(left, self.left[node], self.right[node])

    def decision_path(self, matrix: np.ndarray) -> sparse.csr_array:
        """Return (n, m) ones for the nodes that every row passes, root and leaf included."""
        return self.path_matrix[self.apply(matrix)]

    def _goes_left(self, x: np.ndarray, node: Indices) -> Mask:
        left = x <= self.threshold[node]
        if self.categories:
            for split in np.unique(node[self._by_category[node]]):
                here = node == split
                left[here] = self.categories[int(split)].goes_left(x[here])
        missing = np.isnan(x)
        left[missing] = self.missing_left[node[missing]]
        return left

    @cached_property
    def _by_category(self) -> Mask:
        mask = np.zeros(len(self), bool)
        mask[list(self.categories)] = True
        return mask


_KINDS: dict[str, Any] = {
    "left": np.intp,
    "right": np.intp,
    "feature": np.intp,
    "threshold": np.float64,
    "missing_left": np.bool_,
    "value": np.float64,
    "rows": np.float64,
}

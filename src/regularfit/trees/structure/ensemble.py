"""The trees of one fitted model, and how their values add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._typing import Vector
from .nodes import TreeNodes

__all__ = ["Ensemble"]


@dataclass(frozen=True, eq=False)
class Ensemble(Sequence[TreeNodes]):
    """A sequence of trees whose values, added up or averaged, are a model's raw prediction.

    Parameters
    ----------
    trees : the trees; of boosting, their values hold the learning rate.
    base : (k,) what is added to every row: the prediction before the first tree.
    share : what every tree's values count: 1 for boosting, one over the number of trees for forests.

    Examples
    --------
    >>> stump = TreeNodes.of([1, -1, -1], [2, -1, -1], [0, -1, -1], [0.5, 0, 0], [[1.0], [0.0], [2.0]], [4, 2, 2])
    >>> Ensemble((stump, stump), np.array([10.0])).raw(np.array([[0.0], [1.0]])).ravel().tolist()
    [10.0, 14.0]
    """

    trees: tuple[TreeNodes, ...]
    base: Vector
    share: float = 1.0

    def __len__(self) -> int:
        """Number of trees."""
        return len(self.trees)

    def __getitem__(self, index: Any) -> Any:
        """Return a tree, or a tuple of them for a slice."""
        return self.trees[index]

    def __iter__(self) -> Iterator[TreeNodes]:
        """Go through the trees in the order in which they were grown."""
        return iter(self.trees)

    @property
    def outputs(self) -> int:
        """How many numbers the model predicts for a row."""
        return len(self.base)

    @property
    def averaged(self) -> bool:
        """Whether the trees' values are averaged (forests) or added up (boosting)."""
        return self.share != 1

    def raw(self, matrix: np.ndarray) -> np.ndarray:
        """Return the raw prediction, (n, k): numbers, shares of classes of forests, margins of boosting.

        Parameters
        ----------
        matrix : (n, p) in the columns that the engine was fitted on; NaN where a value is missing.
        """
        total = np.zeros((len(matrix), self.outputs))
        for tree in self.trees:
            outputs = slice(tree.output, tree.output + tree.value.shape[1])
            total[:, outputs] += tree.value[tree.apply(matrix)]
        return self.base + total * self.share

"""Values of nodes under hierarchical shrinkage, for many strengths at once."""

from __future__ import annotations

import numpy as np

from ..._typing import Vector
from ..structure import Ensemble, TreeNodes

__all__ = ["held_out_raw", "shrunk_values", "spread_kept"]


def shrunk_values(tree: TreeNodes, strengths: Vector) -> np.ndarray:
    r"""Return what every node predicts at every strength, (m, k, S).

    .. math:: s(\mathrm{root}) = v(\mathrm{root}), \qquad
              s(c) = s(p) + \frac{v(c) - v(p)}{1 + \text{strength} / \mathrm{rows}(p)}

    for every child c of p. Strength 0 leaves all values as they are, up to rounding; with an infinite one all nodes are
    the root.

    Parameters
    ----------
    tree : any tree.
    strengths : (S,) numbers >= 0, in rows.

    Examples
    --------
    >>> stump = TreeNodes.of([1, -1, -1], [2, -1, -1], [0, -1, -1], [0.5, 0, 0], [[1.0], [0.0], [2.0]], [4, 2, 2])
    >>> shrunk_values(stump, np.array([0.0, 4.0, np.inf]))[:, 0]
    array([[1. , 1. , 1. ],
           [0. , 0.5, 1. ],
           [2. , 1.5, 1. ]])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = 1 / (1 + strengths / tree.rows[:, None])  # (m, S): what a step from this node keeps
    kept[np.isnan(kept)] = 1.0  # no strength over no rows
    found = np.empty((*tree.value.shape, len(strengths)))
    found[:] = tree.value[0][:, None]
    for level in tree.levels[1:]:
        above = tree.parent[level]
        step = tree.value[level] - tree.value[above]
        found[level] = found[above] + step[:, :, None] * kept[above][:, None, :]
    return found


def held_out_raw(trees: Ensemble, leaves: np.ndarray, strengths: Vector) -> np.ndarray:
    """Return the raw prediction of rows at every strength, (n, k, S).

    Parameters
    ----------
    trees : the trees, not shrunk.
    leaves : (n, trees) the leaf of every row in each of them.
    strengths : (S,)
    """
    total = np.zeros((len(leaves), trees.outputs, len(strengths)))
    for number, tree in enumerate(trees):
        outputs = slice(tree.output, tree.output + tree.value.shape[1])
        total[:, outputs] += shrunk_values(tree, strengths)[leaves[:, number]]
    return trees.base[:, None] + total * trees.share


def spread_kept(trees: Ensemble, strengths: Vector) -> Vector:
    """Return how much of the variance that the trees explain is left at every strength, (S,), from 1 down to 0.

    It is the sum over trees and leaves of rows times the square of the distance from the root's value.
    """
    left, whole = np.zeros(len(strengths)), 0.0
    for tree in trees:
        leaf, root = tree.leaves, tree.value[0]
        away = (shrunk_values(tree, strengths)[leaf] - root[:, None]) ** 2
        left += (away.sum(axis=1) * tree.rows[leaf, None]).sum(axis=0)
        whole += float((((tree.value[leaf] - root) ** 2).sum(axis=1) * tree.rows[leaf]).sum())
    return left / whole if whole > 0 else np.ones(len(strengths))

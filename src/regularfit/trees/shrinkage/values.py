"""Values of nodes under hierarchical shrinkage, for many strengths at once."""

from __future__ import annotations

import numpy as np

from ..._typing import Vector
from ..structure import Ensemble, TreeNodes
from ..structure.stack import Stack, stacks

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
    return _shrunk(Stack.of([tree]), np.asarray(strengths, dtype=np.float64))


def _shrunk(stack: Stack, strengths: Vector) -> np.ndarray:
    """Return the values of all nodes of a stack, (M, k, S); nodes that cannot be reached keep zeros."""
    found = np.zeros((*stack.value.shape, len(strengths)))
    found[stack.starts] = stack.value[stack.starts][:, :, None]
    for level in stack.levels:
        above = stack.inner_of(level)
        rows = stack.rows[above, None, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            kept = 1 / (1 + strengths / rows)
        kept[np.isnan(kept)] = 1.0  # no strength over no rows
        for below in (stack.left[above], stack.right[above]):
            step = stack.value[below] - stack.value[above]
            found[below] = found[above] + step[:, :, None] * kept
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
    for part, stack in stacks(trees.trees):
        found = _shrunk(stack, strengths)
        for tree, start, leaf in zip(trees[part], stack.starts, leaves.T[part], strict=True):
            total[:, tree.output : tree.output + tree.value.shape[1]] += found[start + leaf]
    return trees.base[:, None] + total * trees.share


def spread_kept(trees: Ensemble, strengths: Vector) -> Vector:
    """Return how much of the variance that the trees explain is left at every strength, (S,), from 1 down to 0.

    It is the sum over trees and leaves of rows times the square of the distance from the root's value.
    """
    left, whole = np.zeros(len(strengths)), 0.0
    for _, stack in stacks(trees.trees):
        reached = np.concatenate(stack.levels)
        leaf = reached[stack.left[reached] < 0]
        root = stack.starts[np.searchsorted(stack.starts, leaf, side="right") - 1]
        rows = stack.rows[leaf]
        away = _shrunk(stack, strengths)[leaf] - stack.value[root][:, :, None]
        left += np.einsum("lks,lks,l->s", away, away, rows)
        whole += float((((stack.value[leaf] - stack.value[root]) ** 2).sum(axis=1) * rows).sum())
    return left / whole if whole > 0 else np.ones(len(strengths))

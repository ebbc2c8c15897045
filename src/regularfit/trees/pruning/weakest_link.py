"""At which complexity each split of a tree is pruned: the weakest link, for all splits at once."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from ..._typing import Vector
from ..structure import TreeNodes

__all__ = ["collapse_alphas"]


def collapse_alphas(tree: TreeNodes, risk: Vector) -> Vector:
    r"""Return the complexity at which every split collapses into a leaf, (m,); leaves have -inf.

    The tree that minimises risk + alpha * leaves, and is the smallest to do so, keeps exactly the splits whose number
    is above alpha. So one pass over a tree gives the pruned trees for all alphas.

    A split whose branch is pruned must bring down the risk by more, for each leaf that it adds, than any split below
    it that still stands; where it does not, it collapses together with them, at the mean gain of them all. That is
    isotonic regression along the tree, solved from the leaves upwards with a heap of the blocks of every branch: the
    smaller heap is poured into the larger one, so m nodes cost of the order of m log(m)^2.

    Parameters
    ----------
    tree : any tree.
    risk : (m,) what every node would add to the risk if it were a leaf.

    Examples
    --------
    >>> stump = TreeNodes.of([1, -1, -1], [2, -1, -1], [0, -1, -1], [0.5, 0, 0], [[1.0], [0.0], [2.0]], [4, 2, 2])
    >>> collapse_alphas(stump, np.array([1.0, 0.25, 0.0]))
    array([0.75, -inf, -inf])

    References
    ----------
    Breiman, L., Friedman, J., Olshen, R. and Stone, C. (1984). Classification and Regression Trees, section 3.3.
    """
    left, right, risks = tree.left.tolist(), tree.right.tolist(), risk.tolist()
    own = [-np.inf] * len(tree)
    joined = [-1] * len(tree)  # the split above that a split collapses together with
    heaps: dict[int, list[tuple[float, float, int, int]]] = {}
    order = np.concatenate(tree.levels)
    inner = order[tree.left[order] >= 0].tolist()
    for node in reversed(inner):
        heap = _poured(heaps.pop(left[node], []), heaps.pop(right[node], []))
        gain, leaves = risks[node] - risks[left[node]] - risks[right[node]], 1
        while heap and -heap[0][0] * leaves >= gain:
            _, more, extra, below = heappop(heap)
            gain, leaves = gain + more, leaves + extra
            joined[below] = node
        own[node] = max(gain / leaves, 0.0)
        heappush(heap, (-own[node], gain, leaves, node))
        heaps[node] = heap
    for node in inner:  # from the root downwards, so that what is above is known
        if joined[node] >= 0:
            own[node] = own[joined[node]]
    return np.array(own)


def _poured(one: list, other: list) -> list:
    """Both heaps as one."""
    large, small = (one, other) if len(one) >= len(other) else (other, one)
    for block in small:
        heappush(large, block)
    return large

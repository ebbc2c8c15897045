"""The picture of one tree."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._typing import Vector
from ..structure import TreeNodes
from .words import Words

__all__ = ["draw_tree", "layout"]


def draw_tree(tree: TreeNodes, words: Words, says: list[str], ax: Any = None) -> Any:
    """Draw a tree from the root downwards, with what holds for its rows on every branch; returns the axes.

    Parameters
    ----------
    tree, words : the tree and the names of what it asks.
    says : (m,) text in every node.
    ax : matplotlib axes, or None for a new figure that is large enough for every leaf.
    """
    across, down = layout(tree)
    ax = _axes(ax, size=(max(1.6 * len(tree.leaves), 4.0), max(1.3 * len(tree.levels), 2.5)))
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "0.4"}
    for node in np.concatenate(tree.levels).tolist():
        parent = int(tree.parent[node])
        if parent >= 0:
            ends = ([across[parent], across[node]], [down[parent], down[node]])
            ax.plot(*ends, color="0.6", linewidth=1.0, zorder=1)
            middle = (0.45 * across[parent] + 0.55 * across[node], 0.45 * down[parent] + 0.55 * down[node])
            label = words.condition(tree, parent, node == tree.left[parent])
            back = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
            ax.text(*middle, label, ha="center", va="center", fontsize="small", zorder=2, bbox=back)
        style = box | ({"facecolor": "0.93"} if tree.left[node] < 0 else {})
        ax.text(
            across[node],
            down[node],
            says[node],
            ha="center",
            va="center",
            fontsize="small",
            zorder=3,
            bbox=style,
        )
    ax.set_xlim(-0.7, len(tree.leaves) - 0.3)
    ax.set_ylim(-len(tree.levels) + 0.5, 0.5)
    ax.axis("off")
    return ax


def layout(tree: TreeNodes) -> tuple[Vector, Vector]:
    """Return where nodes stand: leaves beside one another at 0, 1, ..., splits between their children; down in levels.

    >>> stump = TreeNodes.of([1, -1, -1], [2, -1, -1], [0, -1, -1], [0.5, 0, 0], [[1.0], [0.0], [2.0]], [4, 2, 2])
    >>> layout(stump)[0].tolist()
    [0.5, 0.0, 1.0]
    """
    across = np.zeros(len(tree))
    todo, place = [0], 0
    while todo:
        node = todo.pop()
        if tree.left[node] < 0:
            across[node], place = place, place + 1
        else:
            todo += [int(tree.right[node]), int(tree.left[node])]
    for level in reversed(tree.levels):
        inner = level[tree.left[level] >= 0]
        across[inner] = (across[tree.left[inner]] + across[tree.right[inner]]) / 2
    return across, -tree.depth.astype(np.float64)


def _axes(ax: Any, size: tuple[float, float] | None = None) -> Any:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]

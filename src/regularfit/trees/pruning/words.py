"""A tree in words: its splits with the names of columns and levels, for the text and the drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..structure import TreeNodes

__all__ = ["Words"]


@dataclass(frozen=True, slots=True)
class Words:
    """What the splits of a tree ask.

    Parameters
    ----------
    names : of the columns that the tree was grown on; "column = level" for indicators.
    levels : (column, level) of each of them that is an indicator, else None.
    missing : (p,) whether training saw missing values there.
    """

    names: tuple[str, ...]
    levels: tuple[tuple[str, str] | None, ...]
    missing: np.ndarray

    def condition(self, tree: TreeNodes, node: int, left: bool) -> str:
        """Return what holds for the rows that go left, or right, at a split."""
        column = int(tree.feature[node])
        pair = self.levels[column]
        if pair is not None:
            return f"{pair[0]} is {'not ' if left else ''}{pair[1]}"
        sign = "<=" if left else ">"
        also = " or missing" if self.missing[column] and bool(tree.missing_left[node]) == left else ""
        return f"{self.names[column]} {sign} {tree.threshold[node]:.6g}{also}"

    def text(self, tree: TreeNodes, says: Callable[[int], str]) -> str:
        """Return the tree as indented lines; ``says`` is what is written behind every node."""
        lines = [f"all rows: {says(0)}"]
        todo = [(int(tree.right[0]), 1), (int(tree.left[0]), 1)] if tree.left[0] >= 0 else []
        while todo:
            node, depth = todo.pop()
            parent = int(tree.parent[node])
            lines.append(
                "    " * depth + f"{self.condition(tree, parent, node == tree.left[parent])}: {says(node)}"
            )
            if tree.left[node] >= 0:
                todo += [(int(tree.right[node]), depth + 1), (int(tree.left[node]), depth + 1)]
        return "\n".join(lines)

"""Rules out of trees: every node but the root is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ...errors import UnsupportedError
from ..structure import TreeNodes
from .rule import Condition, Rule

__all__ = ["distinct", "rules_of", "without_redundant_levels"]


def rules_of(trees: Iterable[TreeNodes], levels_of: Sequence[int | None]) -> list[Rule]:
    """Return the rules of all nodes, each once, in the order of the trees.

    Parameters
    ----------
    levels_of : (p,) for indicators of levels, the column of the table that they belong to; None for numbers.

    Examples
    --------
    >>> tree = TreeNodes.of([1, -1, -1], [2, -1, -1], [0, -1, -1], [0.5, 0, 0], [[1.0], [0.0], [2.0]], [4, 2, 2])
    >>> [rule.conditions[0].upper for rule in rules_of([tree], [None])]
    [0.5, inf]
    """
    found: dict[Rule, None] = {}
    for tree in trees:
        if tree.categories:
            raise UnsupportedError(
                "Rules are made of numbers and indicators; fit the trees without native categories."
            )
        ways: dict[int, tuple[Condition, ...]] = {0: ()}
        for node in np.concatenate(tree.levels).tolist():
            way = ways.pop(node)
            if node:
                conditions = without_redundant_levels(Rule.of(way).conditions, levels_of)
                found.setdefault(Rule(conditions, tree.single))
            if tree.left[node] >= 0:
                for left in (True, False):
                    child = int(tree.left[node] if left else tree.right[node])
                    ways[child] = (*way, _asked(tree, node, left, levels_of))
    return list(found)


def _asked(tree: TreeNodes, node: int, left: bool, levels_of: Sequence[int | None]) -> Condition:
    """Return what holds for the rows that go left, or right, at a split."""
    column, threshold = int(tree.feature[node]), float(tree.threshold[node])
    missing = bool(tree.missing_left[node]) == left
    if levels_of[column] is not None:  # 0 or 1, never missing: all thresholds between are one
        threshold, missing = 0.5, False
    return (
        Condition(column, upper=threshold, missing=missing)
        if left
        else Condition(column, lower=threshold, missing=missing)
    )


def without_redundant_levels(
    conditions: tuple[Condition, ...], levels_of: Sequence[int | None]
) -> tuple[Condition, ...]:
    """Leave out that a category is not one level where it is said to be another."""
    settled = {levels_of[c.column] for c in conditions if levels_of[c.column] is not None and c.lower >= 0}
    return tuple(c for c in conditions if levels_of[c.column] not in settled or c.lower >= 0)


def distinct(rules: Sequence[Rule], matrix: np.ndarray, most: int | None = None) -> list[Rule]:
    """Return rules that differ on the rows: of those that hold on the same rows, or on all others, the shortest.

    Rules that hold everywhere or nowhere say nothing and are left out.

    Parameters
    ----------
    most : how many to return; the first ones.
    """
    best: dict[bytes, tuple[int, Rule]] = {}
    for order, rule in enumerate(rules):
        mask = rule.holds(matrix)
        if mask.all() or not mask.any():
            continue
        key = np.packbits(mask if mask[0] else ~mask).tobytes()
        known = best.get(key)
        if known is None:
            best[key] = (order, rule)
        elif len(rule) < len(known[1]):
            best[key] = (known[0], rule)
    kept = [rule for _, rule in sorted(best.values(), key=lambda pair: pair[0])]
    return kept[:most]

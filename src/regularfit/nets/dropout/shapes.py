"""How the rate of dropout changes with depth: the shapes of the cocktails paper, largest rate 1."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["SHAPES", "profile"]

# place i of L hidden places, i = 0 ... L - 1, to a share of the largest rate; the largest share is 1
SHAPES: dict[str, Callable[[int, int], float]] = {
    "flat": lambda i, L: 1.0,
    "brick": lambda i, L: 1.0,
    "funnel": lambda i, L: (L - i) / L,
    "long_funnel": lambda i, L: min(1.0, 2 * (L - i) / L),
    "diamond": lambda i, L: min(i + 1, L - i) / math.ceil(L / 2),
    "hexagon": lambda i, L: min(i + 1, L - i, math.ceil(L / 3)) / math.ceil(L / 3),
    "triangle": lambda i, L: (i + 1) / L,
    "stairs": lambda i, L: 1 - (i // 2) / math.ceil(L / 2),
}


def profile(shape: str, places: int) -> tuple[float, ...]:
    """Return the share of the largest rate at every hidden place, first to last.

    ========== ================================= ==========================
    flat       the same everywhere (also: brick)  1 1 1 1
    funnel     falls to the last                  1 3/4 1/2 1/4
    long_funnel full for one half, then falls     1 1 1 1/2
    diamond    largest in the middle              1/2 1 1 1/2
    hexagon    rises, stays, falls in thirds      1/2 1 1 1/2
    triangle   rises to the last                  1/4 1/2 3/4 1
    stairs     a funnel of steps two layers wide  1 1 1/2 1/2
    ========== ================================= ==========================

    Source: Kadra, Lindauer, Hutter & Grabocka (2021); the formulas here are our own, so that the largest rate is
    reached at every depth.

    >>> profile("funnel", 4)
    (1.0, 0.75, 0.5, 0.25)
    """
    return tuple(SHAPES[shape](i, places) for i in range(places))

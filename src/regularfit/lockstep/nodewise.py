"""Every column's lasso on all the others: p lanes that share one Gram matrix, each with its own column left out."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._typing import Vector

__all__ = ["nodewise"]

STEPS = 8  # strengths on the way down
TOGETHER = 64  # lanes whose factors are held at a time
ACCURATE = 1e-8  # relative duality gap


def nodewise(gram: np.ndarray, strength: float, threads: int = 1) -> tuple[np.ndarray, Vector]:
    """Return coefficients (p, p), row j those of column j on the others, and the violations over the strength, (p,).

    Parameters
    ----------
    gram : (p, p) of columns with unit variance.
    strength : of every lasso.

    Examples
    --------
    >>> nodewise(np.array([[1.0, 0.5], [0.5, 1.0]]), 0.1)[0].round(6)
    array([[0. , 0.4],
           [0.4, 0. ]])
    """
    p = len(gram)
    shared = np.asfortranarray(gram)
    B, worst = np.zeros((p, p)), np.zeros(p)
    zeros, wide = np.zeros(p), np.full(p, np.inf)
    for first in range(0, p, TOGETHER):
        jobs, last = [], min(first + TOGETHER, p)
        for j in range(first, last):
            c = np.ascontiguousarray(gram[j])
            top = float(np.abs(np.delete(c, j)).max(initial=0.0))
            grid = np.geomspace(top, strength, STEPS) if top > strength else np.array([strength])
            l1 = np.ones(p)
            l1[j] = np.inf
            lane = _core.Lane()
            lane.bind(shared)
            lane.terms(l1, zeros, -wide, wide)
            lane.tolerate(ACCURATE, float(gram[j, j]))
            found = [np.empty((len(grid), p)) for _ in range(2)]
            kkt, solved = np.empty(len(grid)), np.empty(len(grid), np.uint8)
            jobs.append((lane, grid, c[None, :], *found, kkt, solved))
        _core.solve_lanes(jobs, threads, False)
        for j, job in zip(range(first, last), jobs, strict=True):
            B[j], worst[j] = job[3][-1], job[5][-1]
            B[j, j] = 0.0
    return B, worst

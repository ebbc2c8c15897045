r"""A Hessian borrowed from another lane, made right along a few directions.

Folds take the Hessian of their rows at the full lane's predictors. Their own fit is more extreme, so it is off by up
to a tenth, mostly along their own coefficients and along the way that these go. For directions V the exact products
T = Z'W(eta) Z V cost as much as a look each, and the block update of BFGS,

    H' = H - H V (V'HV)^-1 V'H + T (V'T)^-1 T',

has H'V = T and stays positive definite. What is left of the error is an eighth to a third of what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..._typing import Vector
from ..columns import Columns
from ..threads import Workers

__all__ = ["Borrowed", "products", "repaired"]

DEPENDENT = 1e-10  # eigenvalue of V'HV, beside the largest, below which a direction is not one of its own


@dataclass(frozen=True, eq=False)
class Borrowed:
    """What a lane needs to repair a Hessian."""

    positions: np.ndarray  # (w,) places in Z
    directions: np.ndarray  # (w, k) on the scale of Z
    bends: Vector  # (n,) weighted curvatures at its own predictors


def products(columns: Columns, borrowed: Sequence[Borrowed], team: Workers) -> list[np.ndarray]:
    """``Z'W Z V`` of every lane, (w, k), with one reading of the columns."""
    ends = np.cumsum([0, *(b.directions.shape[1] for b in borrowed)])
    spans = [slice(int(a), int(e)) for a, e in zip(ends, ends[1:], strict=False)]
    V = np.zeros((columns.width, ends[-1]))
    for own, span in zip(borrowed, spans, strict=True):
        V[own.positions, span] = own.directions
    owner = np.repeat(np.arange(len(borrowed)), [b.directions.shape[1] for b in borrowed])
    bends = np.column_stack([b.bends for b in borrowed])

    def weigh(rows: slice, moved: np.ndarray) -> np.ndarray:
        return moved * bends[rows][:, owner]

    T = columns.sweep(V, weigh, team)
    return [T[own.positions, span] for own, span in zip(borrowed, spans, strict=True)]


def repaired(H: np.ndarray, V: np.ndarray, T: np.ndarray) -> np.ndarray:
    """The Hessian that agrees with T along V; V are scaled and thinned out where they depend on each other."""
    size = np.sqrt(np.einsum("wk,wk->k", V, H @ V))
    keep = size > 0
    V, T = V[:, keep] / size[keep], T[:, keep] / size[keep]
    values, turn = np.linalg.eigh(V.T @ H @ V)
    keep = values > DEPENDENT * values[-1:].max(initial=0.0)
    turn = turn[:, keep] / np.sqrt(values[keep])
    V, T = V @ turn, T @ turn
    values, turn = np.linalg.eigh(V.T @ T)
    if not len(values) or not values[0] > 0:
        return H
    HV, T = H @ V, T @ (turn / np.sqrt(values))
    return H + T @ T.T - HV @ HV.T

r"""A Hessian borrowed from another lane, made right along a few directions.

Folds take the Hessian of their rows at the full lane's predictors. Their own fit is more extreme, so it is off by up
to a tenth, mostly along their own coefficients and along the way that these go. For directions V the exact products
T = Z'W(eta) Z V cost as much as a look each, and the block update of BFGS,

    H' = H - H V (V'HV)^-1 V'H + T (V'T)^-1 T',

has H'V = T and stays positive definite. Its worst error falls to between a twentieth and two fifths (ADR 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..._typing import Vector
from ..columns import Columns
from ..threads import Workers

__all__ = ["Borrowed", "products", "repaired"]

DEPENDENT = 1e-8  # eigenvalue of V'HV, of directions of size one, below which one depends on the others


@dataclass(frozen=True, eq=False)
class Borrowed:
    """What a lane needs to repair a Hessian."""

    positions: np.ndarray  # (w,) places in Z
    directions: np.ndarray  # (w, k) on the scale of Z
    bends: Vector  # (n,) weighted curvatures at its own predictors


def products(columns: Columns, borrowed: Sequence[Borrowed], team: Workers) -> list[np.ndarray]:
    """``Z'W Z V`` of every lane, (w, k), with one reading of the columns; all ask for as many directions."""
    if not borrowed:
        return []
    count = borrowed[0].directions.shape[1]
    owner = np.repeat(np.arange(len(borrowed)), count)
    spans = [slice(first * count, (first + 1) * count) for first in range(len(borrowed))]
    V = np.zeros((columns.width, len(owner)))
    for own, span in zip(borrowed, spans, strict=True):
        V[own.positions, span] = own.directions
    bends = np.column_stack([own.bends for own in borrowed])

    def weigh(rows: slice, moved: np.ndarray) -> np.ndarray:
        return moved * np.take(bends[rows], owner, axis=1)

    T = columns.sweep(V, weigh, team)
    return [T[own.positions, span] for own, span in zip(borrowed, spans, strict=True)]


def repaired(H: np.ndarray, V: np.ndarray, T: np.ndarray) -> np.ndarray:
    """The Hessian that agrees with T = H'V along the columns of V, which may be zero or depend on each other.

    It is H itself where V says nothing or T does not bend upwards.
    """
    V, T = _independent(H, V, T)
    values, turn = np.linalg.eigh(V.T @ T)
    if not len(values) or not values[0] > 0:
        return H
    old, new = H @ V, T @ (turn / np.sqrt(values))
    return H + new @ new.T - old @ old.T


def _independent(H: np.ndarray, V: np.ndarray, T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """V turned so that V'HV = 1, and T with it."""
    size = np.sqrt(np.maximum(np.einsum("wk,wk->k", V, H @ V), 0.0))
    V, T = V[:, size > 0] / size[size > 0], T[:, size > 0] / size[size > 0]
    values, turn = np.linalg.eigh(V.T @ H @ V)
    own = values > DEPENDENT * values.max(initial=0.0)
    turn = turn[:, own] / np.sqrt(values[own])
    return V @ turn, T @ turn

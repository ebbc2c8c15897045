"""One look at a multinomial lane: its probabilities, its residuals made feasible, and what a proof needs of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..._typing import Vector
from .hessian import nuisance_bend, pseudo_inverse

__all__ = ["Look", "Sample", "look"]

POLISH, FAR, MOST = (
    0.05,
    4.0,
    30,
)  # intercepts are moved themselves while Newton would move a predictor this far


@dataclass(frozen=True, eq=False)
class Sample:
    """What all lanes share of the rows, classes first: (K, n)."""

    Y: np.ndarray
    offset: np.ndarray
    Z: np.ndarray  # (n, q): a column of ones where there is an intercept, and the free columns
    perfect: Vector  # (n,) loss of a perfect prediction: 0 where rows are of one class


@dataclass(frozen=True, eq=False)
class Look:
    """A lane at given coefficients.

    Parameters
    ----------
    A : (K, q) intercepts and coefficients of free columns.
    P : (K, n) probabilities.
    R : (K, n) weighted residuals y - q, orthogonal to Z.
    loss : mean loss.
    entropy : bound on the mean of sum q log q.
    on_offset : product of the residuals with the offset.
    feasible : whether q is a distribution in every row.
    """

    A: np.ndarray
    P: np.ndarray
    R: np.ndarray
    loss: float
    entropy: float
    on_offset: float
    feasible: bool
    t: np.ndarray  # (K, q) how far Newton would still move A back


def look(sample: Sample, weights: Vector, E: np.ndarray, A: np.ndarray) -> Look:
    """Look at predictors ``offset + E + A Z'``; intercepts and free columns go towards their best values."""
    K, q = A.shape
    P, logs, loss = _softmax(sample, weights, E, A)
    moved = np.zeros_like(P)
    chi, feasible, t = 0.0, True, np.zeros_like(A)
    for turn in range(MOST if q else 0):
        pull = ((P - sample.Y) * weights) @ sample.Z
        t = (pseudo_inverse(nuisance_bend(P, weights, sample.Z)) @ pull.ravel()).reshape(K, q)
        T = t @ sample.Z.T
        T -= np.einsum("kn,kn->n", P, T)
        reach = float(np.abs(T[:, weights > 0]).max(initial=0.0))
        if reach <= POLISH or turn == MOST - 1:
            moved = P * T
            chi, feasible = float(np.einsum("kn,kn,n->", moved, T, weights)), reach <= 1.0
            break
        length = min(1.0, FAR / reach)
        while length > 1e-6:
            after = _softmax(sample, weights, E, A - length * t)
            if after[2] <= loss:
                A, (P, logs, loss) = A - length * t, after
                break
            length /= 2
        else:
            moved, feasible = P * T, False
            break
    R = (sample.Y - P + moved) * weights
    entropy = float(np.einsum("kn,kn,n->", P - moved, logs, weights)) + chi
    return Look(A, P, R, loss, entropy, -float(np.einsum("kn,kn->", R, sample.offset)), feasible, t)


def _softmax(
    sample: Sample, weights: Vector, E: np.ndarray, A: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Probabilities, their logs, and the mean loss."""
    eta = E + sample.offset
    if A.shape[1]:
        eta += A @ sample.Z.T
    eta -= eta.max(axis=0)
    P = np.exp(eta)
    total = P.sum(axis=0)
    P /= total
    eta -= np.log(total)
    return P, eta, -float(np.einsum("kn,kn,n->", sample.Y, eta, weights))

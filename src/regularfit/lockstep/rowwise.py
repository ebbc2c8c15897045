"""A loss as the engine calls it: compiled where the core has a twin, else in NumPy."""

from __future__ import annotations

import numpy as np

from .. import _core
from .._typing import Vector
from ..losses import Gamma, Logistic, Loss, Poisson

__all__ = ["Rowwise"]

TWINS = (Logistic, Poisson, Gamma)
CACHE = 1 << 18  # numbers of one step, so that they stay in the cache


class Rowwise:
    """The loss's vectors, for the many rows and columns of a round."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss
        self.twin = _core.TwinLoss(loss.name) if isinstance(loss, TWINS) else None

    @property
    def core(self) -> object:
        """What the core takes: its own twin, or a loss that it calls back once a look."""
        return self.loss if self.twin is None else self.twin

    def curvature(self, y: Vector, eta: Vector) -> Vector:
        """Second derivatives, (n,)."""
        if self.twin is None:
            return self.loss.curvature(y, eta)
        out = np.empty_like(eta)
        self.twin.curvature(y, np.ascontiguousarray(eta), out)
        return out

    def pliancy(self, y: Vector, eta: Vector) -> Vector:
        """How far gradients can be moved in a proof, (n,): the curvature for losses that have a twin."""
        return self.loss.pliancy(y, eta) if self.twin is None else self.curvature(y, eta)

    def bends(self, y: Vector, weights: Vector, E: np.ndarray) -> tuple[Vector, Vector]:
        """Of the columns of E (n, m): weighted mean and largest pliancy of the rows that have weight, (m,) each."""
        mean, steepest = np.empty(E.shape[1]), np.empty(E.shape[1])
        rows = slice(None) if (weights > 0).all() else weights > 0
        step = max(1, CACHE // len(y))
        for start in range(0, E.shape[1], step):
            part = slice(start, start + step)
            bends = np.stack([self.pliancy(y, np.ascontiguousarray(eta)) for eta in E[:, part].T])
            mean[part], steepest[part] = bends @ weights, bends[:, rows].max(axis=1)
        return mean, steepest

    def residual(
        self,
        y: Vector,
        offset: Vector,
        minus_weights: np.ndarray,
        lanes: np.ndarray,
        columns: np.ndarray,
        eta: np.ndarray,
        E: np.ndarray,
        R: np.ndarray,
    ) -> np.ndarray:
        """Minus the weighted gradients at eta + offset (rows, m); both are kept in the listed columns of E and R."""
        if self.twin is not None:
            r = np.empty_like(eta)
            self.twin.residual(y, offset, minus_weights, lanes, columns, eta, r, E, R)
            return r
        eta += offset[:, None]
        r = self.loss.gradient(y[:, None], eta) * minus_weights[:, lanes]
        E[:, columns], R[:, columns] = eta, r
        return r

    def means(self, y: Vector, weights: np.ndarray, owner: np.ndarray, E: np.ndarray) -> Vector:
        """Weighted sums of the losses of the columns of E (n, m), column k under weights[:, owner[k]]."""
        if self.twin is not None:
            out = np.zeros(E.shape[1])
            self.twin.means(y, weights, owner.astype(np.int32), np.ascontiguousarray(E), out)
            return out
        losses = np.empty(E.shape[1])
        step = max(1, CACHE // len(y))
        for start in range(0, E.shape[1], step):
            part = slice(start, start + step)
            losses[part] = np.einsum(
                "nm,nm->m", weights[:, owner[part]], self.loss.value(y[:, None], E[:, part])
            )
        return losses

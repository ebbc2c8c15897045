"""Losses that couple rows: what they add to a loss, and what they cannot give row by row."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NoReturn

import numpy as np

from .._typing import Vector
from ..errors import UnsupportedError
from ._base import Loss

__all__ = ["CoupledLoss"]


class CoupledLoss(Loss):
    """A loss that is no sum over rows: the engine prepares the target once a lane and asks for whole vectors.

    ``y`` holds one row of numbers a row of data. Everything that a :class:`Loss` says of single rows is refused.
    """

    __slots__ = ()

    @abstractmethod
    def prepare(self, y: np.ndarray, weights: Vector) -> Any:
        """Return what one lane needs of the target, under its row weights."""

    @abstractmethod
    def fold_weights(self, y: np.ndarray, weights: Vector) -> Vector:
        """Return what every row counts where folds are averaged, (n,)."""

    @abstractmethod
    def deviance_of(self, y: np.ndarray, eta: np.ndarray, weights: Vector) -> Vector:
        """Return the deviance of the columns of ``eta`` (n, L), per unit of weight."""

    def value(self, y: Vector, eta: Vector) -> Vector:
        """Refuse: there is none."""
        self._refuse()

    def gradient(self, y: Vector, eta: Vector) -> Vector:
        """Refuse: there is none."""
        self._refuse()

    def curvature(self, y: Vector, eta: Vector) -> Vector:
        """Refuse: there is none."""
        self._refuse()

    def conjugate(self, y: Vector, u: Vector) -> Vector:
        """Refuse: there is none."""
        self._refuse()

    def deviance(self, y: Vector, eta: Vector) -> Vector:
        """Refuse: there is none."""
        self._refuse()

    def score(self, y: Vector, eta: Vector) -> Vector:
        """Refuse: there is none."""
        self._refuse()

    def null_eta(self, y: Vector, weights: Vector, offset: Vector | None = None) -> float:
        """Return 0: there is no intercept."""
        return 0.0

    def _refuse(self) -> NoReturn:
        raise UnsupportedError(
            f"{type(self).__name__} couples rows (a risk set holds everybody still at risk), so it has no loss of a "
            "single row. Fit it with PenalizedCox or fit_path; every penalty but Fused, L0 and one of your own is "
            "supported."
        )

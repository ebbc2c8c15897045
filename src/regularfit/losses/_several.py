"""What a loss of several linear predictors is: matrices in, one number a row out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from .._typing import ArrayLike, Matrix, Vector

__all__ = ["SeveralLoss"]


class SeveralLoss(ABC):
    """The base of losses with one linear predictor for each of K outputs (classes, or targets).

    Targets and predictors are (..., K), and what is one number a row has their shape without the last axis, so
    predictors at many strengths, (n, L, K), meet a target as ``y[:, None, :]``. The factor 1/n and the row weights
    belong to the engine.
    """

    __slots__ = ()
    name: ClassVar[str]
    score_name: ClassVar[str]

    @abstractmethod
    def value(self, y: Matrix, eta: Matrix) -> Vector:
        """Return the loss of every row, (...,)."""

    @abstractmethod
    def gradient(self, y: Matrix, eta: Matrix) -> Matrix:
        """Return its derivatives with respect to the predictors, (..., K)."""

    @abstractmethod
    def conjugate(self, y: Matrix, u: Matrix) -> Vector:
        """Return sup_eta u . eta - loss(y, eta), (...,); inf outside its domain."""

    @abstractmethod
    def mean(self, eta: Matrix) -> Matrix:
        """Return the expected targets, (..., K)."""

    @abstractmethod
    def deviance(self, y: Matrix, eta: Matrix) -> Vector:
        """Return twice the loss above that of a perfect prediction, (...,)."""

    @abstractmethod
    def score(self, y: Matrix, eta: Matrix) -> Vector:
        """Return the score of held-out rows, (...,), as ``score_name`` says; smaller is better."""

    @abstractmethod
    def null_eta(self, y: Matrix, weights: Vector, offset: Matrix | None = None) -> Vector:
        """Return the best constant intercepts, (K,)."""

    @abstractmethod
    def check_target(self, y: ArrayLike) -> Matrix:
        """Return ``y`` as a finite float64 matrix (n, K) that this loss can take, or raise InputError."""

    @classmethod
    @abstractmethod
    def examples(cls) -> Sequence[SeveralLoss]:
        """Return instances on which every law in ``tests/laws`` runs."""

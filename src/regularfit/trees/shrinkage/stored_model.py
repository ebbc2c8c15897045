"""A shrunk model as it comes out of a model file: its trees, which predict without their engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..structure import Ensemble
from .respond import Response

__all__ = ["StoredModel"]


@dataclass(frozen=True, eq=False)
class StoredModel:
    """Trees and what is done with their sum.

    Parameters
    ----------
    trees : shrunk.
    respond : from raw predictions to numbers or probabilities.
    """

    trees: Ensemble
    respond: Response

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Return numbers, (n,) or (n, k)."""
        found = self.respond(self.trees.raw(matrix))
        return found[:, 0] if found.shape[1] == 1 else found

    def predict_proba(self, matrix: np.ndarray) -> np.ndarray:
        """Return probabilities, (n, K)."""
        return self.respond(self.trees.raw(matrix))

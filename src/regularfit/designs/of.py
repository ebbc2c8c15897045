"""The one way in for X: any array or sparse matrix becomes a design."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import check_matrix
from ._base import Design
from .dense import Dense
from .sparse import SparseColumns

__all__ = ["as_design"]


def as_design(X: Any, name: str = "X") -> Design:
    """Return ``X`` as a design: checked, not copied where its type allows.

    >>> as_design([[1.0, 2.0], [3.0, 4.0]]).n
    2
    """
    if isinstance(X, Design):
        return X
    matrix = check_matrix(X, name)
    return Dense(matrix) if isinstance(matrix, np.ndarray) else SparseColumns(matrix)

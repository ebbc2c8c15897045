"""Coefficients between the lambdas of a path: on the straight line between neighbours, as in R."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from .._typing import Vector

__all__ = ["between"]


def between(lambdas: Vector, a0: Vector, coefs: Any, s: Any) -> tuple[Vector, np.ndarray]:
    """Return intercepts (k,) and coefficients (k, p) at ``s``; beyond an end of the path, those of the end.

    >>> levels, slopes = between(
    ...     np.array([2.0, 1.0]), np.array([0.0, 4.0]), sparse.csr_matrix([[0.0], [1.0]]), [1.5, 9.0]
    ... )
    >>> levels, slopes[:, 0]
    (array([2., 0.]), array([0.5, 0. ]))
    """
    wanted = np.clip(np.atleast_1d(np.asarray(s, dtype=np.float64)), lambdas[-1], lambdas[0])
    right = np.clip(np.searchsorted(-lambdas, -wanted), 0, len(lambdas) - 1)
    left = np.maximum(right - 1, 0)
    width = lambdas[left] - lambdas[right]
    share = np.divide(lambdas[left] - wanted, width, out=np.ones(len(wanted)), where=width > 0)
    mix = sparse.csr_matrix(
        (
            np.concatenate([1 - share, share]),
            (np.tile(np.arange(len(wanted)), 2), np.concatenate([left, right])),
        ),
        shape=(len(wanted), len(lambdas)),
    )
    return mix @ a0, (mix @ coefs).toarray()

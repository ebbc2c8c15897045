"""Type aliases shared by all rooms; shapes stand in a trailing comment where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy import sparse

    SparseMatrix: TypeAlias = sparse.csr_array | sparse.csc_array | sparse.csr_matrix | sparse.csc_matrix
else:  # scipy.sparse is slow to import, and only type checkers need it here
    SparseMatrix: TypeAlias = Any

Vector: TypeAlias = npt.NDArray[np.floating[Any]]
"""A one-dimensional float array, (n,) over rows or (p,) over columns."""

Matrix: TypeAlias = npt.NDArray[np.floating[Any]]
"""A two-dimensional float array."""

Mask: TypeAlias = npt.NDArray[np.bool_]
"""A boolean array."""

Indices: TypeAlias = npt.NDArray[np.intp]
"""An integer array that indexes rows or columns."""

ArrayLike: TypeAlias = npt.ArrayLike
"""Whatever ``numpy.asarray`` takes."""

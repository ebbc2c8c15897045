"""Rows of any input: tables, arrays and texts as something that has a length and can be taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from ...errors import InputError, UnsupportedError
from ...inputs.table import is_table

__all__ = ["as_rows", "taken"]


def as_rows(X: Any) -> Any:
    """Return X as a table, an array or a list of texts: something that has a length and can be indexed by rows."""
    if sp.issparse(X):
        raise UnsupportedError(
            "X is sparse, and sparse input is not supported by nets. Give X.toarray() where it fits into memory, or "
            "use PenalizedClassifier or PenalizedRegressor, which keep X sparse."
        )
    if is_table(X) or (isinstance(X, (list, tuple)) and X and isinstance(X[0], str)):
        return X
    array = np.asarray(X)
    if array.ndim == 0:
        raise InputError(f"X must have rows; {X!r:.80} was given.")
    return array


def taken(X: Any, rows: np.ndarray) -> Any:
    """Return some rows."""
    if is_table(X):
        import narwhals as nw

        return nw.from_native(X, eager_only=True)[rows.tolist()].to_native()
    return [X[i] for i in rows] if isinstance(X, (list, tuple)) else X[rows]

"""Sparse tables in the SVMlight format: a target, then index:value pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from regularfit.errors import TableError
from regularfit.table.source import BROKEN_GZIP, MAX_COLUMNS, broken_gzip, open_bytes


def read_svmlight(path: Path, columns: int | None = None) -> tuple[Any, np.ndarray]:
    """Return the sparse matrix (CSR, float64) and the targets; `columns` is known when a model is applied."""
    from sklearn.datasets import load_svmlight_file

    try:
        with open_bytes(path) as stream:
            matrix, target = load_svmlight_file(stream)
    except BROKEN_GZIP as error:
        raise broken_gzip(path, error) from error
    except (ValueError, OverflowError, MemoryError) as error:
        raise TableError(
            f"The file '{path}' is not in the SVMlight format ({error}). Each line must be a target "
            "followed by "
            "index:value pairs with growing indices, such as `1 3:0.5 7:2`. Mend the line, or give another "
            "format."
        ) from error
    if matrix.shape[0] == 0:
        raise TableError(f"The file '{path}' holds no rows. Give a file with at least two lines.")
    if matrix.shape[1] > MAX_COLUMNS * 10:
        raise TableError(
            f"The largest index in '{path}' is {matrix.shape[1]:,}; at most {MAX_COLUMNS * 10:,} columns "
            "are read. Number "
            "the columns from 1 without gaps."
        )
    return _with_columns(path, matrix, columns), target


def _with_columns(path: Path, matrix: Any, columns: int | None) -> Any:
    if columns is None or matrix.shape[1] == columns:
        return matrix
    if matrix.shape[1] > columns:
        # Columns the model never saw carry no coefficient, as extra columns of any other table.
        return matrix[:, :columns]
    matrix.resize((matrix.shape[0], columns))
    return matrix

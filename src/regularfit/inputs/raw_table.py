"""Reading any table column by column, numbers apart from categories; nothing is learnt here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from ..errors import InputError, UnsupportedError
from .levels import Levels
from .table import FittedColumns, column_names, is_table

__all__ = ["RawTable", "read_raw_table"]


@dataclass(frozen=True, slots=True)
class RawTable:
    """Columns as they came: float64 with NaN for missing, or codes of categories.

    Parameters
    ----------
    columns : one array (numbers) or :class:`Levels` (categories) a column.
    names : column names, or None where the table had none.
    n : rows.
    """

    MISSING: ClassVar[str] = "(missing)"

    columns: tuple[np.ndarray | Levels, ...]
    names: tuple[str, ...] | None
    n: int

    def named(self) -> Iterator[tuple[str, np.ndarray | Levels]]:
        """Go through (name, values)."""
        for j, values in enumerate(self.columns):
            name = self.names[j] if self.names is not None else f"x{j}"
            yield name, values

    def take(self, rows: np.ndarray) -> RawTable:
        """Return some rows."""
        columns = tuple(
            values.take(rows) if isinstance(values, Levels) else values[rows] for values in self.columns
        )
        return RawTable(columns, self.names, len(rows))

    @staticmethod
    def as_levels(values: np.ndarray) -> Levels:
        """Return numbers as levels."""
        return Levels.of(RawTable.MISSING if v != v else _text(v) for v in values.tolist())

    @staticmethod
    def as_numbers(values: Levels) -> np.ndarray:
        """Return the numbers that the text of levels says; ValueError where it says none."""
        said = [np.nan if level == RawTable.MISSING else float(level) for level in values.names]
        return np.array(said)[values.codes]


def read_raw_table(X: Any, *, fitted: FittedColumns | None = None) -> RawTable:
    """Return the columns of a pandas, polars or pyarrow table, or of a two-dimensional array.

    This is the only place that looks at values one by one: read a table once, and take rows of what was read.

    Raises
    ------
    InputError
        Empty, infinite, not two-dimensional, with duplicate names or other columns than ``fitted``.
    UnsupportedError
        Sparse, or with containers as entries.
    """
    raw = _from_frame(X, fitted) if is_table(X) else _from_array(X, fitted)
    if raw.n == 0 or not raw.columns:
        raise InputError(
            f"X has {raw.n} sample(s) and {len(raw.columns)} feature(s) (shape=({raw.n}, {len(raw.columns)})) while a "
            "minimum of 1 is required."
        )
    for name, values in raw.named():
        if isinstance(values, np.ndarray) and np.isinf(values).any():
            raise InputError(
                f"Column {name!r} of X contains infinity. Every number must be finite; missing values are allowed."
            )
    return raw


def _from_frame(X: Any, fitted: FittedColumns | None) -> RawTable:
    import narwhals as nw

    names, count = column_names(X)
    if fitted is not None:
        fitted.check(names, count)
    frame = nw.from_native(X, eager_only=True)
    return RawTable(tuple(_column(c) for c in frame.iter_columns()), names, frame.shape[0])


def _column(column: Any) -> np.ndarray | Levels:
    import narwhals as nw

    if column.dtype == nw.Boolean or not (column.dtype.is_numeric() or column.dtype == nw.Object):
        if column.dtype.is_temporal():
            raise InputError(
                f"Column {column.name!r} of X holds dates or times. Turn them into numbers first (year, month, days "
                "since a date), for example with skrub.TableVectorizer."
            )
        return _levels(column.to_list())
    if column.dtype == nw.Object:
        return _numbers_or_levels(column.to_list())
    return np.asarray(column.cast(nw.Float64).to_numpy(), dtype=np.float64)


def _from_array(X: Any, fitted: FittedColumns | None) -> RawTable:
    if sp.issparse(X):
        raise UnsupportedError(
            "X is sparse, and sparse input is not supported here. Give X.toarray() where it fits into memory, or use "
            "PenalizedClassifier or PenalizedRegressor, which keep X sparse."
        )
    try:
        values = np.asarray(X)
    except ValueError as error:
        raise InputError(f"X is not a rectangular table: {error}.") from error
    if values.dtype.kind == "c":
        raise InputError("Complex data not supported: X must hold real numbers, categories or text.")
    if values.ndim != 2:
        raise InputError(
            f"Expected 2D array, got {values.ndim}D array instead: X has shape {values.shape}. Give (rows, columns). "
            "Reshape your data either using array.reshape(-1, 1) if it has a single column or array.reshape(1, -1) "
            "if it is a single row."
        )
    if fitted is not None:
        fitted.check(None, values.shape[1])
    if values.dtype.kind in "OUST":
        columns = tuple(_numbers_or_levels(values[:, j].tolist()) for j in range(values.shape[1]))
    else:
        columns = tuple(values.astype(np.float64).T)
    return RawTable(columns, None, values.shape[0])


def _numbers_or_levels(values: list[Any]) -> np.ndarray | Levels:
    """Numbers where every entry is one or is missing; else categories."""
    kept = [np.nan if _is_missing(v) else v for v in values]
    if any(isinstance(v, (dict, list, set, tuple)) for v in kept):
        # scikit-learn's words, which its checks look for
        raise UnsupportedError("X holds an argument that must be a string or a number, not a container.")
    if all(isinstance(v, (int, float, np.number)) and not isinstance(v, bool) for v in kept):
        return np.asarray(kept, dtype=np.float64)
    return _levels(values)


def _levels(values: list[Any]) -> Levels:
    return Levels.of(
        v if type(v) is str else RawTable.MISSING if _is_missing(v) else _text(v) for v in values
    )


def _text(value: Any) -> str:
    """The same text for 1, 1.0 and np.int64(1), so that a level keeps its name across libraries."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _is_missing(value: Any) -> bool:
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, (float, np.floating)) and value != value)
    )

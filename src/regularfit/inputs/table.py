"""Any table in, one numeric array and its column names out.

NumPy arrays and SciPy sparse matrices pass through untouched where their dtype allows it; pandas,
polars and pyarrow tables are read through narwhals, which is imported only when one arrives.
"""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import scipy.sparse as sp

from .._checks import check_matrix
from ..designs import Design
from ..errors import InputError, UnsupportedError

__all__ = ["FittedColumns", "Table", "column_names", "is_table", "read_table"]

_SHOWN = 5  # how many column names an error lists before it says "..."


@dataclass(frozen=True, slots=True)
class Table:
    """A finite float matrix (dense, CSR, CSC or a design) of n rows, and its p column names or None."""

    values: Any
    names: tuple[str, ...] | None

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    @property
    def p(self) -> int:
        """Number of columns."""
        return int(self.values.shape[1])


@dataclass(frozen=True, slots=True)
class FittedColumns:
    """The columns that an estimator saw in fit, against which new data are held.

    Parameters
    ----------
    names : their names, or None.
    p : how many.
    who : what errors call the estimator.
    """

    names: tuple[str, ...] | None
    p: int
    who: str

    def check(self, names: tuple[str, ...] | None, p: int, name: str = "X") -> None:
        """Raise InputError unless new data have these columns.

        Where only one of the two has names, that is a warning (as in scikit-learn): the columns are then
        taken by position.
        """
        if self.names is not None and names is not None:
            if names != self.names:
                raise InputError(_names_message(names, self.names, self.who))
            return
        if self.names is not None:
            text = f"{name} does not have valid feature names, but {self.who} was fitted with feature names"
            warnings.warn(f"{text}; its columns are taken by position.", UserWarning, stacklevel=5)
        elif names is not None:
            text = f"{name} has feature names, but {self.who} was fitted without feature names"
            warnings.warn(f"{text}; its columns are taken by position.", UserWarning, stacklevel=5)
        if p != self.p:
            raise InputError(
                f"{name} has {p} features, but {self.who} is expecting {self.p} features as input. "
                "Give the same columns, in the same order, as in fit."
            )


def read_table(X: Any, *, name: str = "X", fitted: FittedColumns | None = None) -> Table:
    """Return ``X`` as a :class:`Table`.

    Parameters
    ----------
    X : array-like of shape (n, p), SciPy sparse matrix or array, pandas / polars / pyarrow table
        float32 and float64 are kept; other numbers and booleans become float64.
    name : what the errors call it.
    fitted : the columns that new data must have; they are compared before any value is looked at.

    Raises
    ------
    InputError
        Not two-dimensional, empty, not numeric, NaN or infinite, with duplicate or other column names.

    Examples
    --------
    >>> read_table([[1, 2], [3, 4]]).values
    array([[1., 2.],
           [3., 4.]])
    """
    if isinstance(X, Design):  # read already, for example with missing values that each lane fills for itself
        if fitted is not None:
            fitted.check(X.names, X.p, name)
        return Table(X, X.names)
    if is_table(X):
        labels = _labels(X)
        names, _ = column_names(X, name)
        if fitted is not None:
            fitted.check(names, len(labels), name)
        return Table(_frame_values(X, labels, name), names)
    values = _dense_values(X, name)
    if fitted is not None:
        fitted.check(None, values.shape[1], name)
    return Table(values, None)


def _names_message(names: tuple[str, ...], expected: tuple[str, ...], who: str) -> str:
    unseen, missing = sorted(set(names) - set(expected)), sorted(set(expected) - set(names))
    text = "The feature names should match those that were passed during fit.\n"
    if unseen:
        text += "Feature names unseen at fit time:\n" + _bullets(unseen)
    if missing:
        text += "Feature names seen at fit time, yet now missing:\n" + _bullets(missing)
        near = get_close_matches(missing[0], unseen, n=1)
        if near:
            text += f"(is {near[0]!r} meant to be {missing[0]!r}?)\n"
    if not unseen and not missing:
        return text + (
            "Feature names must be in the same order as they were in fit.\n"
            f"Select them in order first: X[model.feature_names_in_] for {who}."
        )
    return text + f"Give {who} exactly the {len(expected)} columns in feature_names_in_."


def _bullets(names: list[str]) -> str:
    lines = "".join(f"- {n}\n" for n in names[:_SHOWN])
    return lines + ("- ...\n" if len(names) > _SHOWN else "")


# --- reading -------------------------------------------------------------------------------------


def is_table(X: Any) -> bool:
    """Whether ``X`` is a table of a library (pandas, polars, pyarrow ...) and not an array or a list."""
    if isinstance(X, (np.ndarray, list, tuple)) or not (hasattr(X, "columns") or hasattr(X, "column_names")):
        return False
    from narwhals.dependencies import is_into_dataframe

    return bool(is_into_dataframe(X))


def column_names(X: Any, name: str = "X") -> tuple[tuple[str, ...] | None, int]:
    """Return the names of a table's columns (None where they are only numbers), and how many there are."""
    labels = _labels(X)
    _check_unique(labels, name)
    return _string_names(labels, name), len(labels)


def _labels(X: Any) -> list[Any]:
    return list(getattr(X, "column_names", None) or X.columns)


def _dense_values(X: Any, name: str) -> Any:
    if not sp.issparse(X):
        try:
            values = np.asarray(X)
        except ValueError as error:
            raise InputError(f"{name} is not a rectangular table of numbers: {error}.") from error
        X = _from_objects(values, name) if values.dtype == object else values
    return check_matrix(X, name)


def _from_objects(values: np.ndarray, name: str) -> np.ndarray:
    """Object arrays are accepted when every entry is a number (scikit-learn's rule), else named."""
    try:
        return values.astype(np.float64)
    except TypeError as error:
        raise UnsupportedError(
            f"{name} is an object array that holds something else than numbers ({error}). "
            "Give numbers; for a table of mixed columns use a pandas, polars or pyarrow table with encoded "
            "columns."
        ) from error
    except ValueError as error:
        raise InputError(
            f"{name} is an object array that holds text ({error}). Encode text as numbers first, for example "
            "with skrub.TableVectorizer or sklearn.preprocessing.OneHotEncoder."
        ) from error


def _frame_values(X: Any, labels: list[Any], name: str) -> Any:
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True)
    schema = frame.schema
    wrong = [c for c in frame.columns if not _numeric_like(schema[c])]
    if wrong:
        shown = ", ".join(f"{c!r} ({schema[c]})" for c in wrong[:_SHOWN]) + (
            ", ..." if len(wrong) > _SHOWN else ""
        )
        raise InputError(
            f"{name} has {len(wrong)} column(s) that are not numeric: {shown}. Encode or drop them first, "
            "for example with skrub.TableVectorizer; `regularfit fit` does it for a file."
        )
    values = _numbers(frame)
    _check_named(values, labels, name)
    return check_matrix(values, name)


def _numeric_like(dtype: Any) -> bool:
    import narwhals as nw

    return dtype.is_numeric() or dtype == nw.Boolean or dtype == nw.Object


def _numbers(frame: Any) -> np.ndarray:
    import narwhals as nw

    dtypes = set(frame.schema.values())
    if len(dtypes) == 1 and dtypes <= {nw.Float32, nw.Float64}:
        return np.asarray(frame.to_numpy())
    target = np.float32 if dtypes == {nw.Float32} else np.float64
    values = np.empty(frame.shape, dtype=target, order="F")
    for j, column in enumerate(frame.iter_columns()):
        if column.dtype == nw.Object:
            values[:, j] = _from_objects(
                np.asarray(column.to_numpy(), dtype=object), f"column {column.name!r}"
            )
        else:  # the cast turns missing values into NaN, which is refused by name below
            values[:, j] = column.cast(nw.Float64).to_numpy()
    return values


def _check_unique(labels: list[Any], name: str) -> None:
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise InputError(
            f"{name} has duplicate column names: {_listed(twice)}. Every column needs a name of its own; "
            "rename or drop them."
        )


def _string_names(labels: list[Any], name: str) -> tuple[str, ...] | None:
    """Names count only when all are text; plain integer labels mean 'no names' (scikit-learn's rule)."""
    text = [isinstance(label, str) for label in labels]
    if any(text) and not all(text):
        kinds = sorted({type(label).__name__ for label in labels})
        raise UnsupportedError(
            f"{name} has column names of mixed types ({', '.join(kinds)}). Feature names are only supported "
            f"if all are strings: {name}.columns = {name}.columns.astype(str)."
        )
    return tuple(str(label) for label in labels) if labels and all(text) else None


# --- checking ------------------------------------------------------------------------------------


def _check_named(values: np.ndarray, labels: list[Any], name: str) -> None:
    """Refuse NaN and infinity by the names of their columns; the common case costs one sum."""
    with np.errstate(all="ignore"):
        if values.size == 0 or np.isfinite(values.sum(dtype=np.float64)):
            return
    bad = [j for j in range(values.shape[1]) if not np.isfinite(values[:, j]).all()]
    if not bad:
        return
    n_nan, n_inf = int(np.isnan(values[:, bad]).sum()), int(np.isinf(values[:, bad]).sum())
    raise InputError(
        f"Input {name} contains NaN or infinity ({n_nan} missing or NaN, {n_inf} infinite) in column(s) "
        f"{_listed([labels[j] for j in bad])}. Every value must be a finite number: impute missing values "
        "first, for example with sklearn.impute.SimpleImputer in a pipeline, or drop those rows."
    )


def _listed(labels: list[Any]) -> str:
    return ", ".join(repr(label) for label in labels[:_SHOWN]) + (", ..." if len(labels) > _SHOWN else "")

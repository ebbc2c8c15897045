"""Validation of everything that a user hands in: the one place where arrays are refused, and why.

Each check returns the value in the form that the rest of the library relies on (floats, C or F order
untouched, no copy unless the type forces one) or raises :class:`~regularfit.errors.InputError`, which says
what was given, what is allowed and what to do.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ._typing import Matrix, SparseMatrix, Vector
from .errors import InputError

# ---------------------------------------------------------------- numbers


def check_positive(value: Any, what: str, advice: str = "") -> float:
    """Return ``value`` as a float that is finite and above zero.

    >>> check_positive(2, "L1(strength)")
    2.0
    """
    number = _number(value, what, advice)
    if not (number > 0 and math.isfinite(number)):
        raise InputError(_sentence(f"{what} must be a positive, finite number; {value!r} was given", advice))
    return number


def check_fraction(value: Any, what: str, advice: str = "") -> float:
    """Return ``value`` as a float in [0, 1].

    >>> check_fraction(0.5, "ElasticNet(l1_ratio)")
    0.5
    """
    number = _number(value, what, advice)
    if not 0 <= number <= 1:
        raise InputError(_sentence(f"{what} must lie between 0 and 1; {value!r} was given", advice))
    return number


def check_strengths(strengths: Any, name: str = "strengths") -> Vector:
    """Return a user's grid of strengths, (L,), sorted decreasingly and without repeats.

    >>> check_strengths([0.1, 1.0, 0.1])
    array([1. , 0.1])
    """
    grid = _one_dimensional(strengths, name)
    if grid.size == 0:
        raise InputError(
            f"{name} is empty; give at least one positive number, or how many to try (100 is usual)."
        )
    wrong = grid[~(np.isfinite(grid) & (grid > 0))]
    if wrong.size:
        raise InputError(
            f"{name} must be positive and finite; it holds {wrong[0]:g}. "
            "For a fit without a penalty take a tiny strength such as 1e-8 times the largest."
        )
    return np.unique(grid)[::-1].copy()


# ---------------------------------------------------------------- arrays


def check_matrix(X: Any, name: str = "X") -> Matrix | SparseMatrix:
    """Return ``X``, (n, p), as a finite float64 or float32 array, or as a finite CSR or CSC matrix.

    Dense arrays keep their order, float32 stays float32, and nothing is copied unless the type forces it.

    >>> check_matrix([[1, 2], [3, 4]])
    array([[1., 2.],
           [3., 4.]])
    """
    if hasattr(X, "tocsr") and hasattr(X, "nnz"):
        return _sparse_matrix(X, name)
    array = _floats(X, name)
    if array.ndim != 2:
        hint = " Reshape your data with X.reshape(-1, 1) if it is a single column." if array.ndim == 1 else ""
        raise InputError(
            f"{name} must be a 2D array, rows by columns. Expected 2D array, got {array.ndim}D array instead "
            f"(shape={array.shape}).{hint}"
        )
    _check_shape(array.shape, name)
    _check_finite(array, name)
    return array


def check_vector(y: Any, n: int | None = None, name: str = "y") -> Vector:
    """Return ``y``, (n,), as a finite float64 array; ``n=None`` takes any length but zero.

    >>> check_vector([1, 2, 3], 3)
    array([1., 2., 3.])
    """
    array = _one_dimensional(y, name)
    if array.size == 0:
        raise InputError(f"{name} is empty; give one number for every row.")
    if n is not None and array.shape[0] != n:
        raise InputError(
            f"{name} has {array.shape[0]} entries but X has {n} rows (inconsistent numbers of samples); "
            "give one entry for every row."
        )
    _check_finite(array, name)
    return array


def check_weights(weights: Any, n: int, name: str = "sample_weight") -> Vector:
    """Return row weights, (n,), >= 0 and not all zero; ``None`` means ones, one number means all equal.

    >>> check_weights(None, 2)
    array([1., 1.])
    """
    if weights is None:
        return np.ones(n)
    if np.ndim(weights) == 0:
        return np.full(n, check_positive(weights, name))
    array = check_vector(weights, n, name)
    if (array < 0).any():
        row = int(np.argmin(array))
        raise InputError(
            f"{name} must not be negative; row {row} has {array[row]:g}. Set it to 0 to leave the row out."
        )
    if not array.any():
        raise InputError(
            f"{name} is zero for every row, so nothing is left to fit; give some rows a weight above 0."
        )
    return array


def check_offset(offset: Any, n: int, name: str = "offset") -> Vector:
    """Return the offset, (n,); ``None`` means zeros.

    >>> check_offset(None, 2)
    array([0., 0.])
    """
    return np.zeros(n) if offset is None else check_vector(offset, n, name)


def check_offsets(offset: Any, n: int, outputs: int, name: str = "offset") -> Matrix:
    """Return the offset of several linear predictors, (n, outputs); ``None`` means zeros.

    >>> check_offsets(None, 1, 2)
    array([[0., 0.]])
    """
    if offset is None:
        return np.zeros((n, outputs))
    array = np.asarray(offset)
    if array.shape != (n, outputs):
        raise InputError(
            f"{name} has shape {array.shape}, but there are {outputs} linear predictors (one a class or target) and "
            f"{n} rows; give a matrix of shape ({n}, {outputs})."
        )
    return np.column_stack([check_vector(array[:, k], n, name) for k in range(outputs)])


# ---------------------------------------------------------------- names


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the nearest known names as a hint, or a short list of them when none is near.

    >>> did_you_mean("bmy", ["age", "bmi"])
    "Did you mean 'bmi'?"
    """
    names = list(known)
    near = difflib.get_close_matches(str(word), names, n=3, cutoff=0.5)
    if near:
        return f"Did you mean {' or '.join(map(repr, near))}?"
    listed = ", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")
    return f"Known: {listed}." if names else "There are none."


def check_choice(word: Any, known: Sequence[str], what: str) -> str:
    """Return ``word`` when it is one of ``known``.

    >>> check_choice("min", ["min", "1se"], "select")
    'min'
    """
    if not isinstance(word, str) or word not in known:
        raise InputError(f"{what}={word!r} is not known. {did_you_mean(str(word), known)}")
    return word


# ---------------------------------------------------------------- the parts


def _sentence(statement: str, advice: str) -> str:
    return f"{statement}. {advice}".rstrip()


def _number(value: Any, what: str, advice: str) -> float:
    wrong = _sentence(f"{what} must be a number; {value!r} was given", advice)
    if isinstance(value, (bool, str, bytes)) or value is None:
        raise InputError(wrong)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(wrong) from None


def _floats(values: Any, name: str) -> Matrix:
    """Any array of numbers as float64, or as float32 where it is that; text and objects are refused."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name} cannot be read as an array ({error}); give rows of equal length.") from None
    if array.dtype.kind == "c":
        raise InputError(f"{name} is complex. Complex data not supported; take its real part or its modulus.")
    if array.dtype.kind not in "fiub":
        raise InputError(
            f"{name} has dtype {array.dtype}, but only numbers can be fitted; encode text first, "
            f"or convert an array of numbers with {name}.astype(float)."
        )
    return array if array.dtype in (np.float64, np.float32) else array.astype(np.float64)


def _one_dimensional(values: Any, name: str) -> Vector:
    array = _floats(values, name)
    if array.ndim != 1:
        raise InputError(
            f"{name} must be a 1D array; its shape is {array.shape}. Use {name}.ravel() if it is one column."
        )
    return array.astype(np.float64, copy=False)


def _check_shape(shape: tuple[int, ...], name: str) -> None:
    n, p = shape
    if n == 0:
        raise InputError(
            f"{name} has 0 sample(s) (shape={shape}) while a minimum of 1 is required; give some rows."
        )
    if p == 0:
        raise InputError(
            f"{name} has 0 feature(s) (shape={shape}) while a minimum of 1 is required; give some columns."
        )


def _check_finite(array: Matrix, name: str) -> None:
    if _all_finite(array):
        return
    bad = np.argwhere(~np.isfinite(array))
    raise _not_finite(name, len(bad), array[tuple(bad[0])], *bad[0])


def _all_finite(array: Matrix) -> bool:
    # A sum is finite unless an entry is not (or it overflows): one pass and no mask in the usual case.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


def _not_finite(name: str, count: int, first: Any, row: int, column: int | None = None) -> InputError:
    kind = "NaN" if np.isnan(first) else "infinity"
    where = f"row {row}" if column is None else f"row {row}, column {column}"
    advice = (
        "Give every row a finite number, or leave the row out."
        if column is None
        else "Impute or drop them, e.g. with sklearn.impute.SimpleImputer."
    )
    return InputError(
        f"{name} contains NaN or infinity in {count} place{'s' * (count > 1)} (first: {kind} in {where}, counted "
        f"from 0); only finite numbers can be fitted. {advice}"
    )


def _sparse_matrix(X: Any, name: str) -> SparseMatrix:
    if X.ndim != 2:
        raise InputError(
            f"{name} must be a 2D array, rows by columns; its shape is {X.shape}. Reshape your data."
        )
    _check_shape(X.shape, name)
    S = X if X.format in ("csr", "csc") else X.tocsr()
    data = _floats(S.data, name)
    if not _all_finite(data):
        entries = S.tocoo()
        bad = np.flatnonzero(~np.isfinite(entries.data))
        first = bad[np.lexsort((entries.col[bad], entries.row[bad]))[0]]
        raise _not_finite(name, len(bad), entries.data[first], entries.row[first], entries.col[first])
    return S if data is S.data else S.astype(np.float64)

"""The vectors that go with a table: target, class labels, weights, offset, and their checks."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target

from .._checks import check_offset, check_vector, check_weights
from .._typing import Vector
from ..errors import InputError
from ..lockstep import LinearConstraints

__all__ = [
    "check_classes_weighted",
    "read_classes",
    "read_constraints",
    "read_offset",
    "read_target",
    "read_weights",
]


def read_target(y: Any, n: int) -> Vector:
    """Return a numeric target as a finite float64 vector of length ``n``, or (n, K), with at least two values."""
    if y is None:
        raise InputError(_NO_TARGET)
    array = _numbers(y)
    if array.ndim == 2 and array.shape[1] > 1:
        return _several_targets(array, n)
    array = _shaped(array, "y")
    if array.dtype.kind in "OUS":
        raise InputError(
            f"y must hold one number a row, but it holds text or objects such as {array[0]!r}. For class "
            "labels use PenalizedClassifier; else convert the numbers first."
        )
    values = check_vector(array, n, "y")
    if np.ptp(values) == 0:
        raise InputError(
            f"y has one value only ({values[0]:g}) in all {n} rows, so there is nothing to explain. "
            "Check that the right column was given as the target."
        )
    return values


def _several_targets(array: np.ndarray, n: int) -> np.ndarray:
    """Several targets; one of them may be constant, not all."""
    if array.dtype.kind in "OUS":
        raise InputError("y must hold numbers, but it holds text or objects; convert the numbers first.")
    values = np.column_stack([check_vector(array[:, k], n, "y") for k in range(array.shape[1])])
    if (np.ptp(values, axis=0) == 0).all():
        raise InputError(
            f"All {values.shape[1]} columns of y have one value only, so there is nothing to explain. Check that the "
            "right columns were given as the target."
        )
    return values


def read_classes(y: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(classes, codes)``: the sorted labels, and the number of each row's, from 0, as a float."""
    if y is None:
        raise InputError(_NO_TARGET)
    y = _shaped(np.asarray(y), "y")
    if y.dtype.kind == "c":
        raise InputError("Complex data not supported: y must hold class labels.")
    _check_length(y, n, "y")
    _check_labelled(y)
    kind = type_of_target(y, input_name="y", raise_unknown=True)
    if kind.startswith("continuous"):
        raise InputError(
            f"Unknown label type: {kind}. y holds {np.unique(y).size} different non-integer numbers, and a "
            "classifier needs two classes. Use PenalizedRegressor for a numeric target."
        )
    classes, codes = np.unique(y, return_inverse=True)
    _check_one_class(classes)
    return classes, codes.astype(np.float64)


def check_classes_weighted(codes: np.ndarray, weights: np.ndarray | None, classes: np.ndarray) -> None:
    """Raise where a class has no weight, so that nothing can be learned about it."""
    if weights is None:
        return
    empty = [code for code in range(len(classes)) if not weights[codes == code].any()]
    if not empty:
        return
    if len(classes) == 2:
        raise InputError(
            f"sample_weight is 0 on every row of class {_label(classes[empty[0]])}, so only class "
            f"{_label(classes[1 - empty[0]])} is left and a classifier needs two classes. Give both classes "
            "some weight."
        )
    raise InputError(
        f"sample_weight is 0 on every row of class {_label(classes[empty[0]])}, so nothing can be learned about it. "
        "Give every class some weight, or drop its rows."
    )


def read_weights(sample_weight: Any, n: int) -> Vector | None:
    """Return sample weights as a float64 vector, or None; negative and all-zero weights are refused."""
    return None if sample_weight is None else check_weights(_numbers(sample_weight), n)


def read_offset(offset: Any, n: int) -> Vector | None:
    """Return an offset (a known part of the linear predictor) as a float64 vector, or None."""
    return None if offset is None else check_offset(_numbers(offset), n)


def read_constraints(constraints: Any) -> LinearConstraints | None:
    """Return linear constraints as they are, or None; anything else is refused."""
    if constraints is None or isinstance(constraints, LinearConstraints):
        return constraints
    raise InputError(
        f"linear_constraints must be LinearConstraints(A, lower, upper) or None; {constraints!r:.80} was given."
    )


def _numbers(values: Any) -> Any:
    """Nullable columns arrive as objects: turn them into floats where every entry is a number."""
    array = np.asarray(values)
    if array.dtype == object:
        with suppress(TypeError, ValueError):
            return array.astype(np.float64)
    return array


_NO_TARGET = "requires y to be passed, but the target y is None. Give one value a row: fit(X, y)."


def _shaped(values: np.ndarray, name: str) -> np.ndarray:
    if values.ndim == 2 and values.shape[1] == 1 and name == "y":
        return column_or_1d(values, warn=True)  # scikit-learn's own warning and rule
    if values.ndim != 1:
        raise InputError(
            f"{name} must be one-dimensional with one entry a row, but has shape {values.shape}. "
            f"Give one column, for example {name}[:, 0] or {name}.ravel()."
        )
    return values


def _check_length(values: np.ndarray, n: int, name: str) -> None:
    if values.shape[0] != n:
        raise InputError(
            f"{name} has {values.shape[0]} entries, but X has {n} rows: found inconsistent numbers of "
            "samples. They must have the same length."
        )


def _check_labelled(y: np.ndarray) -> None:
    """Refuse labels that are NaN, infinite, None or NA; these have no order, so sorting them would fail."""
    if y.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(y))
    elif y.dtype.kind == "O":
        bad = np.flatnonzero([label is None or bool(label != label) for label in _without_na(y)])
    else:
        return
    if bad.size:
        raise InputError(
            f"Input y contains NaN or infinity, or no label at all, in {bad.size} row{'s' * (bad.size > 1)} (first: "
            f"{_label(y[bad[0]])} in row {bad[0]}, counted from 0). Every row needs a class label; drop the rows "
            "without one."
        )


def _without_na(y: np.ndarray) -> list[Any]:
    """The labels, with None for the NA of pandas, which refuses to be compared."""
    return [None if type(label).__name__ == "NAType" else label for label in y.tolist()]


def _check_one_class(classes: np.ndarray) -> None:
    if classes.size == 1:
        raise InputError(
            f"y has one class only ({_label(classes[0])}), and a classifier needs two classes. "
            "Check that the right column was given as the target and that no filter removed the other class."
        )


def _label(label: Any) -> str:
    return repr(label.item() if isinstance(label, np.generic) else label)

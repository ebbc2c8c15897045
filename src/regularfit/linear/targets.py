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
    """Return a numeric target as a finite float64 vector of length ``n`` with at least two values."""
    if y is None:
        raise InputError(_NO_TARGET)
    array = _shaped(_numbers(y), "y")
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


def read_classes(y: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(classes, y01)``: the two sorted labels, and 0.0 / 1.0 for each row (1 = the second label)."""
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
    _check_two_classes(classes)
    return classes, codes.astype(np.float64)


def check_classes_weighted(y01: np.ndarray, weights: np.ndarray | None, classes: np.ndarray) -> None:
    """Raise where all the weight lies on one class, which leaves nothing to tell apart."""
    if weights is None:
        return
    for code, other in ((0, 1), (1, 0)):
        if not weights[y01 == code].any():
            raise InputError(
                f"sample_weight is 0 on every row of class {_label(classes[code])}, so only class "
                f"{_label(classes[other])} is left and a classifier needs two classes. Give both classes "
                "some weight."
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


def _check_two_classes(classes: np.ndarray) -> None:
    if classes.size == 1:
        raise InputError(
            f"y has one class only ({_label(classes[0])}), and a classifier needs two classes. "
            "Check that the right column was given as the target and that no filter removed the other class."
        )
    if classes.size > 2:
        shown = ", ".join(_label(c) for c in classes[:5]) + (", ..." if classes.size > 5 else "")
        raise InputError(
            "Only binary classification is supported. The type of the target is multiclass: y has "
            f"{classes.size} classes ({shown}). Wrap the model, "
            "sklearn.multiclass.OneVsRestClassifier(PenalizedClassifier()), or merge the classes into two; "
            "for a numeric target use PenalizedRegressor."
        )


def _label(label: Any) -> str:
    return repr(label.item() if isinstance(label, np.generic) else label)

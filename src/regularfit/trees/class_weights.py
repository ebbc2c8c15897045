"""Weights of classes, multiplied into the weights of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from ..errors import InputError

__all__ = ["with_class_weight"]


def with_class_weight(
    class_weight: Any, classes: np.ndarray, codes: np.ndarray, weights: np.ndarray | None
) -> np.ndarray | None:
    """Return the weights of rows, times those of their classes.

    Parameters
    ----------
    class_weight : None, "balanced" or a dict from label to weight > 0; labels left out have weight 1.
    classes : the labels, sorted.
    codes : of the rows.
    weights : of the rows, or None.

    Raises
    ------
    InputError
        For anything else.

    Examples
    --------
    >>> with_class_weight({"b": 3}, np.array(["a", "b"]), np.array([0, 1]), None)
    array([1., 3.])
    """
    if class_weight is None:
        return weights
    if isinstance(class_weight, dict):
        _check(class_weight, classes.tolist())
    elif class_weight != "balanced":
        raise InputError(
            f"class_weight must be None, 'balanced' or a dict from label to weight; {class_weight!r} was given."
        )
    numbers = codes.astype(np.intp)
    each = compute_class_weight(class_weight, classes=classes, y=classes[numbers])[numbers]
    return each if weights is None else weights * each


def _check(class_weight: dict[Any, Any], labels: list[Any]) -> None:
    unknown = [label for label in class_weight if label not in labels]
    if unknown:
        raise InputError(f"class_weight names {unknown[0]!r}, which is no label of y.")
    bad = [label for label, weight in class_weight.items() if not weight > 0]
    if bad:
        raise InputError(
            f"class_weight gives {bad[0]!r} the weight {class_weight[bad[0]]!r}; give a number > 0."
        )

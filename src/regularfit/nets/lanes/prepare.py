"""From a user's X, y and folds to what lanes share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..._checks import check_choice, check_matrix, check_weights
from ...errors import InputError
from ...selection import make_folds
from ..augment.tables.columns import numeric
from .data import FoldScaling, LaneData, indices
from .settings import NetSettings

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What lanes share, and the labels behind the classes (None for a regression)."""

    data: LaneData
    classes: np.ndarray | None

    @property
    def task(self) -> str:
        """Return "classification" or "regression"."""
        return "regression" if self.classes is None else "classification"


def prepare(
    X: Any,
    y: Any,
    cv: Any,
    settings: NetSettings,
    *,
    sample_weight: Any,
    groups: Any,
    class_weight: str | None,
    standardize: bool,
    validation: float | str | None,
    device: Any,
    blocks: Sequence[Any],
) -> Prepared:
    """Check the data, make the folds and put everything on the device."""
    matrix = check_matrix(X)
    if not isinstance(matrix, np.ndarray):
        matrix = matrix.toarray()
    table = torch.as_tensor(np.ascontiguousarray(matrix, dtype=np.float32), device=device or "cpu")
    target, classes = _target(y, len(matrix))
    given = None if sample_weight is None else check_weights(sample_weight, len(matrix))
    folds = make_folds(cv, len(matrix), target, X=matrix, groups=groups, classifier=classes is not None, sample_weight=given)
    if classes is not None:
        _check_classes(target, folds, classes)
    train, watch, test = _rows(folds, target, classes is not None, validation, settings.seed)
    on = [[indices(rows, table.device) for rows in part] for part in (train, watch, test)]
    numbers = numeric(blocks, matrix.shape[1], table.device)
    values = torch.as_tensor(target, device=table.device)
    values = values if classes is not None else values.to(torch.float32).reshape(len(matrix), -1)
    scales = standardize and classes is None
    data = LaneData(
        table, values, _training_weight(given, target, classes, class_weight, table.device), *on,
        outputs=len(classes) if classes is not None else values.shape[1], blocks=tuple(blocks),
        scaling=FoldScaling.of(table, on[0], numbers) if standardize else None,
        y_scaling=FoldScaling.of(values, on[0]) if scales else None,
        score_weight=None if given is None else torch.as_tensor(given, dtype=torch.float32, device=table.device),
    )  # fmt: skip
    return Prepared(data, classes)


def _target(y: Any, n: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Return codes and labels of classes, or numbers and None."""
    values = np.asarray(y)
    if len(values) != n:
        raise InputError(f"y has {len(values)} entries but X has {n} rows; give one entry for every row.")
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise InputError("y holds NaN or infinity; drop those rows.")
        return values, None
    if values.ndim != 1:
        raise InputError(f"Labels must be (n,); y has shape {values.shape}.")
    classes, codes = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"y holds one class only ({classes[0]!r}), so there is nothing to learn.")
    return codes.astype(np.int64), classes


def _check_classes(codes: np.ndarray, folds: Any, classes: np.ndarray) -> None:
    for k, (train, _) in enumerate(folds):
        missing = np.setdiff1d(np.arange(len(classes)), codes[train])
        if len(missing):
            raise InputError(
                f"The training rows of fold {k} have no row of class {classes[missing[0]]!r}; use fewer folds, or leave "
                "out classes with fewer rows than folds."
            )


def _rows(
    folds: Any, target: np.ndarray, classification: bool, validation: float | str | None, seed: int
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Return training, watched and held-out rows of every fold."""
    train, test = [pair[0] for pair in folds], [pair[1] for pair in folds]
    if isinstance(validation, str):
        check_choice(validation, ("test",), "validation")
    if validation is None or isinstance(validation, str):
        return train, test, test
    from sklearn.model_selection import train_test_split

    if not 0 < validation < 1:
        raise InputError(f"validation must be a share of the training rows between 0 and 1; {validation!r} was given.")
    parts = [
        train_test_split(rows, test_size=validation, random_state=seed % 2**32, stratify=target[rows] if classification else None)
        for rows in train
    ]
    return [np.sort(a) for a, _ in parts], [np.sort(b) for _, b in parts], test


def _training_weight(
    given: np.ndarray | None, target: np.ndarray, classes: np.ndarray | None, class_weight: str | None, device: Any
) -> torch.Tensor | None:
    if class_weight is None:
        weight = given
    else:
        check_choice(class_weight, ("balanced",), "class_weight")
        if classes is None:
            raise InputError('class_weight="balanced" is for classes; y holds numbers.')
        own = np.ones(len(target)) if given is None else given
        total = np.bincount(target, weights=own)
        weight = own * (own.sum() / (len(classes) * total))[target]
    return None if weight is None else torch.as_tensor(weight, dtype=torch.float32, device=device)

"""From a user's X, y and folds to what lanes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils.class_weight import compute_class_weight

from ..._checks import check_choice
from ...errors import InputError
from ...inputs.raw_table import read_raw_table
from ...inputs.targets import read_classes, read_target, read_weights
from ...selection import make_folds
from ..estimators.rows import as_rows
from ..estimators.splitting import split_rows
from .data import FoldScaling, LaneData, indices
from .encode import FoldEncodings
from .face import Face

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What lanes share, how new rows are encoded, and the labels behind the classes (None for a regression)."""

    data: LaneData
    encodings: FoldEncodings
    classes: np.ndarray | None

    @property
    def task(self) -> str:
        """Return "classification" or "regression"."""
        return "regression" if self.classes is None else "classification"


def prepare(
    X: Any,
    y: Any,
    cv: Any,
    face: Face,
    *,
    sample_weight: Any,
    groups: Any,
    scaling: str,
    stops: bool,
    device: Any,
) -> Prepared:
    """Check the data, make the folds and put everything on the device.

    Parameters
    ----------
    stops : whether some setting stops early, so that rows of each fold's training part have to be watched.
    """
    X = as_rows(X)
    n, device = len(X), torch.device(device or "cpu")
    given = read_weights(sample_weight, n)
    target, classes = _target(y, n, face)
    folds = make_folds(cv, n, target, groups=groups, classifier=classes is not None, sample_weight=given)
    if classes is not None:
        _check_classes(target, folds, classes)
    outer = [np.sort(train) for train, _ in folds]
    train, watch, test = _parts(
        folds, outer, target if classes is not None else None, face if stops else None
    )
    raw = read_raw_table(X)  # once: folds take rows of what was read
    encodings = FoldEncodings.learn(raw, train, scaling)
    on = [[indices(rows, device) for rows in part] for part in (train, watch, test)]
    weight = None if given is None else torch.as_tensor(given, dtype=torch.float32, device=device)
    values = torch.as_tensor(target, device=device)
    y_scaling = None
    if classes is None:
        values = values.to(torch.float32).reshape(n, -1)
        y_scaling = FoldScaling.of(values, [indices(rows, device) for rows in outer], weight)
    data = LaneData(
        encodings.table(raw).to(device),
        values,
        weight if face.class_weight is None else _class_weighted(given, target, classes, face, device),
        *on,
        outputs=len(classes) if classes is not None else values.shape[1],
        blocks=encodings.blocks,
        y_scaling=y_scaling,
        score_weight=weight,
        bins=None if encodings.bins is None else torch.as_tensor(encodings.bins, device=device),
    )
    return Prepared(data, encodings, classes)


def _target(y: Any, n: int, face: Face) -> tuple[np.ndarray, np.ndarray | None]:
    """Return codes and labels of classes, or numbers and None."""
    kind = getattr(face.estimator, "_estimator_type", None) or type(face.estimator).__name__
    floats = np.asarray(y).dtype.kind == "f"
    if kind in ("regressor", "NetRegressor") or (face.estimator is None and floats):
        return np.asarray(read_target(y, n), dtype=np.float64), None
    classes, codes = read_classes(y, n)
    return codes.astype(np.int64), classes


def _check_classes(codes: np.ndarray, folds: Any, classes: np.ndarray) -> None:
    for k, (train, _) in enumerate(folds):
        missing = np.setdiff1d(np.arange(len(classes)), codes[train])
        if len(missing):
            raise InputError(
                f"The training rows of fold {k} have no row of class {classes[missing[0]]!r}; use fewer folds, or "
                "leave out classes with fewer rows than folds."
            )


def _parts(
    folds: Any, outer: list[np.ndarray], codes: np.ndarray | None, face: Face | None
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Return training, watched and held-out rows of every fold."""
    test = [np.asarray(pair[1]) for pair in folds]
    if face is None:
        return outer, test, test
    if isinstance(face.validation, str):
        check_choice(face.validation, ("test",), "validation")
        return outer, test, test
    train, watch = [], []
    for rows in outer:
        split = split_rows(
            len(rows), face.validation, None if codes is None else codes[rows], face.settings.seed
        )
        if split is None:
            raise InputError(
                f"A fold has {len(rows)} training rows, too few to set some apart for early stopping; leave "
                "EarlyStopping out."
            )
        train.append(rows[split[0]])
        watch.append(rows[split[1]])
    return train, watch, test


def _class_weighted(
    given: np.ndarray | None, codes: np.ndarray, classes: np.ndarray | None, face: Face, device: torch.device
) -> torch.Tensor:
    """Return training weights with those of the classes in them."""
    if classes is None:
        raise InputError(f"class_weight={face.class_weight!r} is for classes; y holds numbers.")
    if not isinstance(face.class_weight, dict):
        check_choice(face.class_weight, ("balanced",), "class_weight")
    each = compute_class_weight(face.class_weight, classes=classes, y=classes[codes])[codes]
    return torch.as_tensor(each if given is None else given * each, dtype=torch.float32, device=device)

"""What a model file holds of a linear estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..errors import InputError
from ..storage import Archive, Codec, take_params, write_archive

__all__ = ["extra_of", "rebuild", "save"]

_STATE = [
    "coef_",
    "intercept_",
    "classes_",
    "strength_",
    "penalty_",
    "candidates_",
    "paths_",
    "cvs_",
    "criteria_",
    "certificate_",
    "gamma_",
    "relaxed_cvs_",
    "n_features_in_",
    "feature_names_in_",
    "baseline_",
    "strata_",
]


def save(model: Any, path: Any, *, overwrite: bool = False, extra: Mapping[str, Any] | None = None) -> None:
    """Write a fitted estimator to ``path``; see its method ``save``.

    The file appears whole or not at all. Parameters that a file cannot hold (a scoring function, a penalty
    class of your own) are left out, and :func:`regularfit.load` says so; predictions never depend on them.

    Raises
    ------
    ModelFileError
        When the file exists already and ``overwrite`` is not True, or cannot be written.
    """
    check_is_fitted(model, "coef_")
    arrays: dict[str, np.ndarray] = {}
    codec, state = Codec(), {name: getattr(model, name) for name in _STATE if hasattr(model, name)}
    head = {
        "estimator": type(model).__name__,
        "params": {name: codec.encode(v, arrays) for name, v in model.get_params(deep=False).items()},
        "state": {name: codec.encode(value, arrays) for name, value in state.items()},
        "winner": _winner(model),
        "extra": codec.encode(dict(extra or {}), arrays),
    }
    write_archive(path, Archive(head, arrays), overwrite=overwrite)


def extra_of(archive: Archive) -> dict[str, Any]:
    """Return the further facts that were saved beside the model."""
    return dict(Codec().decode(archive.head["extra"], archive.arrays))


def rebuild(archive: Archive) -> Any:
    """Return the fitted estimator that an archive holds."""
    from .classifier import PenalizedClassifier
    from .cox import PenalizedCox
    from .regressor import PenalizedRegressor

    kinds = {c.__name__: c for c in (PenalizedRegressor, PenalizedClassifier, PenalizedCox)}
    head, codec = archive.head, Codec()
    params = {name: codec.decode(value, archive.arrays) for name, value in head["params"].items()}
    model = kinds[head["estimator"]](**take_params(params))
    for name in _STATE:
        if name in head["state"]:
            setattr(model, name, codec.decode(head["state"][name], archive.arrays))
    winner = head["winner"]
    model.path_ = model.paths_[winner]
    model.cv_ = None if model.cvs_ is None else model.cvs_[winner]
    if hasattr(model, "relaxed_cvs_"):
        model.relaxed_cv_ = None if model.relaxed_cvs_ is None else model.relaxed_cvs_[winner]
    model.criterion_ = None if model.criteria_ is None else model.criteria_[winner]
    _check_shapes(model)
    return model


def _check_shapes(model: Any) -> None:
    p = model.n_features_in_
    outputs = np.size(model.intercept_)
    if not isinstance(p, int) or np.size(model.coef_) != p * outputs or outputs != (model.path_.outputs or 1):
        raise InputError(f"{np.size(model.coef_)} coefficients for {p} columns")


def _winner(model: Any) -> int:
    return next(k for k, path in enumerate(model.paths_) if path is model.path_)

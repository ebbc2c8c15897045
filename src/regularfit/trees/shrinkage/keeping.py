"""A shrunk model in a model file: its trees as arrays, and the columns of a model that came fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import UnsupportedError
from ..columns import TreeColumns
from ..structure import read_trees
from ..structure.read import engine_of
from ..structure.stored import arrays_of, ensemble_of
from .respond import Response, responder
from .stored_model import StoredModel

if TYPE_CHECKING:
    from ..model_file import Parts

__all__ = ["numbers_of", "put_shrunk", "shrunk_of"]


def put_shrunk(model: Any, parts: Parts) -> None:
    """Keep the trees of a shrunk model, and what it does with their sum.

    Raises
    ------
    UnsupportedError
        Where trees and columns alone do not say what the model predicts.
    """
    if isinstance(model, StoredModel):
        trees, respond = model.trees, model.respond
    else:
        _check_missing(model)
        trees, respond = read_trees(model), _response(model)
    parts.arrays |= {f"trees/{name}": array for name, array in arrays_of(trees).items()}
    parts.facts["respond"] = [respond.kind, respond.steepness]


def shrunk_of(parts: Parts) -> StoredModel:
    """Return what :func:`put_shrunk` kept."""
    start = "trees/"
    arrays = {name.removeprefix(start): a for name, a in parts.arrays.items() if name.startswith(start)}
    kind, steepness = parts.facts["respond"]
    return StoredModel(ensemble_of(arrays), Response(str(kind), float(steepness)))


def numbers_of(model: Any) -> TreeColumns:
    """Return the columns of a model that was fitted elsewhere, all of them numbers.

    Raises
    ------
    UnsupportedError
        For a model that turns categories into codes in a way of its own, and for a booster without the interface of
        scikit-learn, which takes data in a form of its own.
    """
    name = type(model).__name__
    if not hasattr(model, "get_params"):
        raise UnsupportedError(
            f"A bare {name} was given to Shrunk fitted, and takes data in a form of its own, which a model file cannot "
            "hold. Save model_ by means of its engine, or give a model of the engine's scikit-learn interface."
        )
    if _HAS_CATEGORIES[engine_of(model)](model):
        raise UnsupportedError(
            f"This {name} was given to Shrunk fitted, on columns with categories, and knows their codes in a way of "
            "its own, which a model file cannot hold. Give it unfitted (Shrunk then reads the categories itself), or "
            "save model_ by means of its engine."
        )
    return TreeColumns((None,) * int(model.n_features_in_), _names(model))


def _names(model: Any) -> tuple[str, ...] | None:
    found = getattr(model, "feature_names_in_", None)
    if found is None:
        return None
    names = tuple(str(name) for name in found)
    made_up = names == tuple(f"Column_{j}" for j in range(len(names)))  # by LightGBM, for arrays
    return None if made_up else names


def _hist(model: Any) -> bool:
    return model.is_categorical_ is not None and bool(np.any(model.is_categorical_))


def _lightgbm(model: Any) -> bool:
    return bool(model.booster_.pandas_categorical)  # codes given as numbers are numbers for a file, too


def _xgboost(model: Any) -> bool:
    return "c" in (model.get_booster().feature_types or [])


_HAS_CATEGORIES = {
    "trees": lambda _: False,
    "gradient_boosting": lambda _: False,
    "hist": _hist,
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
}


def _check_missing(model: Any) -> None:
    """Refuse a number that stands for a missing value: only XGBoost itself knows of it."""
    if engine_of(model) != "xgboost" or not hasattr(model, "get_params"):
        return
    if model.missing is not None and not np.isnan(model.missing):
        raise UnsupportedError(
            f"XGBoost was told that {model.missing:g} is a missing value, which the trees in a model file do not know. "
            "Write missing values as NaN, and leave missing= out."
        )


def _response(model: Any) -> Response:
    try:
        return responder(model)
    except UnsupportedError as error:
        raise UnsupportedError(
            f"A model file holds trees, and does not know what this {type(model).__name__}'s objective makes of their "
            "sum. Save model_ by means of its engine, or fit with an objective for numbers or classes."
        ) from error

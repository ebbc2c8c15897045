"""What each knob is called in each engine: the one table, from which the documentation prints its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._checks import check_choice, check_positive
from ..errors import InputError, UnsupportedError
from .regularisation import Regularisation

__all__ = ["ENGINES", "KNOBS", "Scale", "engines_with", "translate", "translation_table"]

ENGINES = {
    "lightgbm": "LightGBM",
    "xgboost": "XGBoost",
    "sklearn": "scikit-learn's HistGradientBoosting",
    "tree": "scikit-learn's decision trees",
    "forest": "scikit-learn's random forests",
    "extra_trees": "scikit-learn's extra trees",
}


@dataclass(frozen=True, slots=True)
class Scale:
    """What turns units of ours into those of an engine, for one loss and one set of rows.

    Parameters
    ----------
    curvature : of the loss at one row before the first tree.
    root_gain : of the first split of the first tree, in the engine's unit; None where it is not known.
    """

    curvature: float = 1.0
    root_gain: float | None = None


Write = Callable[[Any, Scale], dict[str, Any]]


def _as(name: str, **more: Any) -> Write:
    return lambda value, _: {name: value, **more}


def _in_curvature(name: str) -> Write:
    return lambda value, scale: {name: value * scale.curvature}


def _of_root(name: str) -> Write:
    def write(value: float, scale: Scale) -> dict[str, Any]:
        if value == 0:
            return {name: 0.0}
        if scale.root_gain is None:
            raise InputError(
                "split_toll is a share of the gain of the first split, which only data tell: give root_gain, or let "
                "an estimator of regularfit.trees translate it."
            )
        return {name: value * scale.root_gain}

    return write


def _leaf_wise(leaves: int, _: Scale) -> dict[str, Any]:
    """XGBoost heeds a number of leaves, and grows the best leaf first, only in this way."""
    return {"max_leaves": leaves, "grow_policy": "lossguide"}


_OF_TREES = {
    "split_toll": _of_root("min_impurity_decrease"),
    "min_rows": _as("min_samples_leaf"),
    "max_depth": _as("max_depth"),
    "leaves": _as("max_leaf_nodes"),
    "column_sampling": _as("max_features"),
}
_OF_FORESTS = {**_OF_TREES, "row_sampling": _as("max_samples", bootstrap=True)}

KNOBS: dict[str, dict[str, Write]] = {
    "lightgbm": {
        "leaf_l2": _in_curvature("reg_lambda"),
        "leaf_l1": _as("reg_alpha"),
        "split_toll": _of_root("min_split_gain"),
        "min_rows": _as("min_child_samples"),
        "max_depth": _as("max_depth"),
        "leaves": _as("num_leaves"),
        "row_sampling": _as("subsample", subsample_freq=1),  # without a frequency LightGBM draws nothing
        "column_sampling": _as("feature_fraction_bynode"),
        "tree_dropout": _as("drop_rate", boosting_type="dart", skip_drop=0.0, max_drop=0),
        "learning_rate": _as("learning_rate"),
        "rounds": _as("n_estimators"),
        "path_smoothing": _as("path_smooth"),
    },
    "xgboost": {
        "leaf_l2": _in_curvature("reg_lambda"),
        "leaf_l1": _as("reg_alpha"),
        "split_toll": _of_root("gamma"),
        "min_rows": _in_curvature("min_child_weight"),
        "max_depth": _as("max_depth"),
        "leaves": _leaf_wise,
        "row_sampling": _as("subsample"),
        "column_sampling": _as("colsample_bynode"),
        "tree_dropout": _as("rate_drop", booster="dart", skip_drop=0.0),
        "learning_rate": _as("learning_rate"),
        "rounds": _as("n_estimators"),
    },
    "sklearn": {
        "leaf_l2": _in_curvature("l2_regularization"),
        "min_rows": _as("min_samples_leaf"),
        "max_depth": _as("max_depth"),
        "leaves": _as("max_leaf_nodes"),
        "column_sampling": _as("max_features"),
        "learning_rate": _as("learning_rate"),
        "rounds": _as("max_iter"),
    },
    "tree": _OF_TREES,
    "forest": _OF_FORESTS,
    "extra_trees": _OF_FORESTS,
}


def translate(
    regularisation: Regularisation, engine: str, curvature: float = 1.0, root_gain: float | None = None
) -> dict[str, Any]:
    """Return the engine's parameters; see :meth:`Regularisation.to`."""
    check_choice(engine, tuple(ENGINES), "engine")
    scale = Scale(check_positive(curvature, "curvature"), root_gain)
    found: dict[str, Any] = {}
    for knob, value in regularisation.knobs.items():
        write = KNOBS[engine].get(knob)
        if write is None:
            raise UnsupportedError(
                f"{ENGINES[engine]} has no {knob}. Engines that have it: {', '.join(engines_with(knob))}. Choose one "
                f"of them, or leave {knob} out."
            )
        found |= write(value, scale)
    return found


def engines_with(knob: str) -> list[str]:
    """Return the names of the engines that have a knob.

    >>> engines_with("path_smoothing")
    ['lightgbm']
    """
    return [engine for engine, knobs in KNOBS.items() if knob in knobs]


def translation_table() -> list[dict[str, str]]:
    """Return one row a knob: its name, and what it becomes in every engine ("" where there is nothing).

    >>> translation_table()[0]["xgboost"]
    'reg_lambda = value * h'
    """
    knobs = list(Regularisation.__dataclass_fields__)
    return [{"knob": knob} | {engine: _shown(engine, knob) for engine in ENGINES} for knob in knobs]


def _shown(engine: str, knob: str) -> str:
    """Show what a value becomes, with the names of what it is multiplied by."""
    write = KNOBS[engine].get(knob)
    if write is None:
        return ""
    plain = write(1, Scale(1.0, 1.0))
    curved = write(1, Scale(2.0, 1.0)) != plain
    tolled = write(1, Scale(1.0, 2.0)) != plain
    first, *more = plain.items()
    unit = " * h" if curved else " * root gain" if tolled else ""
    return ", ".join([f"{first[0]} = value{unit}", *(f"{name} = {value!r}" for name, value in more)])

"""How rows and targets reach the model inside: encoded by us where we fit it, as they come where it is fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils import _safe_indexing, check_random_state

from ..._typing import Indices, Vector
from ...errors import InputError, UnsupportedError
from ...selection import Fold, fold_weights
from ..columns import TreeColumns
from ..knob_cv import KnobCV
from ..structure.read import engine_of
from .held_out import fold_losses

__all__ = ["Workshop", "check_kind", "seeded", "wants_indicators"]

_SPLIT_NUMBERS_ONLY = ("trees", "gradient_boosting")


@dataclass(frozen=True, eq=False)
class Workshop:
    """Everything that it takes to fit the model inside on some rows.

    Parameters
    ----------
    model : unfitted.
    rows : a matrix, or whatever table the model was fitted on.
    target : numbers, or codes of classes.
    labels : what the model is fitted on, (n,): the target, or the labels where the model was given fitted.
    weights : of the rows, or None.
    fit_settings : further arguments of the model's ``fit``.
    """

    model: Any
    rows: Any
    target: np.ndarray
    labels: np.ndarray
    weights: Vector | None
    fit_settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def encoded(
        cls,
        model: Any,
        columns: TreeColumns,
        matrix: np.ndarray,
        target: np.ndarray,
        weights: Vector | None,
        random_state: Any,
    ) -> Workshop:
        """Return the workshop of a model that is fitted by us on the columns of a table."""
        model, settings = _with_categories(seeded(clone(model), random_state), columns)
        return cls(model, matrix, target, target, weights, settings)

    def fitted(self, rows: Indices | None = None) -> tuple[Any, np.ndarray | None]:
        """Return the model fitted on some rows, or all, and the codes that its classes stand for."""
        part = slice(None) if rows is None else rows
        settings = dict(self.fit_settings)
        if self.weights is not None:
            settings["sample_weight"] = self.weights[part]
        labels, classes = self.labels[part], None
        if is_classifier(self.model):
            classes, codes = np.unique(self.target[part], return_inverse=True)
            if self.labels is self.target:  # 0, 1, ... without gaps, as XGBoost wants them
                labels = codes
        model: Any = clone(self.model)
        return model.fit(self.taken(rows), labels, **settings), classes

    def cross_validated(self, strengths: Vector, folds: list[Fold]) -> KnobCV:
        """Return held-out scores at every strength, (S,) decreasing, from one fit a fold."""
        losses: list[Vector] = []
        for train, test in folds:
            model, classes = self.fitted(train)
            held = np.ones(len(test)) if self.weights is None else self.weights[test]
            losses.append(fold_losses(model, self.taken(test), self.target[test], held, strengths, classes))
        name = "mean log-loss" if is_classifier(self.model) else "mean squared error"
        weights = fold_weights(folds, self.weights)
        return KnobCV(strengths, np.column_stack(losses), weights, name, False, "shrinkage", strengths)

    def taken(self, rows: Indices | None) -> Any:
        """Return some rows of the table."""
        return self.rows if rows is None else _safe_indexing(self.rows, rows)


def wants_indicators(model: Any) -> bool:
    """Whether the engine splits numbers only, so that categories become one column a level."""
    return engine_of(model) in _SPLIT_NUMBERS_ONLY


def check_kind(model: Any) -> None:
    """Refuse what is neither a regressor nor a classifier of scikit-learn's kind."""
    if not hasattr(model, "get_params"):
        raise UnsupportedError(
            f"A bare {type(model).__name__} cannot be fitted on folds, so its strength cannot be chosen. Give "
            "strength=... as a number, or a model of the engine's scikit-learn interface."
        )
    if not (is_classifier(model) or is_regressor(model)):
        raise UnsupportedError(
            f"{type(model).__name__} is neither a regressor nor a classifier, so held-out rows cannot be scored."
        )


def seeded(model: Any, random_state: Any) -> Any:
    """Return the model with a seed where it has none, so that the same call gives the same model."""
    if "random_state" in model.get_params(deep=False) and model.random_state is None:
        seed = int(check_random_state(0 if random_state is None else random_state).randint(2**31 - 1))
        model.set_params(random_state=seed)
    return model


def _with_categories(model: Any, columns: TreeColumns) -> tuple[Any, dict[str, Any]]:
    """Tell the engine which columns hold codes of categories."""
    categories = list(columns.categories)
    if not categories:
        return model, {}
    engine = engine_of(model)
    if engine == "lightgbm":
        return model, {"categorical_feature": categories}
    if engine == "xgboost":
        kinds = ["c" if j in categories else "q" for j in range(len(columns.levels))]
        return model.set_params(enable_categorical=True, feature_types=kinds), {}
    if model.categorical_features in (None, "from_dtype"):
        return model.set_params(categorical_features=categories), {}
    raise InputError(
        "The table holds categories, and the model has categorical_features of its own. Leave them out: Shrunk finds "
        "the categories of the table."
    )

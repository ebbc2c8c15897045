"""Fitting what is shrunk: a model of our own or a copy of a fitted one, its strength, and the shrunk values."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from ..._checks import check_choice
from ..._typing import Vector
from ...errors import GridEdgeWarning, InputError
from ...inputs.targets import check_classes_weighted, read_classes, read_target, read_weights
from .._estimator import TreeEstimator
from .._folds import folds_for
from ..knob_cv import KnobCV
from ..structure import Ensemble, read_trees
from ..structure.read import engine_of, is_fitted
from .fingerprint import fingerprint
from .intake import Workshop, check_kind, wants_indicators
from .path import ShrinkagePath, strength_grid
from .shrink import check_strength, copied, write_shrunk

__all__ = ["FitsShrunk"]


class FitsShrunk(TreeEstimator):
    """How :class:`~regularfit.trees.Shrunk` is fitted; its docstring says what the parameters mean."""

    model: Any
    strength: Any
    strengths: Any
    select: str
    cv: Any
    random_state: Any

    model_: Any
    strength_: float
    cv_: KnobCV | None
    path_: ShrinkagePath
    classes_: np.ndarray
    _given: tuple[Any, str] | None  # a model that came fitted, and its fingerprint
    _print: str | None  # the fingerprint of model_

    def fit(self, X: Any = None, y: Any = None, *, sample_weight: Any = None, groups: Any = None) -> Any:
        """Fit the model where it is not, choose the strength where none is given, and shrink.

        Parameters
        ----------
        X : a table or an (n, p) array; for a fitted model in the form that it takes.
        y : (n,) the target.
        sample_weight : (n,) numbers >= 0, or None.
        groups : (n,) labels of rows that stay in one fold, or None.

        Raises
        ------
        InputError
            For data or settings that cannot be used.
        UnsupportedError
            For a model without trees that can be read.

        Warns
        -----
        FewerFoldsWarning
            Where ``cv=None`` and there are fewer rows, groups or members of a class than the usual number of folds.
        GridEdgeWarning
            Where the chosen strength is at an edge of a grid of one's own.
        """
        check_choice(self.select, ("min", "1se"), "select")
        strength = None if self.strength is None or self.strength == "cv" else check_strength(self.strength)
        if self.model is None:
            raise InputError("Shrunk needs a model: Shrunk(DecisionTreeRegressor()), for example.")
        engine_of(self.model)
        if is_fitted(self.model):
            return self._fit_given(strength, X, y, sample_weight, groups)
        check_kind(self.model)
        matrix = self._learn_columns(X, indicators=wants_indicators(self.model))
        if len(matrix) < 2:
            raise InputError(
                "X has n_samples = 1; a tree needs two rows at least, and some hundreds to be of use."
            )
        weights = read_weights(sample_weight, len(matrix))
        target = self._read_target(y, len(matrix), weights)
        workshop = Workshop.encoded(self.model, self.columns_, matrix, target, weights, self.random_state)
        self._given = None
        fitted, _ = workshop.fitted()
        return self._shrink(fitted, read_trees(fitted), strength, workshop, groups)

    def _fit_given(self, strength: float | None, X: Any, y: Any, sample_weight: Any, groups: Any) -> Any:
        """Shrink a copy of a model that is fitted already."""
        for name in ("columns_", "n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                delattr(self, name)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.model, name):
                setattr(self, name, getattr(self.model, name))
        if hasattr(self.model, "classes_"):
            self.classes_ = np.asarray(self.model.classes_)
        workshop = None
        if strength is None:
            check_kind(self.model)
            workshop = self._workshop_of_given(X, y, sample_weight)
        self._given = (self.model, fingerprint(self.model))
        return self._shrink(copied(self.model), read_trees(self.model), strength, workshop, groups)

    def _workshop_of_given(self, X: Any, y: Any, sample_weight: Any) -> Workshop:
        if X is None or y is None:
            raise InputError(
                "Choosing the strength needs the rows that the model was fitted on: fit(X, y). Or give strength=... as "
                "a number."
            )
        labels = np.asarray(y)
        weights = read_weights(sample_weight, len(labels))
        known = self.classes_ if is_classifier(self.model) else None
        target = self._read_target(y, len(labels), weights)
        if known is not None and not np.array_equal(known, self.classes_):
            self.classes_ = known
            raise InputError("y holds other classes than the model was fitted on; give the rows of its fit.")
        return Workshop(self.model, X, target, labels, weights)

    def _read_target(self, y: Any, n: int, weights: Vector | None) -> np.ndarray:
        if not is_classifier(self.model):
            return read_target(y, n)
        self.classes_, codes = read_classes(y, n)
        check_classes_weighted(codes, weights, self.classes_)
        return codes.astype(np.intp)

    def _shrink(
        self, fitted: Any, trees: Ensemble, strength: float | None, workshop: Workshop | None, groups: Any
    ) -> Any:
        """Choose a strength where none is given, and write it into a fitted model of our own."""
        grid = strength_grid(self.strengths, trees)
        self.path_, self.cv_ = ShrinkagePath.of(trees, grid), None
        if strength is None and workshop is not None:
            classes = self.classes_ if is_classifier(self.model) else None
            folds = folds_for(self, workshop.rows, workshop.target, workshop.weights, groups, classes)
            self.cv_ = workshop.cross_validated(grid, folds)
            index = self.cv_.index_min if self.select == "min" else self.cv_.index_1se
            strength = float(grid[index])
            self._warn_of_edge(index)
        self.strength_ = float(strength or 0.0)
        write_shrunk(fitted, trees, self.strength_)
        self.model_ = fitted
        self._print = fingerprint(fitted)
        return self

    def _warn_of_edge(self, index: int) -> None:
        """Warn where a grid of the user's own ends at the choice."""
        if isinstance(self.strengths, int) or len(self.path_) < 2:
            return
        at = self.path_.strengths[index]
        if index == 0 or (index == len(self.path_) - 1 and at > 0):
            way = "larger" if index == 0 else "smaller"
            warnings.warn(
                f"The chosen strength {at:.3g} is the {'first' if index == 0 else 'last'} of the grid, so a better one "
                f"may lie outside. Give {way} strengths, or their number.",
                GridEdgeWarning,
                stacklevel=4,
            )

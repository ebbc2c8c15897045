"""What all estimators of this room share: how tables come in, model files, and what scikit-learn is told."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .columns import TreeColumns

__all__ = ["TreeEstimator"]


class TreeEstimator(BaseEstimator):
    """Tables with categories and missing values in, names and number of columns remembered."""

    columns_: TreeColumns
    n_features_in_: int
    feature_names_in_: np.ndarray

    def _learn_columns(self, X: Any, *, indicators: bool = False) -> np.ndarray:
        """Remember the columns of ``X`` and return it as a matrix."""
        self._keep_columns(TreeColumns.learn(X, indicators=indicators))
        return self.columns_.encode(X)

    def _keep_columns(self, columns: TreeColumns) -> None:
        """Remember columns; apart from learning them, for a fit that keeps nothing unless all of it went well."""
        self.columns_ = columns
        self.n_features_in_ = len(columns.levels)
        if columns.names is not None:
            self.feature_names_in_ = np.asarray(columns.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _matrix(self, X: Any) -> np.ndarray:
        """Return new rows as a matrix, held against the columns of fit."""
        check_is_fitted(self, "columns_")
        return self.columns_.encode(X, type(self).__name__)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False, extra: Any = None) -> None:
        """Write the fitted model to a file that :func:`regularfit.load` reads back; no pickle in it.

        Parameters
        ----------
        path : where to write; ``.rfit`` is the usual ending.
        overwrite : whether an existing file may be replaced.
        extra : further facts (JSON values and arrays) to keep beside the model.
        """
        from .model_file import save

        save(self, path, overwrite=overwrite, extra=extra)

    def __sklearn_tags__(self) -> Any:
        """Say that missing values and categories are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

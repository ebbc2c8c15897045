"""What is compared with what: expected targets of regressors, probabilities of classifiers, as (m, K) arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from .._checks import check_vector
from ..errors import InputError, UnsupportedError
from ..linear import PenalizedClassifier
from ..losses import SquaredHinge

__all__ = ["Kind"]


@dataclass(frozen=True, eq=False)
class Kind:
    """Whether numbers or classes are predicted, and which.

    Errors are squares summed over the K columns of a row times ``share``: of several targets the mean; of two classes
    the square for the second; of more the sum over the classes (Brier, 1950).
    """

    classes: np.ndarray | None
    columns: int

    @classmethod
    def of(cls, estimator: Any, y: Any) -> Kind:
        """Return the kind of an estimator's target."""
        values = np.asarray(y)
        if not is_classifier(estimator):
            return cls(None, 1 if values.ndim == 1 else values.shape[1])
        margin = isinstance(estimator, PenalizedClassifier) and isinstance(estimator._loss(), SquaredHinge)
        if margin or not hasattr(estimator, "predict_proba"):
            raise UnsupportedError(
                f"{type(estimator).__name__} predicts labels without probabilities, and their errors do not come apart "
                "into bias and variance. Use a classifier with predict_proba, such as PenalizedClassifier()."
            )
        classes = np.unique(values)
        return cls(classes, 1 if len(classes) == 2 else len(classes))

    @property
    def share(self) -> float:
        """What the mean over all (m, K) entries is multiplied with, for the mean over rows."""
        return 1.0 if self.classes is None else float(self.columns)

    @property
    def loss_name(self) -> str:
        """What the error is called."""
        return "squared error" if self.classes is None else "Brier score"

    def targets(self, y: Any) -> np.ndarray:
        """Return the targets as numbers, (n, K): classes as zeros and ones."""
        if self.classes is None:
            return np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        values = np.asarray(y)
        hits = (values[:, None] == self.classes[None, :]).astype(np.float64)
        return hits[:, 1:] if self.columns == 1 else hits

    def expectations(self, model: Any, X: Any, **extra: Any) -> np.ndarray:
        """Return what a fitted estimator expects, (m, K); a class that it has never seen has probability 0."""
        if self.classes is None:
            return np.asarray(model.predict(X, **extra), dtype=np.float64).reshape(-1, self.columns)
        seen = np.asarray(model.predict_proba(X, **extra), dtype=np.float64)
        chances = np.zeros((len(seen), len(self.classes)))
        chances[:, np.searchsorted(self.classes, model.classes_)] = seen
        return chances[:, 1:] if self.columns == 1 else chances

    def truth(self, given: Any, X: Any, m: int) -> np.ndarray:
        """Return the true expectation at the test points, (m, K), from values or a function of X."""
        values = np.asarray(given(X) if callable(given) else given, dtype=np.float64)
        if self.classes is not None and values.ndim == 2 and values.shape[1] == 2 == len(self.classes):
            values = values[:, 1]
        if values.size != m * self.columns or len(values) != m:
            wanted = f"({m},)" if self.columns == 1 else f"({m}, {self.columns})"
            what = (
                "the expected target"
                if self.classes is None
                else "the probability of "
                + (f"{self.classes[1]}" if self.columns == 1 else f"each of {len(self.classes)} classes")
            )
            raise InputError(
                f"truth has shape {values.shape}, but at {m} test points it must be {wanted}: {what}."
            )
        check_vector(values.ravel(), name="truth")
        if self.classes is not None and ((values < 0) | (values > 1)).any():
            raise InputError("truth must hold probabilities between 0 and 1 for a classifier.")
        return values.reshape(m, self.columns)

    def noise_of(self, truth: np.ndarray) -> float:
        """Return the variance of a class given its probabilities, mean over the points."""
        return float((truth * (1 - truth)).sum(axis=1).mean())

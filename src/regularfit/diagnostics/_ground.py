"""The rows and the penalty of a fitted model as a Bayesian sees them: checked arrays on the penalty's own scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import check_is_fitted

from .._typing import Indices, Matrix, Vector
from ..designs import Design, as_design
from ..errors import InputError, UnsupportedError
from ..inputs.table import FittedColumns, Table, read_table
from ..inputs.targets import read_classes, read_offset, read_target, read_weights
from ..linear import PenalizedClassifier, PenalizedRegressor, fit_path
from ..losses import Logistic, Loss, Squared
from ..penalties import Coordinates, NormalFormPenalty

__all__ = ["Ground", "check_rows_of", "dense", "read_ground", "refit"]

TIGHT = 1e-9  # relative duality gap of a mode


@dataclass(frozen=True, eq=False)
class Ground:
    """What a posterior is made of; rows of weight zero are left out.

    Parameters
    ----------
    X : (n, p) columns less ``centre``, float64.
    y : (n,) target, or 0 and 1.
    offset : (n,)
    weights : (n,) summing to n.
    centre, spread : (p,) what was subtracted (zeros without an intercept); the unit in which a column is penalised.
    inside, free : numbers of the penalised columns, and of those without a penalty; all others are held at zero.
    l1, l2 : of the penalised columns.
    intercept : whether there is one.
    names : (p,) or None.
    loss, penalty, standardize : of the model, names of columns resolved.
    """

    X: Matrix
    y: Vector
    offset: Vector
    weights: Vector
    centre: Vector
    spread: Vector
    inside: Indices
    free: Indices
    l1: Vector
    l2: Vector
    intercept: bool
    names: tuple[str, ...] | None
    loss: Loss
    penalty: NormalFormPenalty
    standardize: bool

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.y)

    @property
    def p(self) -> int:
        """Columns of X as it was given."""
        return self.X.shape[1]

    def penalised(self) -> Matrix:
        """The penalised columns in the penalty's unit, (n, k)."""
        return self.X[:, self.inside] / self.spread[self.inside]

    def unpenalised(self) -> Matrix:
        """What a flat prior holds: the intercept's ones and the columns without a penalty, (n, q)."""
        ones = np.ones((self.n, int(self.intercept)))
        return np.hstack([ones, self.X[:, self.free]])

    def eta(self, coef: Vector, intercept: float) -> Vector:
        """The linear predictor at coefficients on the scale of X."""
        return self.offset + self.X @ coef + (intercept + self.centre @ coef)

    def objective(self, coef: Vector, intercept: float, strength: float) -> float:
        """The model's objective at coefficients on the scale of X."""
        b = coef[self.inside] * self.spread[self.inside]
        penalty = self.l1 @ np.abs(b) + 0.5 * (self.l2 @ b**2)
        loss = self.weights @ self.loss.value(self.y, self.eta(coef, intercept)) / self.n
        return float(loss + strength * penalty)


def read_ground(model: Any, X: Any, y: Any, sample_weight: Any, offset: Any) -> Ground:
    """Return the ground of a fitted model and the rows it was fitted on; refuse what has no posterior here."""
    check_is_fitted(model, "coef_")
    _check_model(model)
    names = getattr(model, "feature_names_in_", None)
    seen = FittedColumns(None if names is None else tuple(names), model.n_features_in_, type(model).__name__)
    table = read_table(X, fitted=seen)
    target = _target(model, y, table.n)
    weights = read_weights(sample_weight, table.n)
    known = read_offset(offset, table.n)
    weights = np.ones(table.n) if weights is None else weights
    rows = np.flatnonzero(weights)
    weights = weights[rows] * (len(rows) / weights[rows].sum())
    values = dense(table)[rows]
    mean, deviation = (found[0] for found in as_design(values).moments(weights[None, :] / len(rows)))
    still = deviation == 0
    centre = np.where(model.fit_intercept, mean, 0.0)
    held = still & bool(model.fit_intercept or model.standardize)
    spread = np.where(still, 1.0, deviation) if model.standardize else np.ones(table.p)
    penalty, form = _form(model, table)
    inside = np.flatnonzero(form.penalised & ~np.isinf(form.l1) & ~held)
    if not len(inside):
        raise UnsupportedError(
            "The model penalises no column that varies, so there is no prior to speak of; least squares has the same "
            "intervals."
        )
    return Ground(
        values - centre,
        target[rows],
        np.zeros(len(rows)) if known is None else known[rows],
        weights,
        centre,
        spread,
        inside,
        np.flatnonzero(~form.penalised & ~held),
        form.l1[inside],
        form.l2[inside],
        bool(model.fit_intercept),
        table.names,
        Logistic() if isinstance(model, PenalizedClassifier) else Squared(),
        penalty,
        bool(model.standardize),
    )


def refit(ground: Ground, strengths: Any) -> tuple[Matrix, Vector]:
    """Coefficients (L, p) and intercepts (L,) on the scale of X of tight fits at some strengths, decreasing."""
    path = fit_path(
        ground.X,
        ground.y,
        ground.penalty,
        loss=ground.loss,
        strengths=strengths,
        standardize=ground.standardize,
        fit_intercept=ground.intercept,
        tol=TIGHT,
        sample_weight=ground.weights,
        offset=ground.offset,
    )
    return path.coefs, path.intercepts - path.coefs @ ground.centre


def check_rows_of(model: Any, ground: Ground, coef: Vector, intercept: float) -> None:
    """Refuse rows on which the model's own strength has another solution than the model."""
    strength, middle = float(model.strength_), float(ground.weights @ ground.y) / ground.n
    own = ground.objective(np.ravel(model.coef_), float(np.ravel(model.intercept_)[0]), strength)
    best = ground.objective(coef, intercept, strength)
    start = np.zeros(ground.p)
    usual = ground.objective(start, middle if isinstance(ground.loss, Squared) else 0.0, strength)
    if own - best > max(10 * model.tol, 1e-6) * max(usual, best):
        raise InputError(
            f"The model does not solve its problem on these rows: its objective there is {own:.6g}, the smallest is "
            f"{best:.6g}. Give the X, y, sample_weight and offset it was fitted on (and a model that has converged)."
        )


def dense(table: Table) -> Matrix:
    """The table's numbers as a dense float64 array."""
    if isinstance(table.values, Design):
        raise UnsupportedError(
            "diagnostics needs the numbers of X; give an array, a sparse matrix or a table."
        )
    values: Any = table.values.toarray() if sp.issparse(table.values) else table.values
    return np.asarray(values, dtype=np.float64)


def _check_model(model: Any) -> None:
    if not isinstance(model, (PenalizedRegressor, PenalizedClassifier)):
        raise UnsupportedError(
            f"A posterior is known for PenalizedRegressor and PenalizedClassifier; {type(model).__name__} was given."
        )
    loss = getattr(model.loss, "name", model.loss)
    if isinstance(model, PenalizedRegressor) and loss != "squared":
        raise UnsupportedError(
            f"A posterior is known for the squared loss, and for two classes with loss='logistic'; {loss!r} was given."
        )
    if isinstance(model, PenalizedClassifier) and (loss != "logistic" or len(model.classes_) > 2):
        raise UnsupportedError(
            f"The Laplace approximation is for two classes with loss='logistic'; loss={loss!r} with "
            f"{len(model.classes_)} classes was given. Fit one class against the rest."
        )
    if np.ndim(model.coef_) == 2 and isinstance(model, PenalizedRegressor):
        raise UnsupportedError(
            "The target has several columns; fit each of them by itself, and ask for its posterior."
        )
    if getattr(model, "gamma_", 1.0) != 1.0 or getattr(model, "linear_constraints", None) is not None:
        raise UnsupportedError(
            "Relaxed fits and linear constraints are no mode of a posterior here; fit without relax and "
            "linear_constraints."
        )


def _form(model: Any, table: Table) -> tuple[NormalFormPenalty, Coordinates]:
    penalty = model.penalty_.resolve(table.names)
    if not isinstance(penalty, NormalFormPenalty) or not penalty.convex:
        raise UnsupportedError(
            f"{model.penalty_!r} is no prior that can be sampled here; L1, L2 and ElasticNet are, with factors and "
            "excluded columns."
        )
    form = penalty.coordinates(table.p)
    if np.isfinite(form.lower).any() or np.isfinite(form.upper).any():
        raise UnsupportedError(
            f"{model.penalty_!r} has bounds, which cut the prior off; fit the same penalty without bounds."
        )
    return penalty, form


def _target(model: Any, y: Any, n: int) -> Vector:
    if isinstance(model, PenalizedRegressor):
        target = read_target(y, n)
        if target.ndim == 2:
            raise InputError(
                f"y has {target.shape[1]} columns, but the model was fitted to one; give that one."
            )
        return target
    classes, codes = read_classes(y, n)
    if not np.array_equal(classes, model.classes_):
        raise InputError(
            f"y holds the classes {classes.tolist()}, but the model was fitted to {model.classes_.tolist()}; give the "
            "rows it was fitted on."
        )
    return codes

"""A fit seen in two columns: the loss as a quadratic of two coefficients, and what the penalty is of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._checks import did_you_mean
from .._typing import Indices, Matrix, Vector
from ..designs import as_design
from ..errors import InputError, UnsupportedError
from ..inputs.table import FittedColumns, Table, read_table
from ..inputs.targets import read_offset, read_target, read_weights
from ..penalties import NormalFormPenalty
from ._ground import dense

__all__ = ["Plane", "plane_of_shape", "read_plane"]

COPIES = 1e-8  # smallest over largest eigenvalue of two columns that can be told apart


@dataclass(frozen=True, eq=False)
class Plane:
    """A quadratic loss and a penalty of two coefficients; ``solution`` is None where it is still to be found."""

    value: Callable[[Vector], float]
    budget: float
    hessian: Matrix
    minimum: Vector
    least: float
    solution: Vector | None
    columns: tuple[int, int]
    others: str
    standardize: bool
    names: tuple[str, ...] | None
    p: int
    penalty: str
    view: float


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows weighted and without what the intercept explains; columns in the penalty's unit."""

    Z: Matrix
    y: Vector
    spread: Vector
    table: Table


def read_plane(
    model: Any, X: Any, y: Any, columns: Any, others: str, *, sample_weight: Any, offset: Any
) -> Plane:
    """The plane of a fitted model."""
    check_is_fitted(model, "coef_")
    loss = getattr(model.loss, "name", model.loss)
    if loss != "squared" or np.ndim(model.coef_) != 1 or getattr(model, "gamma_", 1.0) != 1.0:
        raise UnsupportedError(
            f"geometry draws the squared loss with one target and no relaxed fit; loss={loss!r} with coefficients of "
            f"shape {np.shape(model.coef_)} was given."
        )
    names = getattr(model, "feature_names_in_", None)
    seen = FittedColumns(None if names is None else tuple(names), model.n_features_in_, type(model).__name__)
    rows = _read(X, y, sample_weight, offset, seen, model.fit_intercept, model.standardize)
    two = _two(columns, rows)
    fitted = model.coef_ * rows.spread
    rest = np.setdiff1d(np.arange(rows.table.p), two)
    penalty = _on_scale(model.penalty_.resolve(rows.table.names).at(float(model.strength_)), rows.spread)
    _check_solves(model, penalty, rows, fitted)
    held = fitted.copy() if others == "held" else np.zeros_like(fitted)
    held[two] = 0.0

    def value(b: Vector) -> float:
        full = held.copy()
        full[two] = b
        return float(penalty.value(full))

    hessian, minimum, least = _quadratic(rows, two, rest, fitted if others == "held" else None)
    own = fitted[two]
    touches = others == "held" or not len(rest)
    return Plane(
        value,
        value(own),
        hessian,
        minimum,
        least,
        own if touches else None,
        (int(two[0]), int(two[1])),
        others if len(rest) else "none",
        bool(model.standardize),
        rows.table.names,
        rows.table.p,
        f"{model.penalty_!r} at strength {float(model.strength_):.3g}",
        _view(own, minimum),
    )


def plane_of_shape(
    shape: Any,
    X: Any,
    y: Any,
    columns: Any,
    budget: float,
    *,
    standardize: bool,
    sample_weight: Any,
    offset: Any,
) -> Plane:
    """The plane of any ball of a given size; other columns are refitted without a penalty."""
    rows = _read(X, y, sample_weight, offset, None, True, standardize)
    two = _two(columns, rows)
    rest = np.setdiff1d(np.arange(rows.table.p), two)
    resolve = getattr(shape, "resolve", None)
    penalty: Any = shape if resolve is None else _on_scale(resolve(rows.table.names), rows.spread)

    def value(b: Vector) -> float:
        full = np.zeros(rows.table.p)
        full[two] = b
        return float(penalty.value(full))

    hessian, minimum, least = _quadratic(rows, two, rest, None)
    return Plane(
        value,
        budget,
        hessian,
        minimum,
        least,
        None,
        (int(two[0]), int(two[1])),
        "profiled" if len(rest) else "none",
        standardize,
        rows.table.names,
        rows.table.p,
        f"{shape!r} up to {budget:.3g}",
        _view(minimum, minimum) * max(1.0, budget),
    )


def _view(*points: Vector) -> float:
    return 1e3 * max(1e-300, *(float(np.abs(point).max()) for point in points))


def _read(
    X: Any,
    y: Any,
    sample_weight: Any,
    offset: Any,
    seen: FittedColumns | None,
    intercept: bool,
    standardize: bool,
) -> _Rows:
    table = read_table(X) if seen is None else read_table(X, fitted=seen)
    target = read_target(y, table.n)
    if target.ndim == 2:
        raise InputError(f"y has {target.shape[1]} columns; give one of them.")
    weights, known = read_weights(sample_weight, table.n), read_offset(offset, table.n)
    weights = np.ones(table.n) if weights is None else weights
    share = weights / weights.sum()
    values = dense(table)
    mean, deviation = (found[0] for found in as_design(values).moments(share[None, :]))
    y = target if known is None else target - known
    if intercept:
        values, y = values - mean, y - share @ y
    spread = np.where(deviation > 0, deviation, 1.0) if standardize else np.ones(table.p)
    root = np.sqrt(share)  # sums of squares are means from here on
    return _Rows(values / spread * root[:, None], y * root, spread, table)


def _two(columns: Any, rows: _Rows) -> Indices:
    """Two different columns that vary, by name or number."""
    names, p = rows.table.names, rows.table.p
    chosen = [columns] if isinstance(columns, str) else list(columns)
    if len(chosen) != 2:
        raise InputError(f"columns must name two columns; {columns!r} was given.")
    found: list[int] = []
    for column in chosen:
        if isinstance(column, str):
            if names is None or column not in names:
                raise InputError(f"X has no column {column!r}. {did_you_mean(column, names or ())}")
            found.append(names.index(column))
        elif isinstance(column, bool) or not isinstance(column, (int, np.integer)) or not -p <= column < p:
            raise InputError(f"columns must be names, or numbers from 0 to {p - 1}; {column!r} was given.")
        else:
            found.append(int(column) % p)
    if found[0] == found[1]:
        raise InputError(f"columns must be two different ones; {columns!r} was given.")
    for j in found:
        if not rows.Z[:, j].any():
            raise InputError(f"Column {j} of X is constant, so its coefficient has no loss to draw.")
    return np.array(found)


def _quadratic(
    rows: _Rows, two: Indices, rest: Indices, fitted: Vector | None
) -> tuple[Matrix, Vector, float]:
    """Hessian, minimum and least value of the loss in two coefficients, the rest held at ``fitted`` or profiled out."""
    A, y = rows.Z[:, two], rows.y
    if fitted is not None:
        y = y - rows.Z[:, rest] @ fitted[rest]
    elif len(rest):
        # Frisch & Waugh (1933): what the others explain is taken out of both columns and of the target.
        basis, roots, _ = np.linalg.svd(rows.Z[:, rest], full_matrices=False)
        basis = basis[:, roots > roots.max(initial=0.0) * 1e-10]
        A, y = A - basis @ (basis.T @ A), y - basis @ (basis.T @ y)
    hessian = A.T @ A
    values = np.linalg.eigvalsh(hessian)
    if values[0] <= COPIES * np.abs(rows.Z[:, two].T @ rows.Z[:, two]).max():
        advice = "others='held' may do" if fitted is None and len(rest) else "choose other columns"
        raise InputError(
            "The two columns cannot be told apart on these rows (they are copies, or the other columns explain them), "
            f"so the loss has no ellipses; {advice}."
        )
    minimum = np.linalg.solve(hessian, A.T @ y)
    return hessian, minimum, 0.5 * float(np.square(y - A @ minimum).sum())


def _on_scale(penalty: Any, spread: Vector) -> Any:
    """The penalty of coefficients in its own unit; its bounds, if any, are on the scale of X."""
    if not isinstance(penalty, NormalFormPenalty):
        return penalty
    form = penalty.coordinates(len(spread))
    return replace(form, lower=form.lower * spread, upper=form.upper * spread)


def _check_solves(model: Any, penalty: Any, rows: _Rows, fitted: Vector) -> None:
    """Refuse rows on which a proximal gradient step moves the model's coefficients."""
    if getattr(model, "linear_constraints", None) is not None:
        raise UnsupportedError("geometry does not draw linear constraints; fit without them.")
    gradient = rows.Z.T @ (rows.Z @ fitted - rows.y)
    step = 1.0 / float(np.square(rows.Z).sum())
    moved = np.abs(penalty.prox(fitted - step * gradient, step) - fitted).max() / step
    usual = float(np.linalg.norm(rows.y) * np.linalg.norm(rows.Z, axis=0).max())
    if moved > max(10 * np.sqrt(model.tol), 1e-3) * usual:
        raise InputError(
            "The model does not solve its problem on these rows. Give the X, y, sample_weight and offset it was fitted "
            "on."
        )

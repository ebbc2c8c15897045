"""Best subsets where columns outnumber rows: the rows of the Gram matrix are made as columns come into question."""

from __future__ import annotations

import numpy as np

from .._typing import Vector
from ..designs import Design
from ..penalties import L0
from .problem import Problem
from .proximal import ProximalPath
from .subset import subset_path

__all__ = ["MANY", "centred_products", "most_columns", "subset_rounds"]

MANY = "more columns than rows / log(columns) would be used, and such subsets are chance; give strengths to go on"


def most_columns(problem: Problem, weights: Vector) -> float:
    """How many columns a path may use before it ends, for grids from the data."""
    most = np.count_nonzero(weights) / max(2.0, np.log(problem.p))
    return max(1.0, most) if np.isfinite(problem.saturation) else np.inf


def subset_rounds(
    problem: Problem,
    penalty: L0,
    grid: Vector,
    weights: Vector,
    mean: Vector,
    inverse: Vector,
    tol: float,
) -> ProximalPath:
    """Search one lane along the grid; coefficients (L, p) on the penalised scale of centred columns."""
    design = problem.design
    y = problem.y - problem.offset
    y = y - weights @ y if problem.fit_intercept else y
    c = centred_products(design, (weights * y)[:, None], mean)[0] * inverse
    centre, deviation = (found[0] for found in design.moments(weights[None, :]))
    size = deviation if problem.fit_intercept else np.hypot(centre, deviation)

    def rows(columns: np.ndarray) -> np.ndarray:
        columns = np.asarray(columns, dtype=np.int64)
        Z = design.matmat(columns, np.diag(inverse[columns])) - mean[columns] * inverse[columns]
        return centred_products(design, weights[:, None] * Z, mean) * inverse

    most = most_columns(problem, weights)
    return subset_path(c, penalty, grid, (size * inverse) ** 2, rows, most)


def centred_products(design: Design, R: np.ndarray, mean: Vector) -> np.ndarray:
    """X'R about the means, (columns of R, p)."""
    return design.rmatmat(0, design.p, np.ascontiguousarray(R)) - np.outer(R.sum(axis=0), mean)

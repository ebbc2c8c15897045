"""What a fit refuses about a whole table, and what it warns of."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp

from ..designs import Design
from ..errors import ConvergenceWarning, InputError
from ..inputs.table import Table
from ..lockstep import Path

__all__ = ["check_rows", "check_varies", "warn_path"]


def check_rows(table: Table) -> None:
    """Refuse a single row."""
    if table.n < 2:
        raise InputError(
            "X has 1 sample (n_samples = 1), and nothing can be learned from one row. Give at least 2 rows; "
            f"{table.p} column(s) were given."
        )


def check_varies(table: Table) -> None:
    """Refuse a table of which no column varies; the first column that does ends the search."""
    X = table.values
    if isinstance(X, Design):
        varies = bool((X.moments(np.full((1, X.n), 1.0 / X.n))[1] > 0).any())
    elif sp.issparse(X):
        from sklearn.utils.sparsefuncs import min_max_axis

        low, high = min_max_axis(X, axis=0)  # pyright: ignore[reportGeneralTypeIssues]
        varies = bool((low < high).any())
    else:
        varies = any((X[:, j] != X[0, j]).any() for j in range(table.p))
    if not varies:
        raise InputError(
            f"All {table.p} column(s) of X are constant, so they cannot explain y beside the intercept. Give "
            "at least one column that varies."
        )


def warn_path(path: Path, tol: float) -> None:
    """Give one warning where some solutions of a path are not proved to ``tol``."""
    loose = int((~path.converged).sum())
    if loose:
        first = next(r for r, ok in zip(path.reasons, path.converged, strict=True) if not ok)
        warnings.warn(
            f"{loose} of {len(path)} strengths did not reach the tolerance {tol:g}; the first: {first}. A "
            "larger min_ratio leaves the weakest penalties out.",
            ConvergenceWarning,
            stacklevel=3,
        )

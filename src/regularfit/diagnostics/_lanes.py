"""A penalised model along strengths, fitted on many training sets at once: every set is a lane."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from .._typing import Indices, Vector
from ..designs import as_design
from ..errors import ConvergenceWarning, InputError, UnsupportedError
from ..inputs.table import Table
from ..linear import PenalizedClassifier, PenalizedCox, PenalizedRegressor
from ..linear._fit import Settings, make_grids
from ..lockstep import Lane, Path, Problem, fit_lanes
from ..losses import Loss, Squared
from ..penalties import Penalty

__all__ = ["Family", "along_strengths", "expectations", "linear_predictors", "stack_size"]

GRAM_COLUMNS = 300  # up to which the squared loss takes the road where a lane costs its own rows only
STACKED = 32  # training sets in one call there: further ones save nothing more
FAR = 1e3  # tolerances beyond which a comparison may suffer


def along_strengths(estimator: Any, strengths: Any, who: str) -> bool:
    """Return whether the fits are lanes along strengths, or False for clones that are fitted whole.

    Raises
    ------
    InputError, UnsupportedError
        For strengths that this estimator has no use for, several candidates, and relaxed fits.
    """
    if isinstance(estimator, PenalizedCox):
        raise UnsupportedError(
            f"{who} needs a number or a class to predict, and PenalizedCox predicts risks; use PenalizedRegressor or "
            "PenalizedClassifier."
        )
    if isinstance(strengths, str):
        if strengths != "chosen":
            raise InputError(
                f"strengths={strengths!r} is not known; give numbers, how many, None for the estimator's own, or "
                '"chosen" to let every fit choose for itself.'
            )
        return False
    if not isinstance(estimator, (PenalizedRegressor, PenalizedClassifier)):
        if strengths is None:
            return False
        raise InputError(
            f"{type(estimator).__name__} has no path of strengths, so strengths={strengths!r} means nothing to it; "
            "leave it out, or use PenalizedRegressor or PenalizedClassifier."
        )
    several = isinstance(estimator.penalty, (list, tuple)) and len(estimator.penalty) > 1
    if several or estimator.relax:
        what = "several candidate penalties" if several else "relax=True"
        raise UnsupportedError(
            f'{who} along strengths follows one penalty, and this estimator has {what}. Give strengths="chosen" (every '
            "fit chooses for itself), or an estimator with one penalty and relax=False."
        )
    return True


def stack_size(problem: Problem) -> int:
    """Return how many training sets of their own rows to fit as one problem.

    With a Gram matrix a lane costs no more than its own rows, and sets share the work of Python; any other road reads
    the rows of all of them for each, so there it is one at a time.
    """
    return STACKED if isinstance(problem.loss, Squared) and problem.p <= GRAM_COLUMNS else 1


@dataclass(frozen=True, eq=False)
class Family:
    """One penalty and its strengths, the same for every training set.

    Parameters
    ----------
    penalty : resolved to positions of columns.
    grid : (L,) decreasing.
    tol, threads : as for :func:`~regularfit.lockstep.fit_lanes`.
    """

    penalty: Penalty
    grid: Vector
    tol: float
    threads: int | None

    @classmethod
    def of(
        cls,
        estimator: Any,
        table: Table,
        problem: Problem,
        classes: np.ndarray | None,
        strengths: Any,
        threads: int | None,
    ) -> Family:
        """Return the family that an estimator means on these data; its grid is theirs where none is given."""
        settings: Settings = estimator._settings(table, problem, classes, False)
        if strengths is not None:
            settings = replace(settings, strength=None, strengths=strengths)
        grid = make_grids(problem, settings)[0]
        return cls(
            settings.penalties[0], grid, settings.tol, settings.threads if threads is None else threads
        )

    def paths(self, problem: Problem, sets: Sequence[Indices]) -> list[Path]:
        """Fit every training set (rows of the problem, repeats count) at every strength."""
        results = fit_lanes(
            problem,
            [self.penalty],
            [self.grid],
            [Lane(rows, keep=True) for rows in sets],
            tol=self.tol,
            threads=self.threads,
            full_df=None,
        )[0]
        measured = [np.where(np.isnan(found.gaps), found.kkt, found.gaps) for found in results]
        self._warn(int(sum((one > FAR * self.tol).sum() for one in measured)), len(sets) * len(self.grid))
        return [found.path for found in results if found.path is not None]

    def _warn(self, loose: int, fits: int) -> None:
        if loose:
            warnings.warn(
                f"{loose} of {fits} fits are more than {FAR:g} times off the tolerance {self.tol:g}, so what is said "
                "of their strengths may suffer. Standardise the columns, leave the smallest out or raise tol.",
                ConvergenceWarning,
                stacklevel=4,
            )


def expectations(loss: Loss, paths: Sequence[Path], X: Any, offset: Any = 0.0) -> Iterator[np.ndarray]:
    """Yield the expected target of every row of X under all paths, (R, m, K), strength after strength.

    K is 1 for one predictor. Strength after strength, so that all predictions never stand in memory at once.
    """
    for found in linear_predictors(paths, X):
        eta = found.transpose(1, 0, 2) + offset
        yield loss.mean(eta) if paths[0].outputs is not None else loss.mean(eta[:, :, 0])[:, :, None]


def linear_predictors(paths: Sequence[Path], X: Any) -> Iterator[np.ndarray]:
    """Yield the linear predictor of every row of X under all paths, (m, R, K), without any offset."""
    design, count, R = as_design(X), len(paths[0]), len(paths)
    rows = np.arange(design.n)
    coefs: Any = sparse.vstack([path.sparse_coefs for path in paths], format="csr")
    for k in range(count):
        here = coefs[k::count].toarray().reshape(-1, design.p)  # (R K, p)
        levels = np.concatenate([np.atleast_1d(path.intercepts[k]) for path in paths])
        yield (design.rows_times(rows, np.ascontiguousarray(here.T)) + levels).reshape(design.n, R, -1)

"""What both estimators share: reading the data, fitting the lanes, keeping what was found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._checks import check_offsets
from .._typing import Vector
from ..designs import Design, as_design
from ..errors import UnsupportedError
from ..inputs.table import FittedColumns, Table, read_table
from ..inputs.targets import read_constraints, read_offset, read_weights
from ..lockstep import Path, Problem, make_problem
from ..losses import Loss, get_several
from ..selection import CVResult
from ._checks import check_rows, check_varies
from ._fit import Found, Settings, fit_and_choose, make_grids
from ._params import candidates, nested_params, replace_nested
from ._relaxed import GAMMAS, check_gammas
from ._scoring import Scoring, make_scoring

if TYPE_CHECKING:
    from os import PathLike

    from ..selection import NestedPlan
    from .plots import CVDisplay, PathDisplay

__all__ = ["PenalizedLinear"]


def _first_path(partial: Any, names: tuple[str, ...] | None) -> Path | None:
    """The path on all rows of the first candidate that has one, as far as an interrupted fit got."""
    first = [lanes[0] for lanes in partial or [] if lanes and lanes[0] is not None]
    paths = [result.path for result in first if result.path is not None]
    return paths[0].named(names) if paths else None


class PenalizedLinear(BaseEstimator, ABC):
    """The machinery of :class:`PenalizedRegressor` and :class:`PenalizedClassifier`; not for direct use."""

    penalty: Any
    strength: float | None
    select: str
    strengths: Any
    min_ratio: float | None
    cv: Any
    standardize: bool
    fit_intercept: bool
    scoring: Any
    tol: float
    n_jobs: int | None
    random_state: Any
    verbose: bool | None
    relax: bool = False  # a class without the parameter has no relaxed fits
    gammas: Any = GAMMAS

    # --- parameters ------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; ``deep`` adds the fields of the penalty as ``penalty__name``."""
        params = super().get_params(deep=False)
        return params | nested_params(params["penalty"], "penalty") if deep else params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; ``penalty__name`` puts a changed copy of the (frozen) penalty in its place."""
        inner = {
            key.removeprefix("penalty__"): params.pop(key)
            for key in list(params)
            if key.startswith("penalty__")
        }
        super().set_params(**params)
        if inner:
            self.penalty = replace_nested(self.penalty, inner, "penalty")
        return self

    # --- fitting ---------------------------------------------------------------------------------

    @abstractmethod
    def _loss(self) -> Loss:
        """Return what is fitted."""

    @abstractmethod
    def _target(self, y: Any, table: Table, weights: Vector | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the numeric target, (n,) or with several columns, and for a classifier the classes."""

    def _loss_for(self, classes: np.ndarray | None) -> Any:
        """Return what is fitted to these classes."""
        return self._loss()

    def _read(
        self, X: Any, y: Any, sample_weight: Any, offset: Any
    ) -> tuple[Table, Problem, np.ndarray | None, bool]:
        table = read_table(X)
        check_rows(table)
        weights = read_weights(sample_weight, table.n)
        target, classes = self._target(y, table, weights)
        if self.fit_intercept:
            check_varies(table)
        loss = self._loss_for(classes)
        several = get_several(loss, target.shape[1] if target.ndim == 2 else 1)
        problem = make_problem(
            table.values,
            target,
            several or loss,
            sample_weight=weights,
            offset=offset if several else read_offset(offset, table.n),
            fit_intercept=bool(self.fit_intercept),
            standardize=bool(self.standardize),
            constraints=read_constraints(getattr(self, "linear_constraints", None)),
        )
        return table, problem, classes, weights is not None

    def _settings(
        self, table: Table, problem: Problem, classes: np.ndarray | None, weighted: bool
    ) -> Settings:
        given = candidates(self.penalty)
        return Settings(
            penalties=tuple(p.resolve(table.names) for p in given),
            strength=self.strength,
            select=self.select,
            strengths=self.strengths,
            min_ratio=self.min_ratio,
            cv=self.cv,
            scoring=self._make_scoring(problem, classes, weighted),
            tol=self.tol,
            threads=self.n_jobs,
            random_state=self.random_state,
            verbose=self.verbose,
            names=table.names,
            gammas=check_gammas(self.relax, self.gammas),
        )

    def _make_scoring(self, problem: Problem, classes: np.ndarray | None, weighted: bool) -> Scoring:
        """Return how held-out rows are scored."""
        return make_scoring(self.scoring, problem.loss, classes=classes, weighted=weighted)

    def _fold_plan(self, problem: Problem, settings: Settings, groups: Any) -> Settings:
        """Return the settings with folds of one's own, where a number of folds means other than usual."""
        return settings

    def _finish(self, problem: Problem, found: Found) -> None:
        """Keep what else a model needs of its training rows."""

    def fit(
        self, X: Any, y: Any, *, sample_weight: Any = None, offset: Any = None, groups: Any = None
    ) -> Self:
        """Fit the model; choose candidate and strength unless ``strength`` is given.

        Parameters
        ----------
        X : (n, p) array, SciPy sparse matrix, or pandas / polars / pyarrow table of numbers
        y : (n,) target; (n, K) for several, with ``loss="squared"``
        sample_weight : (n,) weights >= 0; integer weights equal repeated rows.
        offset : (n,) known part of the linear predictor, given again in predict; (n, K) where there are several.
        groups : (n,) labels of rows that folds must keep together.

        Returns
        -------
        the fitted estimator itself

        Raises
        ------
        InputError
            For data or parameters that cannot be used; the message says which and what to do.
        """
        table, problem, classes, weighted = self._read(X, y, sample_weight, offset)
        settings = self._fold_plan(problem, self._settings(table, problem, classes, weighted), groups)
        labels = None if classes is None else classes[problem.codes]
        shown = None if isinstance(X, Design) else X  # splitters know tables and arrays only
        try:
            found = fit_and_choose(problem, settings, labels=labels, X=shown, groups=groups)
        except KeyboardInterrupt as stop:
            self._keep_columns(table)
            self.partial_path_ = _first_path(getattr(stop, "partial", None), settings.names)
            raise
        self._keep_columns(table)
        self._keep(found)
        self._finish(problem, found)
        if classes is not None:
            self.classes_ = classes
        return self

    def _keep_columns(self, table: Table) -> None:
        self.n_features_in_ = table.p
        if table.names is not None:
            self.feature_names_in_ = np.array(table.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _keep(self, found: Found) -> None:
        choice = found.choice
        self.candidates_ = candidates(self.penalty)
        self.paths_, self.path_ = found.paths, found.paths[choice.candidate]
        self.cvs_ = found.curves if found.curves and isinstance(found.curves[0], CVResult) else None
        self.cv_ = None if self.cvs_ is None else self.cvs_[choice.candidate]
        self.criteria_ = found.curves if found.curves and self.cvs_ is None else None
        self.criterion_ = None if self.criteria_ is None else self.criteria_[choice.candidate]
        self.penalty_ = self.candidates_[choice.candidate]
        self.strength_ = choice.strength
        chosen = self.path_ if found.gamma == 1 else self.path_.blend(found.gamma)
        self.certificate_ = chosen.certificate(choice.index)
        self._keep_solution(chosen.coef(choice.index), chosen.intercept(choice.index))
        self._keep_relaxed(found)

    def _keep_relaxed(self, found: Found) -> None:
        """The choice of gamma; a model without relaxed fits has none of these."""
        for name in ("gamma_", "relaxed_cv_", "relaxed_cvs_"):
            if hasattr(self, name):
                delattr(self, name)
        if self.relax:
            self.gamma_, self.relaxed_cvs_ = found.gamma, found.relaxed
            self.relaxed_cv_ = None if found.relaxed is None else found.relaxed[found.choice.candidate]

    def _keep_solution(self, coef: np.ndarray, intercept: Any) -> None:
        self.coef_, self.intercept_ = coef, intercept

    def _nested_plan(
        self, X: Any, y: Any, *, sample_weight: Any = None, offset: Any = None, groups: Any = None
    ) -> NestedPlan:
        """Return what :func:`regularfit.honest_score` tunes again within folds, in lockstep.

        Raises
        ------
        UnsupportedError
            Where nothing is chosen by folds (a fixed strength, a criterion): the generic road serves then.
        """
        from ..selection import NestedPlan

        table, problem, classes, weighted = self._read(X, y, sample_weight, offset)
        settings = self._settings(table, problem, classes, weighted)
        if not settings.folds_wanted:
            raise UnsupportedError(
                f"select={self.select!r} with strength={self.strength!r} chooses nothing by folds, so there "
                "is no nested plan."
            )
        if settings.gammas is not None:
            raise UnsupportedError(
                "Nested lanes do not refit; honest_score fits relaxed models fold by fold."
            )
        scoring = settings.scoring
        return NestedPlan(
            problem,
            settings.penalties,
            make_grids(problem, settings),
            select=settings.select,
            tol=settings.tol,
            threads=settings.threads,
            score=scoring.score,
            score_name=scoring.name,
            greater_is_better=scoring.greater_is_better,
            groups=None if groups is None else np.asarray(groups),
            cut=settings.cut,
        )

    # --- predicting ------------------------------------------------------------------------------

    def _eta(self, X: Any, offset: Any) -> Vector:
        """Linear predictor of new rows, (n,), or (n, K) where there are several."""
        check_is_fitted(self, "coef_")
        names = getattr(self, "feature_names_in_", None)
        expected = None if names is None else tuple(names)
        table = read_table(X, fitted=FittedColumns(expected, self.n_features_in_, type(self).__name__))
        coef = np.atleast_2d(self.coef_)
        eta = as_design(table.values).rows_times(np.arange(table.n), coef.T) + self.intercept_
        if len(coef) > 1:
            return eta if offset is None else eta + check_offsets(offset, *eta.shape)
        known = read_offset(offset, table.n)
        return eta[:, 0] if known is None else eta[:, 0] + known

    # --- looking and keeping ---------------------------------------------------------------------

    def plot_path(self, ax: Any = None, **options: Any) -> PathDisplay:
        """Draw the coefficients along the strengths; see :class:`regularfit.linear.PathDisplay`."""
        from .plots import PathDisplay

        return PathDisplay.from_estimator(self, ax=ax, **options)

    def plot_cv(self, ax: Any = None, **options: Any) -> CVDisplay:
        """Draw the cross-validation curve; see :class:`regularfit.linear.CVDisplay`."""
        from .plots import CVDisplay

        return CVDisplay.from_estimator(self, ax=ax, **options)

    def save(
        self, path: str | PathLike[str], *, overwrite: bool = False, extra: Mapping[str, Any] | None = None
    ) -> None:
        """Write the fitted model to a file that :func:`regularfit.load` reads back.

        Parameters
        ----------
        path : where to write; ``.rfit`` is the usual ending.
        overwrite : whether an existing file may be replaced.
        extra : further facts (JSON values and arrays) to keep beside the model; read with ``load_extra``.
        """
        from .model_file import save

        save(self, path, overwrite=overwrite, extra=extra)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether fit has been called."""
        return hasattr(self, "coef_")

    def __sklearn_tags__(self) -> Any:
        """Say that sparse matrices are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

"""Losses of many fits on rows of one table: penalised models by their own loss, other estimators by scikit-learn's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import joblib
import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor

from .._typing import Indices, Vector
from ..errors import UnsupportedError
from ..linear import PenalizedClassifier, PenalizedCox, PenalizedRegressor
from ..linear._scoring import Scoring, make_scoring
from ..lockstep import Problem
from ..lockstep.null import null_eta
from ..lockstep.result import held_out
from ..selection.refits import Refits, _errors
from ._lanes import Family, along_strengths, linear_predictors

__all__ = ["ScoredFits"]


@dataclass(frozen=True, eq=False)
class ScoredFits:
    """An estimator, its table, and how rows are scored.

    Parameters
    ----------
    refits : clones, and what is passed to them.
    labels : (n,) target that folds are drawn by; of classifiers the classes.
    problem, values, scoring : of penalised models, which are scored by linear predictors; else None.
    family : of penalised models whose strengths are held fixed: lanes. None: clones.
    """

    refits: Refits
    labels: np.ndarray
    problem: Problem | None
    values: Any
    scoring: Scoring | None
    family: Family | None
    n_jobs: int | None

    @classmethod
    def of(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        strengths: Any,
        scoring: Any,
        sample_weight: Any,
        offset: Any,
        n_jobs: int | None,
        who: str,
    ) -> ScoredFits:
        """Check the arguments; ``strengths`` as for :func:`~regularfit.diagnostics.bias_variance`."""
        lanes = along_strengths(estimator, strengths, who)
        ours = isinstance(estimator, (PenalizedRegressor, PenalizedClassifier))
        refits = Refits.of(estimator, X, y, None if ours else scoring, sample_weight, offset, None)
        if not ours:
            if isinstance(estimator, PenalizedCox):
                raise UnsupportedError(f"{who} scores rows by themselves, which the Cox loss couples.")
            return cls(refits, refits.y, None, None, None, None, n_jobs)
        table, problem, classes, weighted = estimator._read(X, y, sample_weight, offset)
        how = make_scoring(
            estimator.scoring if scoring is None else scoring,
            problem.loss,
            classes=classes,
            weighted=weighted,
        )
        family = Family.of(estimator, table, problem, classes, strengths, n_jobs) if lanes else None
        return cls(refits, np.asarray(y), problem, table.values, how, family, n_jobs)

    @property
    def n(self) -> int:
        """Rows."""
        return self.refits.n

    @property
    def weights(self) -> Vector:
        """Of the rows, (n,)."""
        return self.refits.sample_weight

    @property
    def score_name(self) -> str:
        """What is scored."""
        return self.refits.score_name if self.scoring is None else self.scoring.name

    @property
    def loss_name(self) -> str:
        """What the loss of a row is, whatever is scored."""
        return self.refits.score_name if self.problem is None else self.problem.loss.score_name

    @property
    def greater_is_better(self) -> bool:
        """Whether larger scores are better."""
        return self.refits.greater_is_better if self.scoring is None else self.scoring.greater_is_better

    # --- losses of rows --------------------------------------------------------------------------

    def losses(self, sets: Sequence[Indices]) -> Iterator[np.ndarray]:
        """Yield the loss of every row under every fit, (F, n), strength after strength."""
        if self.problem is None:
            every = np.arange(self.n)
            yield np.stack(self._each(sets, lambda model, _: _errors(self.refits, model, every)))
            return
        for eta in self._etas(sets):
            yield self.problem.loss.score(self.problem.y[:, None], eta).T

    def null_losses(self, sets: Sequence[Indices]) -> np.ndarray:
        """Return the same of the model that knows the mean (or the share of every class) of its training rows only."""
        if self.problem is not None:
            problem = self.problem
            counts = [np.bincount(rows, minlength=self.n) * problem.sample_weight for rows in sets]
            eta = np.stack([null_eta(problem, count / count.sum()) for count in counts], axis=1)
            return problem.loss.score(problem.y[:, None], eta).T
        if self.refits.offset is not None:
            raise UnsupportedError(
                "An offset goes with penalised models; leave it out, or fit what is left of y."
            )
        dummy = DummyClassifier(strategy="prior") if self.refits.classifier else DummyRegressor()
        plain = {name: value for name, value in self.refits.fit_params.items() if name == "sample_weight"}
        labels_only = self.refits.classifier and not hasattr(self.refits.estimator, "predict_proba")
        refits = replace(self.refits, estimator=_Labels() if labels_only else dummy, fit_params=plain)
        every = np.arange(self.n)
        return np.stack([_errors(refits, refits.fitted(rows), every) for rows in sets])

    # --- scores of sets of rows ------------------------------------------------------------------

    def scores(self, sets: Sequence[Indices], parts: Sequence[Sequence[Indices]]) -> np.ndarray:
        """Return the scores of every fit on its parts, (F, parts), at one strength."""
        if self.problem is None and self.refits.scorer is not None:
            found = self._each(
                sets, lambda model, k: [-_errors(self.refits, model, rows) for rows in parts[k]]
            )
            return np.array(found)
        if self.problem is not None and self.scoring is not None and self.scoring.score is not None:
            eta, score = next(self._etas(sets)), self.scoring.score
            return np.array(
                [
                    [held_out(self.problem, rows, eta[rows, k][:, None], score)[0] for rows in part]
                    for k, part in enumerate(parts)
                ]
            )
        losses = next(self.losses(sets))
        return np.array(
            [
                [np.average(losses[k, rows], weights=self.weights[rows]) for rows in part]
                for k, part in enumerate(parts)
            ]
        )

    def _each(self, sets: Sequence[Indices], ask: Any) -> list[Any]:
        """Fit a clone on every set of rows, and ask each something."""

        def job(k: int, rows: Indices) -> Any:
            return ask(self.refits.fitted(rows), k)

        found: Any = joblib.Parallel(n_jobs=self.n_jobs)(
            joblib.delayed(job)(k, rows) for k, rows in enumerate(sets)
        )
        return list(found)

    def _etas(self, sets: Sequence[Indices]) -> Iterator[np.ndarray]:
        """Linear predictors of all rows, (n, F) or (n, F, K), strength after strength."""
        assert self.problem is not None
        if self.family is not None:
            paths = self.family.paths(self.problem, sets)
            offset = self.problem.offset.reshape(self.n, 1, -1)
            for eta in linear_predictors(paths, self.values):
                moved = eta + offset
                yield moved if self.problem.outputs is not None else moved[:, :, 0]
            return
        refits = self.refits
        yield np.stack(self._each(sets, lambda model, _: model._eta(refits.X, refits.offset)), axis=1)


class _Labels(DummyClassifier):
    """The commonest label, without probabilities, to stand beside a model that has none."""

    def __init__(self) -> None:
        super().__init__(strategy="most_frequent")

    @property
    def predict_proba(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """There is none."""
        raise AttributeError("predict_proba")

"""One table, many training sets of its rows, and what each model expects of every row: by lanes or by clones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import joblib
import numpy as np

from .._typing import Indices, Vector
from ..lockstep import Problem
from ..selection.refits import Refits
from ._lanes import Family, along_strengths, expectations
from ._targets import Kind

__all__ = ["TableFits"]


@dataclass(frozen=True, eq=False)
class TableFits:
    """How an estimator is fitted on sets of rows of one table.

    Parameters
    ----------
    kind : what is predicted.
    targets : (n, K) as numbers.
    codes : (n,) class numbers, or None.
    weights : (n,) of the rows.
    family, problem, values : for lanes; else None.
    refits : for clones; else None.
    """

    kind: Kind
    targets: np.ndarray
    codes: np.ndarray | None
    weights: Vector
    family: Family | None
    problem: Problem | None
    values: Any
    refits: Refits | None
    n_jobs: int | None

    @classmethod
    def of(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        strengths: Any,
        sample_weight: Any,
        offset: Any,
        n_jobs: int | None,
        who: str,
    ) -> TableFits:
        """Check the arguments and settle how fits are made."""
        kind = Kind.of(estimator, y)
        codes = None if kind.classes is None else np.searchsorted(kind.classes, np.asarray(y))
        if along_strengths(estimator, strengths, who):
            table, problem, classes, _ = estimator._read(X, y, sample_weight, offset)
            family = Family.of(estimator, table, problem, classes, strengths, n_jobs)
            weights = problem.sample_weight
            return cls(kind, kind.targets(y), codes, weights, family, problem, table.values, None, n_jobs)
        refits = Refits.of(estimator, X, y, None, sample_weight, offset, _copies(estimator, len(y)))
        return cls(kind, kind.targets(y), codes, refits.sample_weight, None, None, None, refits, n_jobs)

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.targets)

    @property
    def grid(self) -> Vector | None:
        """The strengths, (L,), or None."""
        return None if self.family is None else self.family.grid

    def deviations(self, sets: Sequence[Indices]) -> Iterable[np.ndarray]:
        """Yield what each fit expects of every row less its target, (R, n, K), strength after strength."""
        if self.family is None or self.problem is None:
            jobs = (joblib.delayed(self._clone)(rows) for rows in sets)
            found: Any = joblib.Parallel(n_jobs=self.n_jobs)(jobs)
            yield np.stack(found) - self.targets
            return
        offset = self.problem.offset.reshape(self.n, -1)
        paths = self.family.paths(self.problem, sets)
        for expected in expectations(self.problem.loss, paths, self.values, offset):
            yield expected - self.targets

    def _clone(self, rows: Indices) -> np.ndarray:
        assert self.refits is not None
        model = self.refits.fitted(rows)
        extra = {} if self.refits.offset is None else {"offset": self.refits.offset}
        return self.kind.expectations(model, self.refits.X, **extra)


def _copies(estimator: Any, n: int) -> np.ndarray | None:
    """Row numbers as groups, so that copies of a row never stand on both sides of a penalised model's own folds."""
    ours = hasattr(estimator, "_nested_plan") and isinstance(
        getattr(estimator, "cv", ""), (Integral, type(None))
    )
    return np.arange(n) if ours and estimator.strength is None else None

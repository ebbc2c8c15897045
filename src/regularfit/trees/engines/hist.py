"""scikit-learn's HistGradientBoosting: grown in bursts by its warm start, and staged between them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ...errors import UnsupportedError
from .base import Engine, Task, TreeData
from .hist_file import dumped, rebuilt
from .losses import mean_of

__all__ = ["ENGINE"]

_LOSSES = {
    "squared": "squared_error",
    "absolute": "absolute_error",
    "poisson": "poisson",
    "gamma": "gamma",
    "quantile": "quantile",
}
_NOT_NAMED = ("max_iter",)
FIRST_BURST = 25
OUT_OF_SIGHT = -700.0  # the margin of a class that the training rows do not have: e to this is still a number


class Hist:
    """The engine."""

    name = "sklearn"

    def prepare(self, data: TreeData, task: Task) -> _Rows:
        """Keep the rows; scikit-learn bins them itself in every fit."""
        return _Rows(data, task)

    def load(
        self,
        arrays: Mapping[str, np.ndarray],
        members: Mapping[str, bytes],
        facts: Mapping[str, Any],
        task: Task,
    ) -> _Model:
        """Return the model that arrays describe."""
        native = rebuilt(arrays, facts, unfitted(task, int(facts["columns"]), {}))
        return _Model(native, task)


class _Rows:
    def __init__(self, data: TreeData, task: Task) -> None:
        self.data, self.task = data, task

    def grow(self, params: Mapping[str, Any], train: np.ndarray, watched: np.ndarray | None) -> _Growing:
        model = unfitted(self.task, self.data.X.shape[1], params)
        rows = self.data.take(train)
        return _Growing(model, rows, rows.X if watched is None else self.data.X[watched], self.task)

    def root_gain(self, params: Mapping[str, Any], train: np.ndarray) -> float:
        raise UnsupportedError("scikit-learn's HistGradientBoosting has no split_toll.")


def unfitted(task: Task, columns: int, params: Mapping[str, Any]) -> Any:
    """Return scikit-learn's estimator for a task."""
    from sklearn import ensemble

    options: dict[str, Any] = {name: value for name, value in params.items() if name not in _NOT_NAMED}
    options |= {"early_stopping": False, "warm_start": True, "random_state": task.seed}
    options["categorical_features"] = list(task.categories) or None
    options["monotonic_cst"] = None if task.monotone is None else list(task.monotone)
    options["interaction_cst"] = task.groups(columns)
    if task.classes:
        return ensemble.HistGradientBoostingClassifier(**options)
    if task.loss == "quantile":
        options["quantile"] = task.level
    return ensemble.HistGradientBoostingRegressor(loss=_LOSSES[task.loss], **options)  # type: ignore[arg-type]


class _Growing:
    def __init__(self, model: Any, rows: TreeData, seen: np.ndarray, task: Task) -> None:
        self.model, self.rows, self.seen, self.task = model, rows, seen, task
        self.rounds = 0
        self.stages = self._stages()

    def advance(self) -> np.ndarray:
        margins = next(self.stages)
        self.rounds += 1
        return mean_of(margins, self.task)

    def _stages(self) -> Iterator[np.ndarray]:
        """Give running sums of trees; bursts get longer, since each one bins the rows anew."""
        grown, sums = 0, np.empty(0)
        while True:
            more = max(grown, FIRST_BURST)
            self.model.set_params(max_iter=grown + more)
            with _threads(self.task):
                self.model.fit(self.rows.X, self.rows.y, sample_weight=self.rows.weights)
            encoded = self.model._preprocess_X(self.seen, reset=False)
            if grown == 0:
                sums = _start(self.model, len(encoded))
            for stage in self.model._predictors[grown:]:
                self.model._predict_iterations(encoded, [stage], sums, False, self.task.threads or 1)
                yield _spread(sums, self.model, self.task)
            grown += more

    def finish(self) -> _Model:
        model = copy.copy(self.model)
        model.set_params(max_iter=self.rounds, warm_start=False)
        model._predictors = self.model._predictors[: self.rounds]
        return _Model(model, self.task)


class _Model:
    staged = True

    def __init__(self, model: Any, task: Task) -> None:
        self.native, self.task = model, task

    @property
    def rounds(self) -> int:
        return len(self.native._predictors)

    def margins(self, X: np.ndarray, rounds: int | None = None) -> np.ndarray:
        model = self.native
        encoded = model._preprocess_X(X, reset=False)
        sums = _start(model, len(encoded))
        model._predict_iterations(encoded, model._predictors[:rounds], sums, False, self.task.threads or 1)
        return _spread(sums, model, self.task)

    def gains(self, columns: int) -> np.ndarray:
        found = np.zeros(columns)
        order = _order(self.task, columns)
        for stage in self.native._predictors:
            for tree in stage:
                splits = tree.nodes[tree.nodes["is_leaf"] == 0]
                np.add.at(found, order[splits["feature_idx"]], splits["gain"])
        return found

    def dump(self) -> tuple[dict[str, np.ndarray], dict[str, bytes], dict[str, Any]]:
        arrays, facts = dumped(self.native)
        return arrays, {}, facts


def _order(task: Task, columns: int) -> np.ndarray:
    """Inside scikit-learn categories come first."""
    rest = [j for j in range(columns) if j not in task.categories]
    return np.array([*task.categories, *rest], dtype=np.intp)


def _start(model: Any, n: int) -> np.ndarray:
    """Return the margins before the first tree, as scikit-learn sets them out."""
    sums = np.zeros((n, model.n_trees_per_iteration_), dtype=model._baseline_prediction.dtype, order="F")
    sums += model._baseline_prediction
    return sums


def _spread(margins: np.ndarray, model: Any, task: Task) -> np.ndarray:
    """Give classes that these training rows lack a margin, too; (n,) or (n, K)."""
    if task.loss != "classes":
        return margins[:, 0]
    if margins.shape[1] == task.classes:
        return margins
    found = np.full((len(margins), task.classes), OUT_OF_SIGHT)
    present = model.classes_.astype(np.intp)
    if margins.shape[1] == 1:  # two classes are left: the margin between them
        found[:, present[0]], found[:, present[1]] = 0.0, margins[:, 0]
    else:
        found[:, present] = margins
    return found


def _threads(task: Task) -> AbstractContextManager[Any]:
    return nullcontext() if task.threads is None else threadpool_limits(task.threads, user_api="openmp")


ENGINE: Engine = Hist()

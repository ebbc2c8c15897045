"""XGBoost: cuts found once for all folds, and predictions of held-out rows from its cache after every round."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._optional import need
from .base import Engine, Task, TreeData
from .losses import mean_of
from .xgboost_rounds import rounds_of

__all__ = ["ENGINE"]

_OBJECTIVES = {
    "squared": "reg:squarederror",
    "absolute": "reg:absoluteerror",
    "poisson": "count:poisson",
    "gamma": "reg:gamma",
    "quantile": "reg:quantileerror",
    "two_classes": "binary:logistic",
    "classes": "multi:softprob",
}
_NOT_NAMED = ("n_estimators",)
_TEXT = "model.json"


class XGBoost:
    """The engine."""

    name = "xgboost"

    def prepare(self, data: TreeData, task: Task) -> _Rows:
        """Find the cuts of the columns once."""
        return _Rows(data, task)

    def load(
        self,
        arrays: Mapping[str, np.ndarray],
        members: Mapping[str, bytes],
        facts: Mapping[str, Any],
        task: Task,
    ) -> _Model:
        """Return the model that a JSON text describes."""
        xgboost = need("xgboost", "trees")
        booster = xgboost.Booster({"nthread": task.threads or 0, "verbosity": 0})
        try:
            booster.load_model(bytearray(members[_TEXT]))
        except xgboost.core.XGBoostError as error:
            raise ValueError(f"XGBoost cannot read its text: {str(error).splitlines()[0]}") from error
        return _Model(booster, int(facts["rounds"]), task, bool(facts["staged"]))


class _Rows:
    def __init__(self, data: TreeData, task: Task) -> None:
        self.xgboost = need("xgboost", "trees")
        self.data, self.task = data, task
        self.params = _constant_params(task, data.X.shape[1])
        self.binned = self._matrix(data, None)

    def grow(self, params: Mapping[str, Any], train: np.ndarray, watched: np.ndarray | None) -> _Growing:
        rows = self._rows(train)
        seen = rows if watched is None else _matrix(self.xgboost, self.data.X[watched], self.task)
        booster = self.xgboost.Booster(self._all(params), [rows] if seen is rows else [rows, seen])
        return _Growing(booster, rows, seen, self.task, params.get("booster") != "dart")

    def root_gain(self, params: Mapping[str, Any], train: np.ndarray) -> float:
        unsampled = {"gamma": 0.0, "max_depth": 1, "max_leaves": 0, "grow_policy": "depthwise"}
        unsampled |= {"subsample": 1.0, "colsample_bynode": 1.0, "booster": "gbtree"}
        kept = {k: v for k, v in params.items() if k not in ("rate_drop", "skip_drop")}
        rows = self._rows(train)
        booster = self.xgboost.Booster(self._all(kept) | unsampled, [rows])
        booster.update(rows, 0)
        trees = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
        return max(float(tree["loss_changes"][0]) for tree in trees)

    def _rows(self, train: np.ndarray) -> Any:
        if len(train) == self.data.n:
            return self.binned
        return self._matrix(self.data.take(train), self.binned)

    def _matrix(self, data: TreeData, like: Any) -> Any:
        return self.xgboost.QuantileDMatrix(
            data.X,
            label=data.y,
            weight=data.weights,
            ref=like,
            feature_types=_kinds(self.task, data.X.shape[1]),
            enable_categorical=True,
            nthread=self.task.threads or 0,
        )

    def _all(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return self.params | {name: value for name, value in params.items() if name not in _NOT_NAMED}


def _matrix(xgboost: Any, X: np.ndarray, task: Task) -> Any:
    kinds = _kinds(task, X.shape[1])
    nothing = np.zeros(len(X))  # targets are none of its business, but quantiles ask for their shape
    return xgboost.DMatrix(
        X, label=nothing, feature_types=kinds, enable_categorical=True, nthread=task.threads or 0
    )


def _kinds(task: Task, columns: int) -> list[str]:
    return ["c" if j in task.categories else "q" for j in range(columns)]


def _constant_params(task: Task, columns: int) -> dict[str, Any]:
    params: dict[str, Any] = {
        "objective": _OBJECTIVES[task.loss],
        "tree_method": "hist",
        "disable_default_eval_metric": 1,
        "verbosity": 0,
        "seed": task.seed,
        "nthread": task.threads or 0,
    }
    if task.loss == "classes":
        params["num_class"] = task.classes
    if task.loss == "quantile":
        params["quantile_alpha"] = task.level
    if task.monotone is not None:
        params["monotone_constraints"] = f"({','.join(map(str, task.monotone))})"
    groups = task.groups(columns)
    if groups is not None:
        params["interaction_constraints"] = json.dumps(groups)
    return params


class _Growing:
    def __init__(self, booster: Any, rows: Any, seen: Any, task: Task, staged: bool) -> None:
        self.growth = rounds_of(booster, rows, seen, task.outputs)
        self.task, self.staged = task, staged

    def advance(self) -> np.ndarray:
        return mean_of(self.growth.grow(), self.task)

    def finish(self) -> _Model:
        booster = self.growth.booster.copy()  # without the cache, which would keep the rows
        return _Model(booster, self.growth.count, self.task, self.staged)


class _Model:
    def __init__(self, booster: Any, rounds: int, task: Task, staged: bool) -> None:
        self.native, self.rounds, self.task, self.staged = booster, rounds, task, staged

    def margins(self, X: np.ndarray, rounds: int | None = None) -> np.ndarray:
        rows = _matrix(need("xgboost", "trees"), X, self.task)
        most = rounds or self.rounds
        found = self.native.predict(
            rows, output_margin=True, iteration_range=(0, most), validate_features=False
        )
        return found.astype(np.float64)

    def gains(self, columns: int) -> np.ndarray:
        found = self.native.get_score(importance_type="total_gain")  # columns are f0, f1, ...
        return np.array([found.get(f"f{j}", 0.0) for j in range(columns)])

    def dump(self) -> tuple[dict[str, np.ndarray], dict[str, bytes], dict[str, Any]]:
        text = bytes(self.native.save_raw("json"))
        return {}, {_TEXT: text}, {"rounds": self.rounds, "staged": self.staged}


ENGINE: Engine = XGBoost()

"""LightGBM: one dataset for all folds, and predictions of held-out rows from its own cache after every round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._optional import need
from .base import Engine, Task, TreeData

__all__ = ["ENGINE"]

_OBJECTIVES = {
    "squared": "regression",
    "absolute": "regression_l1",
    "poisson": "poisson",
    "gamma": "gamma",
    "quantile": "quantile",
    "two_classes": "binary",
    "classes": "multiclass",
}
_NOT_NAMED = ("n_estimators",)  # how many rounds is told by growing them
_TEXT = "model.txt"


class LightGBM:
    """The engine."""

    name = "lightgbm"

    def prepare(self, data: TreeData, task: Task) -> _Rows:
        """Bin the rows once."""
        return _Rows(data, task)

    def load(
        self,
        arrays: Mapping[str, np.ndarray],
        members: Mapping[str, bytes],
        facts: Mapping[str, Any],
        task: Task,
    ) -> _Model:
        """Return the model that a text describes."""
        lightgbm = need("lightgbm", "trees")
        text = members[_TEXT].decode()
        try:
            booster = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(f"LightGBM cannot read its text: {error}") from error
        return _Model(booster, list(facts["trees_at"]), task, bool(facts["staged"]))


class _Rows:
    def __init__(self, data: TreeData, task: Task) -> None:
        self.lightgbm = need("lightgbm", "trees")
        self.data, self.task = data, task
        self.params = _constant_params(task, data.X.shape[1])
        self.binned = self.lightgbm.Dataset(
            data.X,
            data.y,
            weight=data.weights,
            categorical_feature=list(task.categories),
            params=self.params,
            free_raw_data=True,
        ).construct()

    def grow(self, params: Mapping[str, Any], train: np.ndarray, watched: np.ndarray | None) -> _Growing:
        rows = self._subset(train)
        booster = self.lightgbm.Booster(self._all(params), rows)
        if watched is not None:
            booster.add_valid(self._subset(watched), "held")
        return _Growing(booster, rows, watched is not None, self.task)

    def root_gain(self, params: Mapping[str, Any], train: np.ndarray) -> float:
        stump = self._all(params) | {
            "num_leaves": 2,
            "min_split_gain": 0.0,
            "subsample": 1.0,
            "subsample_freq": 0,
            "feature_fraction_bynode": 1.0,
            "boosting_type": "gbdt",
            "path_smooth": 0.0,
        }
        booster = self.lightgbm.Booster(stump, self._subset(train))
        booster.update()
        trees = booster.dump_model()["tree_info"]
        return max((tree["tree_structure"].get("split_gain", 0.0) for tree in trees), default=0.0)

    def _subset(self, rows: np.ndarray) -> Any:
        return self.binned if len(rows) == self.data.n else self.binned.subset(rows.tolist())

    def _all(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return self.params | {name: value for name, value in params.items() if name not in _NOT_NAMED}


def _constant_params(task: Task, columns: int) -> dict[str, Any]:
    params: dict[str, Any] = {
        "objective": _OBJECTIVES[task.loss],
        "metric": "None",
        "verbosity": -1,
        "seed": task.seed,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,  # else bins would depend on min_rows, and could not be shared
        "num_threads": task.threads or 0,
    }
    if task.loss == "classes":
        params["num_class"] = task.classes
    if task.loss == "quantile":
        params["alpha"] = task.level
    if task.monotone is not None:
        params["monotone_constraints"] = list(task.monotone)
    groups = task.groups(columns)
    if groups is not None:
        params["interaction_constraints"] = groups
    return params


class _Growing:
    def __init__(self, booster: Any, rows: Any, held: bool, task: Task) -> None:
        self.booster, self.rows, self.held, self.task = booster, rows, held, task
        self.trees_at: list[int] = []
        self.seen: np.ndarray = np.empty(0)

    def advance(self) -> np.ndarray:
        stuck = self.booster.update()  # no split was good enough: LightGBM takes such a round back
        before = self.trees_at[-1] if self.trees_at else 0
        self.trees_at.append(self.booster.current_iteration() if stuck else before + 1)
        if self.held:
            self.booster.eval_valid(self._look)
        else:
            self.booster.eval_train(self._look)
        return self.seen

    def _look(self, predictions: np.ndarray, _: Any) -> tuple[str, float, bool]:
        """Take LightGBM's own running predictions; the score that it wants is not looked at."""
        self.seen = predictions
        return "seen", 0.0, True

    def finish(self) -> _Model:
        staged = self.booster.params.get("boosting_type") != "dart"
        # As lightgbm.train ends: what is kept is what its text says, and the rows are let go.
        self.booster.model_from_string(self.booster.model_to_string()).free_dataset()
        return _Model(self.booster, self.trees_at, self.task, staged)


class _Model:
    def __init__(self, booster: Any, trees_at: list[int], task: Task, staged: bool) -> None:
        self.native, self.trees_at, self.task, self.staged = booster, trees_at, task, staged

    @property
    def rounds(self) -> int:
        return len(self.trees_at)

    def margins(self, X: np.ndarray, rounds: int | None = None) -> np.ndarray:
        most = self.trees_at[(rounds or self.rounds) - 1]
        return self.native.predict(
            X, raw_score=True, num_iteration=most, num_threads=self.task.threads or 0, validate_features=False
        )

    def gains(self, columns: int) -> np.ndarray:
        return np.asarray(self.native.feature_importance("gain"), dtype=np.float64)

    def dump(self) -> tuple[dict[str, np.ndarray], dict[str, bytes], dict[str, Any]]:
        text = self.native.model_to_string(num_iteration=-1).encode()
        return {}, {_TEXT: text}, {"trees_at": self.trees_at, "staged": self.staged}


ENGINE: Engine = LightGBM()

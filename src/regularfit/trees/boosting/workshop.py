"""Rows that are binned once, and knobs in units that are translated anew for every set of training rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import InputError, UnsupportedError
from ..engines import Engine, Growing, Prepared, Task, TreeData, curvature
from ..engines.losses import RANKED
from ..regularisation import Regularisation
from ..translation import ENGINES

__all__ = ["Workshop"]

_OF_LEAVES = ("leaf_l2", "leaf_l1", "path_smoothing")
# What an engine asks of a leaf where nobody says anything, in rows or (XGBoost) in curvature.
_LEAST_ROWS = {"lightgbm": ("min_child_samples", 20), "sklearn": ("min_samples_leaf", 20)}


@dataclass(frozen=True, eq=False)
class Workshop:
    """What growing needs: an engine, its rows, and the task."""

    engine: Engine
    rows: Prepared
    data: TreeData
    task: Task

    @classmethod
    def of(cls, engine: Engine, data: TreeData, task: Task) -> Workshop:
        """Bin the rows."""
        return cls(engine, engine.prepare(data, task), data, task)

    def trained(self, train: np.ndarray | None = None) -> np.ndarray:
        """Return the rows that a model sees, increasing: rows of weight zero are left out."""
        rows = np.arange(self.data.n) if train is None else np.sort(train)
        w = self.data.weights
        return rows if w is None else rows[w[rows] > 0]

    def grow(
        self, regularisation: Regularisation, train: np.ndarray | None, watched: np.ndarray | None
    ) -> Growing:
        """Return a model of no rounds yet; ``train=None`` is all rows, ``watched=None`` the training rows."""
        rows = self.trained(train)
        return self.rows.grow(self.params(regularisation, rows), rows, watched)

    def params(self, regularisation: Regularisation, rows: np.ndarray) -> dict[str, Any]:
        """Return the engine's parameters for these training rows.

        Raises
        ------
        UnsupportedError
            For a knob that the engine does not have, or that does nothing with this loss.
        InputError
            Where leaves must hold so many rows that no split is possible.
        """
        _check_loss(regularisation, self.task)
        y = self.data.y[rows]
        weights = None if self.data.weights is None else self.data.weights[rows]
        h = curvature(self.engine.name, y, weights, self.task)
        tolled = bool(regularisation.split_toll)
        untolled = regularisation.with_(split_toll=None) if tolled else regularisation
        params = untolled.to(self.engine.name, curvature=h)
        total = len(rows) if weights is None or self.engine.name != "xgboost" else float(weights.sum())
        _check_min_rows(self.engine.name, params, total, h)
        if not tolled:
            return params
        gain = self.rows.root_gain(params, rows)
        return regularisation.to(self.engine.name, curvature=h, root_gain=gain)


def _check_loss(regularisation: Regularisation, task: Task) -> None:
    if task.loss not in RANKED:
        return
    idle = [name for name in _OF_LEAVES if regularisation.knobs.get(name)]
    if idle:
        raise UnsupportedError(
            f"{idle[0]} pulls at the values of leaves, but with loss={task.loss!r} these are medians or quantiles of "
            "residuals, which engines put in afterwards. Leave it out; min_rows, leaves and learning_rate restrain "
            "these losses too."
        )


def _check_min_rows(engine: str, params: Mapping[str, Any], total: float, h: float) -> None:
    """Raise where two leaves cannot both hold what they must: engines then give a constant without a word."""
    if engine == "xgboost":
        least = params.get("min_child_weight", 1.0) / h
        given = "min_child_weight" in params
    else:
        name, usual = _LEAST_ROWS[engine]
        least, given = params.get(name, usual), name in params
    if 2 * least <= total * (1 + 1e-9):
        return
    most = max(int(total // 2), 1)
    whose = f"min_rows={least:g}" if given else f"{ENGINES[engine]}'s own min_rows of {least:.3g}"
    raise InputError(
        f"{whose} leaves no split possible: there are {total:g} rows to train on (in the smallest fold), fewer than "
        f"two leaves must hold. Give Regularisation(min_rows={max(most // 5, 1)}) or another number up to {most}."
    )

"""Where a search over the knobs looks: the few that matter, in units that fit the data."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engines import Task, TreeData, start_gradient
from ..engines.losses import RANKED
from ..regularisation import Regularisation
from ..translation import KNOBS

__all__ = ["SearchSpace"]

LEARNING_RATE = (0.02, 0.2)
LEAVES = (3, 128)
MIN_ROWS = (1, 100)
ROW_SAMPLING = (0.5, 1.0)
COLUMN_SAMPLING = (0.3, 1.0)
LEAF_L2 = (0.1, 100.0)  # pseudo-rows
LEAF_L1 = (0.01, 10.0)  # in gradients of a row before the first tree
ROWS_A_LEAF = 4  # training rows for every row that a leaf may have to hold


class SearchSpace:
    """Knobs that an engine has and the user has not given, with their ranges.

    A leaf penalty is zero in half of all proposals and log-uniform in the others (spike and slab): most data need
    none, and a range on the log scale alone could never say so.

    Parameters
    ----------
    engine : by name.
    data : the rows.
    task : what is fitted.
    fixed : knobs that stay as they are.
    """

    def __init__(self, engine: str, data: TreeData, task: Task, n: int, fixed: Regularisation) -> None:
        """Set the ranges for ``n`` training rows."""
        self.fixed = fixed
        unit = start_gradient(data.y, data.weights, task)
        ranges: dict[str, tuple[float, float]] = {
            "learning_rate": LEARNING_RATE,
            "leaves": (LEAVES[0], int(np.clip(n // 2, LEAVES[0], LEAVES[1]))),
            "min_rows": (MIN_ROWS[0], int(np.clip(n // ROWS_A_LEAF, *MIN_ROWS))),
            "row_sampling": ROW_SAMPLING,
            "column_sampling": COLUMN_SAMPLING,
        }
        if task.loss not in RANKED:
            ranges |= {"leaf_l2": LEAF_L2, "leaf_l1": (LEAF_L1[0] * unit, LEAF_L1[1] * unit)}
        self.ranges = {
            name: ends for name, ends in ranges.items() if name in KNOBS[engine] and name not in fixed.knobs
        }

    def propose(self, trial: Any) -> Regularisation:
        """Return the knobs that a trial of Optuna suggests, under those that are fixed."""
        found: dict[str, Any] = {}
        for name, (low, high) in self.ranges.items():
            if name in ("leaves", "min_rows"):
                found[name] = trial.suggest_int(name, low, high, log=True)
            elif name in ("row_sampling", "column_sampling"):
                found[name] = trial.suggest_float(name, low, high)
            elif name == "learning_rate" or trial.suggest_categorical(f"{name}_on", [False, True]):
                found[name] = trial.suggest_float(name, low, high, log=True)
            else:
                found[name] = 0.0
        return self.fixed.over(Regularisation(**found))

    def as_params(self, start: Regularisation) -> dict[str, Any]:
        """Return a set of knobs as what Optuna would have suggested, moved into the ranges."""
        found: dict[str, Any] = {}
        for name, (low, high) in self.ranges.items():
            value = start.knobs.get(name)
            if name in ("leaf_l2", "leaf_l1"):
                found[f"{name}_on"] = bool(value)
                if not value:
                    continue
            if value is not None:
                found[name] = type(low)(np.clip(value, low, high))
        return found

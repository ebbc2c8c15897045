"""The table of settings and folds of a family."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from ..evaluation.metrics import Metric
from .data import LaneData
from .family import Family
from .scores import fold_scores

__all__ = ["score_table"]


def score_table(family: Family, data: LaneData, metric: Metric, rows: Sequence[Tensor]) -> np.ndarray:
    """Return the scores of all members on the given rows of every fold, (members, F); NaN for lanes that died."""
    found = np.full((len(family.members), len(rows)), np.nan)
    for fold, chosen in enumerate(rows):
        weights, norms = family.nets(data, range(len(family.members)), fold)
        found[:, fold] = fold_scores(
            data.seen(family.bins), metric, weights, norms, slice(None), fold, chosen
        )
    dead = np.array(family.trained.why, dtype=object).reshape(found.shape) == "nan"
    return np.where(dead, np.nan, found)

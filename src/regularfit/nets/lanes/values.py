"""What differs between the lanes of a pack, as one number a lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

__all__ = ["OFF", "LaneValues"]

# What a lane has of a regulariser that it does not use: numbers with which the arithmetic changes nothing.
OFF: dict[str, float] = {
    "decay": 0.0,
    "independent": 0.0,
    "l1": 0.0,
    "smoothing": 0.0,
    "mixup": 0.0,
    "swap": 0.0,
    "noise": 0.0,
    "ema": -1.0,
    "swa": 2.0,
    "swa_every": 1.0,
    "refresh": 0.0,
    "patience": np.inf,
    "min_delta": 0.0,
    "keep_best": 0.0,
}


@dataclass(frozen=True, eq=False)
class LaneValues:
    """Numbers of K lanes. ``rates`` are dropout's, (K, layers); everything else is (K,).

    ``fold`` and ``seed`` are whole numbers; ``independent``, ``refresh`` and ``keep_best`` are 0 or 1. ``ema`` below 0
    means none, ``swa`` above 1 means never.
    """

    fold: np.ndarray
    seed: np.ndarray
    lr: np.ndarray
    rates: np.ndarray
    decay: np.ndarray
    independent: np.ndarray
    l1: np.ndarray
    smoothing: np.ndarray
    mixup: np.ndarray
    swap: np.ndarray
    noise: np.ndarray
    ema: np.ndarray
    swa: np.ndarray
    swa_every: np.ndarray
    refresh: np.ndarray
    patience: np.ndarray
    min_delta: np.ndarray
    keep_best: np.ndarray

    def __len__(self) -> int:
        """How many lanes there are."""
        return len(self.fold)

    def take(self, index: np.ndarray) -> LaneValues:
        """Return the values of some lanes."""
        return LaneValues(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @classmethod
    def of(cls, rows: Sequence[dict[str, Any]]) -> LaneValues:
        """Return the values of lanes, each a dict; what is missing is off."""
        columns: dict[str, np.ndarray] = {}
        for f in fields(cls):
            whole = f.name in ("fold", "seed")
            values = [row.get(f.name, OFF.get(f.name)) for row in rows]
            columns[f.name] = np.array(values, dtype=np.int64 if whole else np.float64)
        return cls(**columns)

    @classmethod
    def join(cls, parts: Sequence[LaneValues]) -> LaneValues:
        """Return lanes of several packs behind each other."""
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})

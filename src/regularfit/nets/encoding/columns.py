"""One column of a table as numbers: what is learnt of it, and how new values of it are encoded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..._checks import check_choice
from ...inputs.levels import Levels

__all__ = ["SCALINGS", "CategoryColumn", "NumberColumn", "learn_category", "learn_number"]

SCALINGS = ("robust", "standard", "piecewise", "none")
MOST_LEVELS = 64  # of a category that get a column of their own; rarer ones share one
SMOOTH_LIMIT = 3.0  # scaled numbers are squashed smoothly towards this
TINY = 1e-300  # numbers divided by less than that need not be finite
BINS = 8  # of a number, by quantiles, where scaling is "piecewise"


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A numeric column: centred, scaled, squashed; missing values take the median, and an indicator if any were seen.

    With ``edges`` it has, beside that, a column a bin: the share of the bin that lies below the value, so 1 in bins
    below the value, 0 in those above, and linear in its own (Gorishniy, Rubachev and Babenko 2022, On embeddings for
    numerical features in tabular deep learning, NeurIPS). A net then bends where the data are, from its first step.

    Parameters
    ----------
    name : of the column.
    fill : what a missing value becomes: the median of the training rows.
    centre, scale : z = (x - centre) / scale.
    squash : whether z becomes z / sqrt(1 + (z / 3)^2), which keeps order and leaves |z| < 1 nearly as it is.
    indicator : whether the last column is 1 where the value is missing.
    edges : of the bins, increasing; () for none.
    """

    name: str
    fill: float
    centre: float
    scale: float
    squash: bool
    indicator: bool
    edges: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """How many encoded columns it has."""
        return 1 + max(len(self.edges) - 1, 0) + self.indicator

    def encode(self, values: np.ndarray, out: np.ndarray) -> None:
        """Write the encoded values, (n, width)."""
        missing = np.isnan(values)
        filled = np.where(missing, self.fill, values)
        z = (filled - self.centre) / self.scale
        out[:, 0] = z / np.hypot(1.0, z / SMOOTH_LIMIT) if self.squash else z
        for j, (low, high) in enumerate(pairwise(self.edges), start=1):
            out[:, j] = (np.clip(filled, low, high) - low) / (high - low)
        if self.indicator:
            out[:, -1] = missing


@dataclass(frozen=True, slots=True)
class CategoryColumn:
    """A column of categories: one column a level; a level that training never saw is all zeros.

    Parameters
    ----------
    name : of the column.
    levels : as text, in the order of their columns; a missing value is a level of its own where training had one.
    rare : whether the last column collects levels beyond the most frequent ones.
    """

    name: str
    levels: tuple[str, ...]
    rare: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many encoded columns it has."""
        return max(len(self.levels) + bool(self.rare), 1)

    def encode(self, values: Levels, out: np.ndarray) -> None:
        """Write the encoded values, (n, width)."""
        out[:] = 0.0
        place = {level: j for j, level in enumerate(self.levels)} | dict.fromkeys(self.rare, len(self.levels))
        columns = np.array([place.get(name, -1) for name in values.names], dtype=np.int64)[values.codes]
        rows = np.flatnonzero(columns >= 0)
        out[rows, columns[rows]] = 1.0


def learn_number(name: str, values: np.ndarray, scaling: str) -> NumberColumn:
    """Return what training rows teach about a numeric column; ``scaling`` is one of ``SCALINGS``."""
    check_choice(scaling, SCALINGS, "scaling")
    known = values[~np.isnan(values)]
    indicator = bool(known.size < values.size)
    if known.size == 0:
        return NumberColumn(name, 0.0, 0.0, 1.0, False, indicator)
    fill = float(np.median(known))
    if scaling == "none":
        return NumberColumn(name, fill, 0.0, 1.0, False, indicator)
    if scaling == "standard":
        return NumberColumn(
            name, fill, float(known.mean()), _above_zero(float(known.std())), False, indicator
        )
    low, high = np.quantile(known, [0.25, 0.75])
    # A normal column has an interquartile range of 1.349 standard deviations. Where half of the values are the
    # same the range says nothing, and the standard deviation has to do.
    spread = float(high - low) / 1.349
    if spread <= max(1e-12 * max(abs(float(low)), abs(float(high))), TINY):
        spread = float(known.std())
    edges = _edges(known) if scaling == "piecewise" else ()
    return NumberColumn(name, fill, fill, _above_zero(spread), True, indicator, edges)


def _edges(known: np.ndarray) -> tuple[float, ...]:
    """Return the edges of bins with as many rows each, or () where one bin would be all: z says the same.

    Edges are values that were seen, so that whole numbers get a step each.
    """
    edges = np.unique(np.quantile(known, np.linspace(0.0, 1.0, BINS + 1), method="lower"))
    wide = np.append(True, np.diff(edges) > 1e-12 * np.abs(edges).max())
    return tuple(edges[wide].tolist()) if wide.sum() > 2 else ()


def learn_category(name: str, values: Levels) -> CategoryColumn:
    """Return what training rows teach about a column of categories."""
    counts = {
        level: count for level, count in zip(values.names, values.counts().tolist(), strict=True) if count
    }
    frequent = sorted(counts, key=lambda level: (-counts[level], level))
    kept, rare = frequent[:MOST_LEVELS], frequent[MOST_LEVELS:]
    return CategoryColumn(name, tuple(sorted(kept)), tuple(sorted(rare)))


def _above_zero(spread: float) -> float:
    return spread if spread > TINY else 1.0

"""Tables as the matrices that tree engines take: numbers as they are, categories as codes or indicators."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError, UnseenCategoryWarning
from ..inputs.levels import Levels
from ..inputs.raw_table import RawTable, read_raw_table
from ..inputs.table import FittedColumns

__all__ = ["TreeColumns"]

MOST_CODES = 255  # of a category that engines with bins can tell apart; rarer levels share the last code
MOST_INDICATORS = 30  # for engines that only split numbers


@dataclass(frozen=True, slots=True)
class TreeColumns:
    """What training rows teach about the columns of a table: names, and the levels of categories.

    Missing values stay missing (NaN): every engine has its own way with them. A level that training did not see is
    missing, too, and warned of.

    Parameters
    ----------
    levels : one entry a column: None for numbers, the kept levels of a category.
    names : the table's column names, or None where it had none.
    indicators : whether categories become one column a level, for engines that only split numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"size": [1.0, 2.0, None], "colour": ["red", "blue", "red"]})
    >>> columns = TreeColumns.learn(table)
    >>> columns.encode(table)
    array([[ 1.,  1.],
           [ 2.,  0.],
           [nan,  1.]])
    >>> columns.categories
    (1,)
    """

    levels: tuple[tuple[str, ...] | None, ...]
    names: tuple[str, ...] | None
    indicators: bool = False

    @classmethod
    def learn(cls, X: Any, *, indicators: bool = False) -> TreeColumns:
        """Return what the rows of ``X`` teach.

        Raises
        ------
        InputError
            Empty, infinite, not two-dimensional, or with duplicate names.
        """
        most = _most(indicators)
        raw = read_raw_table(X)
        return cls(tuple(_kept(values, most) for _, values in raw.named()), raw.names, indicators)

    @property
    def categories(self) -> tuple[int, ...]:
        """Which encoded columns hold codes of categories."""
        if self.indicators:
            return ()
        return tuple(j for j, levels in enumerate(self.levels) if levels is not None)

    @property
    def encoded_names(self) -> tuple[str, ...]:
        """A name for every encoded column; for indicators "column = level"."""
        names: list[str] = []
        for j, levels in enumerate(self.levels):
            name = self.names[j] if self.names is not None else f"x{j}"
            if levels is None or not self.indicators:
                names.append(name)
            else:
                names.extend(f"{name} = {level}" for level in levels)
        return tuple(names)

    def encode(self, X: Any, who: str = "the model") -> np.ndarray:
        """Return the float64 matrix of a table with the same columns.

        Raises
        ------
        InputError
            For other columns than in training, or text where training had numbers.

        Warns
        -----
        UnseenCategoryWarning
            For levels that training did not see; they count as missing.
        """
        raw = read_raw_table(X, fitted=FittedColumns(self.names, len(self.levels), who))
        parts: list[np.ndarray] = []
        for (name, values), levels in zip(raw.named(), self.levels, strict=True):
            if levels is None:
                parts.append(_numbers(values, name)[:, None])
                continue
            found = values if isinstance(values, Levels) else RawTable.as_levels(values)
            if len(levels) < _most(self.indicators):  # else training itself left rare levels out
                _warn_of_unseen(found, levels, name)
            codes = _codes(found, levels)
            parts.append(_indicators(codes, len(levels)) if self.indicators else codes[:, None])
        return np.ascontiguousarray(np.concatenate(parts, axis=1))


def _kept(values: np.ndarray | Levels, most: int) -> tuple[str, ...] | None:
    """Return the most frequent levels in the order of their names, missing being none; None for numbers."""
    if isinstance(values, np.ndarray):
        return None
    counts = {
        name: count
        for name, count in zip(values.names, values.counts(), strict=True)
        if count and name != RawTable.MISSING
    }
    return tuple(sorted(sorted(counts, key=lambda level: (-counts[level], level))[:most]))


def _most(indicators: bool) -> int:
    return MOST_INDICATORS if indicators else MOST_CODES


def _codes(values: Levels, levels: tuple[str, ...]) -> np.ndarray:
    place = {level: float(code) for code, level in enumerate(levels)}
    return np.array([place.get(name, np.nan) for name in values.names])[values.codes]


def _warn_of_unseen(values: Levels, levels: tuple[str, ...], name: str) -> None:
    here = {name for name, count in zip(values.names, values.counts(), strict=True) if count}
    unseen = sorted(here - set(levels) - {RawTable.MISSING})
    if unseen:
        shown = ", ".join(map(repr, unseen[:5])) + (", ..." if len(unseen) > 5 else "")
        warnings.warn(
            f"Column {name!r} holds categories that training did not see ({len(unseen)}: {shown}); they count as "
            "missing.",
            UnseenCategoryWarning,
            stacklevel=4,
        )


def _indicators(codes: np.ndarray, count: int) -> np.ndarray:
    return (codes[:, None] == np.arange(count)).astype(np.float64)


def _numbers(values: np.ndarray | Levels, name: str) -> np.ndarray:
    """Numbers where training had numbers: text is refused by name, missing values are not."""
    if isinstance(values, np.ndarray):
        return values
    try:
        return RawTable.as_numbers(values)
    except ValueError as error:
        raise InputError(
            f"Column {name!r} held numbers in training and now holds text ({error}). Give numbers, or leave the "
            "value missing."
        ) from error

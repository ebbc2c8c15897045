"""What one column of a table becomes: small frozen recipes that fit into JSON.

A recipe is learned once, when a model is fitted, and applied unchanged to every later table. It holds no
object of another library, so that a model file needs no pickle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from regularfit.errors import ModelFileError
from regularfit.table import values

if TYPE_CHECKING:
    import pandas as pd

#: Cyclic parts of a date: the length of one turn. (A month of 30 days is the convention of skrub.)
TURNS = {"month": 12, "day": 30, "hour": 24, "weekday": 7}


@dataclass(frozen=True, slots=True)
class Number:
    """A column of numbers, booleans (True is 1) or durations (in seconds): passed on as it is."""

    kind: ClassVar[str] = "number"
    column: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns made."""
        return (self.column,)

    def apply(self, series: pd.Series) -> np.ndarray:
        """Return the (n, 1) matrix; missing values are NaN."""
        return values.to_numbers(series, self.column)[:, None]


@dataclass(frozen=True, slots=True)
class Missing:
    """1 where the column has no value, else 0."""

    kind: ClassVar[str] = "missing"
    column: str
    shared: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns made; `shared` other columns are missing in exactly the same rows."""
        return (f"{self.column} is missing" + (f" (and {self.shared} more)" if self.shared else ""),)

    def apply(self, series: pd.Series) -> np.ndarray:
        """Return the (n, 1) matrix of zeros and ones."""
        return series.isna().to_numpy(np.float64)[:, None]


@dataclass(frozen=True, slots=True)
class Levels:
    """A column of categories: one column of zeros and ones for each level.

    `reference` is the level that gets no column (only where there are two), `other` counts the rare levels
    that share one column, `missing` says that missing values have one.
    """

    kind: ClassVar[str] = "levels"
    column: str
    levels: tuple[str, ...]
    reference: str | None = None
    other: int = 0
    missing: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns made."""
        names = [f"{self.column}={level}" for level in self.levels]
        names += [f"{self.column} is missing"] * self.missing
        return (*names, *([f"{self.column}=other ({self.other} levels)"] if self.other else []))

    def apply(self, series: pd.Series) -> np.ndarray:
        """Return the (n, k) matrix; a level never seen counts as other, if there is one."""
        import pandas as pd

        text = values.to_text(series)
        codes = pd.Index(self.levels, dtype="str").get_indexer(pd.Index(text)).astype(np.int64)
        empty = text.isna().to_numpy()
        unknown = (codes < 0) & ~empty
        if self.reference is not None:
            unknown &= (text != self.reference).fillna(True).to_numpy(bool)
        k = len(self.levels)
        codes[empty] = k if self.missing else -1
        if self.other:
            codes[(codes < 0) & (unknown | empty)] = k + self.missing
        out = np.zeros((len(series), len(self.names)), order="F")
        rows = np.flatnonzero(codes >= 0)
        out[rows, codes[rows]] = 1.0
        return out

    def unseen(self, series: pd.Series, known: frozenset[str]) -> dict[str, int]:
        """Count the levels of this table that were not there when the model was fitted."""
        text = values.to_text(series).dropna()
        return {str(k): int(v) for k, v in text[~text.isin(known)].value_counts().items()}


@dataclass(frozen=True, slots=True)
class Date:
    """A column of dates: the year, the days since 1970, and sine and cosine of month, day, hour, weekday."""

    kind: ClassVar[str] = "date"
    column: str
    parts: tuple[str, ...]
    format: str | None = None
    timezone: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns made."""
        names: list[str] = []
        for part in self.parts:
            names += [f"{part} (sin)", f"{part} (cos)"] if part in TURNS else [part]
        return tuple(f"{self.column}: {name}" for name in names)

    def apply(self, series: pd.Series) -> np.ndarray:
        """Return the (n, k) matrix; a missing date is NaN in every column."""
        when = values.to_dates(series, self.column, self.format, self.timezone)
        out: list[np.ndarray] = []
        for part in self.parts:
            value = values.date_part(when, part)
            turn = TURNS.get(part)
            angle = value * (2 * np.pi / turn) if turn else value
            out += [np.sin(angle), np.cos(angle)] if turn else [value]
        return np.column_stack(out)


Recipe = Number | Missing | Levels | Date
_KINDS: dict[str, Any] = {cls.kind: cls for cls in (Number, Missing, Levels, Date)}


def to_state(recipe: Recipe) -> dict[str, Any]:
    """Turn a recipe into plain values for JSON."""
    return {"kind": recipe.kind, **asdict(recipe)}


def from_state(state: dict[str, Any]) -> Recipe:
    """Build a recipe again from what :func:`to_state` gave."""
    facts = {key: tuple(v) if isinstance(v, list) else v for key, v in state.items() if key != "kind"}
    try:
        recipe: Recipe = _KINDS[state["kind"]](**facts)
    except (KeyError, TypeError) as error:
        raise ModelFileError(
            f"The model file describes a column in a way this version does not know ({error}). It is "
            "damaged or was "
            "written by a newer regularfit. Update regularfit or fit the model again."
        ) from error
    return recipe

"""Sorting the columns of a training table: what is kept, as what, and what is dropped and why."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from regularfit.table import values

#: A text column with more levels than this is grouped: the most frequent ones, and the rest as one.
MANY_LEVELS = 40
#: Above this share of different values, a text column with many levels says nothing that repeats.
_MOSTLY_UNIQUE = 0.5
_ID_NAME = re.compile(r"(^|[^a-z])(id|uuid|guid|index|row|rownum|rownames|nr)s?$|^unnamed: 0$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A column that is not used, and why."""

    column: str
    reason: str


def reason_to_drop(series: pd.Series, name: str) -> str | None:
    """Say why a column cannot help, or None where it may."""
    if series.dtype.kind in "fiu" and _clearly_varies(series.to_numpy()):
        return None
    present = series.dropna()
    if present.empty:
        return "has no values"
    first = present.iloc[0]
    if len(present) == len(series) and bool((present == first).all()):
        return f"is constant (always {first!s:.40})"
    if values.is_number(series):
        return _numbered_rows(present, series, name)
    distinct = int(present.nunique())
    if distinct > MANY_LEVELS and distinct > _MOSTLY_UNIQUE * len(present):
        if not _holds_dates(series):
            return f"is like an id or free text ({distinct:,} different values in {len(present):,} rows)"
    elif distinct == len(present) == len(series) and distinct > 10 and _ID_NAME.search(name):
        return "is like an id (a different value in every row)"
    return None


def _holds_dates(series: pd.Series) -> bool:
    from regularfit.table.vectorizer import as_dates

    return pd.api.types.is_datetime64_any_dtype(series.dtype) or as_dates(series)[0] is not None


def _clearly_varies(number: np.ndarray) -> bool:
    """Fast answer for the common column: no gaps, not constant, and no row numbers, since a value repeats."""
    if number.dtype.kind == "f":
        start = number[:100]
        return bool(np.isfinite(start).all() and start.min() < start.max())
    return bool(number.min() < number.max()) and np.unique(number).size < number.size


def _numbered_rows(present: pd.Series, series: pd.Series, name: str) -> str | None:
    """Whole numbers, all different, that count the rows or bear the name of an id."""
    if len(present) < len(series) or len(series) < 10 or not pd.api.types.is_integer_dtype(series.dtype):
        return None
    number = series.to_numpy()
    if np.unique(number).size < number.size:
        return None
    if np.ptp(number) == number.size - 1 and (np.all(np.diff(number) == 1) or _ID_NAME.search(name)):
        return "is like an id (it numbers the rows)"
    return "is like an id (a different whole number in every row)" if _ID_NAME.search(name) else None


def marker_note(series: pd.Series, name: str, became: str = "read as categories") -> str | None:
    """Advise where a text column is numbers except for a marker or two, such as NA or a question mark."""
    present = series.dropna()
    number = pd.to_numeric(present.astype(object), errors="coerce")
    text = present[number.isna().to_numpy()].astype(str).value_counts()
    if not 0 < text.size <= 2 or number.nunique() <= 5:
        return None
    found = " and ".join(f"the text {level!r} {count:,} times" for level, count in text.items())
    options = " ".join(f"--missing {_quoted(str(level))}" for level in text.index)
    return (
        f"column '{name}' holds numbers and {found}, so it was {became}; if that means missing, add {options}"
    )


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)

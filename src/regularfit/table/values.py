"""Vectorised conversions of one column: to numbers, to text, to dates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from regularfit.errors import TableError


def is_boolean(series: pd.Series) -> bool:
    """Tell whether all values are True or False (missing ones aside)."""
    if pd.api.types.is_bool_dtype(series.dtype):
        return True
    return bool(series.dtype == "object") and pd.api.types.infer_dtype(series, skipna=True) == "boolean"


def is_number(series: pd.Series) -> bool:
    """Tell whether the column is passed on as numbers: numbers, booleans, durations, exact decimals."""
    dtype = series.dtype
    if dtype.kind in "iufb":
        return True
    if isinstance(dtype, pd.CategoricalDtype):
        return False
    if pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype) or is_boolean(series):
        return True
    return dtype.kind == "O" and pd.api.types.infer_dtype(series, skipna=True) in _NUMBERS_IN_OBJECTS


_NUMBERS_IN_OBJECTS = ("decimal", "integer", "floating", "mixed-integer-float", "integer-na")


def to_numbers(series: pd.Series, name: str) -> np.ndarray:
    """Return float64 with NaN where missing; refuse text and infinite values, naming the row."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    if pd.api.types.is_timedelta64_dtype(series.dtype):
        out = series.dt.total_seconds().to_numpy(np.float64)
    elif pd.api.types.is_complex_dtype(series.dtype) or pd.api.types.is_datetime64_any_dtype(series.dtype):
        raise TableError(
            f"Column '{name}' should hold numbers but holds {series.dtype} values. Give it as numbers."
        )
    else:
        try:
            out = series.to_numpy(np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            out = _parse_numbers(series, name)
    _check_finite(out, name)
    return out


def _parse_numbers(series: pd.Series, name: str) -> np.ndarray:
    parsed = pd.to_numeric(series, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = np.flatnonzero(np.isnan(parsed) & series.notna().to_numpy())
    if bad.size:
        raise TableError(
            f"Column '{name}' should hold numbers, but row {bad[0] + 1} holds the text "
            f"{str(series.iloc[bad[0]])!r} "
            f"({bad.size} such rows). Mend them, or say `--missing {series.iloc[bad[0]]}` if that text "
            "means missing."
        )
    return parsed


def _check_finite(out: np.ndarray, name: str) -> None:
    bad = np.flatnonzero(np.isinf(out))
    if bad.size:
        raise TableError(
            f"Column '{name}' holds an infinite value in row {bad[0] + 1} ({bad.size} such rows). Values "
            "must be finite or "
            "missing (an empty field). Replace them."
        )


def to_text(series: pd.Series) -> pd.Series:
    """Return the values as text; whole numbers are written without a decimal point, missing stays missing."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        levels = to_text(pd.Series(series.cat.categories))
        return levels.reindex(series.cat.codes.where(series.cat.codes >= 0)).set_axis(series.index)
    if pd.api.types.is_float_dtype(series.dtype):
        whole = series.dropna()
        if (whole == np.floor(whole)).all() and (whole.abs() < 2**53).all():
            series = series.astype("Int64")
    text = series.astype(object)
    there = text.notna()
    return text.where(there, None).map(str, na_action="ignore").astype("str")


def to_dates(series: pd.Series, name: str, form: str | None, timezone: str | None) -> pd.Series:
    """Return dates in the time zone of the training data; refuse text that is no date, naming the row."""
    when = series
    if not pd.api.types.is_datetime64_any_dtype(series.dtype):
        when = pd.to_datetime(series, format=form or "ISO8601", errors="coerce", utc=timezone is not None)
        bad = np.flatnonzero(when.isna().to_numpy() & series.notna().to_numpy())
        if bad.size:
            wanted = f"the format {form} of the training data" if form else "the ISO format 2026-01-31"
            raise TableError(
                f"Column '{name}' should hold dates in {wanted}, but row {bad[0] + 1} holds "
                f"{str(series.iloc[bad[0]])!r} "
                f"({bad.size} such rows). Mend them or leave the field empty."
            )
    if when.dt.tz is None:
        return when if timezone is None else when.dt.tz_localize("UTC").dt.tz_convert(timezone)
    return when.dt.tz_convert(timezone)


def date_part(when: pd.Series, part: str) -> np.ndarray:
    """Return one part of the dates as float64: year, days since 1970, month, day, hour, weekday from 1."""
    if part == "days":
        start: Any = pd.Timestamp(0, tz=when.dt.tz)
        seconds: np.ndarray = ((when - start) / pd.Timedelta(1, "s")).to_numpy(np.float64)
        return seconds / 86400
    found = when.dt.day_of_week + 1 if part == "weekday" else getattr(when.dt, part)
    out: np.ndarray = found.to_numpy(np.float64, na_value=np.nan)
    return out

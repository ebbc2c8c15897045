"""Letting skrub's TableVectorizer decide, and keeping what it learned as plain recipes."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd

from regularfit.table import values
from regularfit.table.kinds import MANY_LEVELS
from regularfit.table.recipes import TURNS, Date, Levels, Number, Recipe


def learn_recipes(frame: pd.DataFrame) -> tuple[tuple[Recipe, ...], dict[str, frozenset[str]]]:
    """Return a recipe for every column, and all levels of the columns whose rare levels are grouped.

    Numbers need no decision, so skrub (slow to import) is only asked where there is anything else.
    """
    other = [name for name in frame.columns if not values.is_number(frame[name])]
    learned, known = _ask_skrub(frame[other]) if other else ({}, {})
    return tuple(learned.get(name) or Number(str(name)) for name in frame.columns), known


def make_vectorizer() -> Any:
    """Build the TableVectorizer whose choices are kept: cyclic dates, rare levels grouped.

    skrub's own encoders of many-levelled text hold a large dictionary and a rotation that would have to be
    pickled; the most frequent levels and one column for the rest can be read and explained.
    """
    from sklearn.preprocessing import OneHotEncoder
    from skrub import DatetimeEncoder, TableVectorizer

    # Neither library is annotated: what a type checker takes for the types are those of the defaults.
    grouped = OneHotEncoder(
        max_categories=MANY_LEVELS,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
        dtype=cast(Any, "float32"),
    )
    return TableVectorizer(
        cardinality_threshold=MANY_LEVELS,
        high_cardinality=cast(Any, grouped),
        datetime=DatetimeEncoder(add_weekday=True, periodic_encoding="circular"),
    )


def prepare(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """Parse dates and fix the levels of text, so that no text is silently taken for a missing value."""
    ready, formats = {}, {}
    for name in frame.columns:
        dates, form = as_dates(frame[name])
        if dates is None:
            ready[name] = values.to_text(frame[name]).astype("category")
        else:
            ready[name], formats[name] = dates, form
    return pd.DataFrame(ready, index=frame.index), formats


def as_dates(series: pd.Series) -> tuple[pd.Series | None, str | None]:
    """Return the column as dates and the format of its text, or (None, None) where it holds no dates."""
    from skrub import ToDatetime
    from skrub.core import RejectColumn

    if isinstance(series.dtype, pd.CategoricalDtype):
        return None, None
    decide = ToDatetime()
    try:
        dates = decide.fit_transform(series)
    except RejectColumn:
        return None, None
    return dates, decide.format_


def _ask_skrub(frame: pd.DataFrame) -> tuple[dict[str, Recipe], dict[str, frozenset[str]]]:
    ready, formats = prepare(frame)
    vectorizer = make_vectorizer().fit(ready)
    recipes: dict[str, Recipe] = {}
    known: dict[str, frozenset[str]] = {}
    for name, transformer in vectorizer.transformers_.items():
        if name in formats:
            recipes[name] = _date(str(name), transformer, formats[name], ready[name])
        else:
            recipes[name] = recipe = _levels(str(name), transformer)
            if recipe.other:
                known[str(name)] = frozenset(
                    level for level in transformer.categories_[0] if isinstance(level, str)
                )
    return recipes, known


def _levels(name: str, encoder: Any) -> Levels:
    levels = list(encoder.categories_[0])
    rare = [] if encoder.max_categories is None else (encoder.infrequent_categories_[0])
    rare = set() if rare is None else {level for level in rare if isinstance(level, str)} | _missing_in(rare)
    kept = [level for level in levels if (level if isinstance(level, str) else None) not in rare]
    dropped = encoder.drop_idx_[0] if encoder.drop_idx_ is not None else None
    reference = None if dropped is None else levels[dropped]
    return Levels(
        name,
        tuple(str(level) for level in kept if isinstance(level, str) and level != reference),
        reference if isinstance(reference, str) else None,
        len([level for level in rare if level is not None]) + (None in rare),
        any(not isinstance(level, str) for level in kept),
    )


def _missing_in(levels: Any) -> set[None]:
    return {None} if any(not isinstance(level, str) for level in levels) else set()


def _date(name: str, encoder: Any, form: str | None, ready: pd.Series) -> Date:
    renamed = {"total_seconds": "days"}
    # skrub puts the cyclic parts last.
    found: list[str] = sorted(encoder.extracted_features_, key=lambda part: part in TURNS)
    zone = None if ready.dt.tz is None else str(ready.dt.tz)
    return Date(name, tuple(renamed.get(part, part) for part in found), form, zone)

"""Learning what each column of a training table becomes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from regularfit.errors import TableError
from regularfit.table.encoder import Encoded, Encoder, stack
from regularfit.table.kinds import Dropped, marker_note, reason_to_drop
from regularfit.table.read import Table
from regularfit.table.recipes import Levels, Missing, Recipe
from regularfit.table.values import is_number
from regularfit.table.vectorizer import learn_recipes


def learn_encoder(table: Table) -> tuple[Encoder, Encoded]:
    """Learn what each column becomes, from the columns alone (never from the target), and apply it.

    Numbers and booleans are passed on, categories get one column a level (above 40 levels the most frequent
    ones and one for the rest), dates get their parts; a column with missing numbers gets a companion that
    says where.
    Columns that are constant, without values, or like an id are dropped with a reason.

    Raises
    ------
    TableError
        Where no usable column is left.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = {"age": [31, None, 52], "town": ["Graz", "Linz", "Graz"], "kind": ["a", "a", "a"]}
    >>> encoder, encoded = learn_encoder(Table("t.csv", "csv", 0, "", pd.DataFrame(columns)))
    >>> encoded.names
    ('age', 'age is missing', 'town=Linz')
    >>> encoder.dropped
    (Dropped(column='kind', reason='is constant (always a)'),)
    """
    if table.frame is None:
        encoder = Encoder(sparse=int(table.matrix.shape[1]))
        return encoder, Encoded(table.matrix, encoder.names)
    frame = table.frame
    dropped = {name: reason for name in frame.columns if (reason := reason_to_drop(frame[name], str(name)))}
    used = frame[[name for name in frame.columns if name not in dropped]]
    recipes, known = learn_recipes(used)
    recipes, shared = _add_indicators(recipes, used)
    notes = [
        note for r in recipes if isinstance(r, Levels) and (note := marker_note(used[r.column], r.column))
    ]
    notes += [note for name in dropped if (note := _dropped_numbers(frame[name], str(name)))]
    notes += [
        _grouping_note(r, len(known.get(r.column, ()))) for r in recipes if isinstance(r, Levels) and r.other
    ]
    made = stack(recipes, used)
    keep = np.flatnonzero(_varies(made))
    if keep.size == 0:
        raise _nothing_left(table, dropped)
    encoder = Encoder(
        recipes=recipes,
        keep=tuple(int(i) for i in keep),
        dropped=tuple(Dropped(str(name), reason) for name, reason in dropped.items()),
        notes=tuple(notes),
        known=known,
        shared=shared,
    )
    X = made if keep.size == made.shape[1] else np.asfortranarray(made[:, keep])
    return encoder, Encoded(X, encoder.names, tuple(notes))


def _add_indicators(
    recipes: tuple[Recipe, ...], frame: pd.DataFrame
) -> tuple[tuple[Recipe, ...], frozenset[str]]:
    """Add one indicator for each pattern of missing values: columns missing together share it."""
    patterns: dict[bytes, list[str]] = {}
    gaps = frame.isna()
    gappy = gaps.any()
    for recipe in recipes:
        if not isinstance(recipe, Levels) and gappy[recipe.column]:
            pattern = np.packbits(gaps[recipe.column].to_numpy()).tobytes()
            patterns.setdefault(pattern, []).append(recipe.column)
    first = {columns[0]: Missing(columns[0], len(columns) - 1) for columns in patterns.values()}
    out: list[Recipe] = []
    for recipe in recipes:
        out.append(recipe)
        if recipe.column in first:
            out.append(first[recipe.column])
    return tuple(out), frozenset(name for columns in patterns.values() for name in columns[1:])


def _dropped_numbers(series: pd.Series, name: str) -> str | None:
    """Numbers that a marker turned into text, nearly all of it different: dropped, though it was a number."""
    return None if is_number(series) else marker_note(series, name, "taken for text and dropped")


def _grouping_note(recipe: Levels, known: int) -> str:
    return (
        f"column '{recipe.column}' has {known:,} levels: the {len(recipe.levels)} most frequent get a "
        "column each, the "
        f"other {recipe.other:,} share one"
    )


def _varies(made: np.ndarray) -> np.ndarray:
    """Which columns hold more than one value (NaN aside)."""
    if made.shape[1] == 0:
        return np.zeros(0, bool)
    low, high = np.fmin.reduce(made, axis=0), np.fmax.reduce(made, axis=0)
    return np.asarray(high > low)


def _nothing_left(table: Table, dropped: dict[Any, str]) -> TableError:
    reasons = "; ".join(f"'{name}' {reason}" for name, reason in list(dropped.items())[:5])
    return TableError(
        f"'{table.path}' has no column to predict from besides the target"
        + (f": {reasons}{'; ...' if len(dropped) > 5 else ''}" if dropped else "")
        + ". At least one column must vary and repeat its values or be numeric. Add columns, or turn "
        "text into numbers first."
    )

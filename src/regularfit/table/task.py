"""Guessing what is asked, a number or one of two classes, from the target."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from regularfit.errors import TableError
from regularfit.table import values
from regularfit.table.kinds import marker_note

Task = Literal["regression", "classification"]


@dataclass(frozen=True)
class Target:
    """The target as numbers and what it means.

    `values` are the numbers themselves, or 0 and 1; `classes` are the two classes as text, the second one
    being 1 (empty for regression); `reason` says how the task was found; `labels` are what an estimator is
    given: the numbers, or the classes as they stand in the table; `order` holds the two labels, the second one
    being 1 (None for regression), and is sorted unless another class was named as positive.
    """

    name: str
    task: Task
    values: np.ndarray
    classes: tuple[str, ...]
    reason: str
    labels: np.ndarray
    order: np.ndarray | None = None


def guess_task(series: pd.Series, task: Task | None = None, positive: str | None = None) -> Target:
    """Read the target as numbers or as two classes, as its values suggest or as `task` says.

    Two different values make a classification; more numbers make a regression. The class `positive` counts as
    1, by default the later of the two in sorted order.

    Raises
    ------
    TableError
        Where all values are the same, where there are more than two classes, where the values do not suit
        the task, or where `positive` is neither class, or given for a regression.

    Examples
    --------
    >>> import pandas as pd
    >>> target = guess_task(pd.Series(["no", "yes", "no", "yes"], name="bought"))
    >>> target.task, target.classes, target.values.tolist()
    ('classification', ('no', 'yes'), [0.0, 1.0, 0.0, 1.0])
    """
    name = str(series.name)
    distinct = int(series.nunique())
    if distinct < 2:
        raise TableError(
            f"The target '{name}' has the same value in every row ({series.iloc[0]!s:.40}). There is "
            "nothing to learn; a "
            "target must have at least two different values. Choose another with --target."
        )
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        raise TableError(
            f"The target '{name}' holds dates. Give it as a number, such as the days since the first one."
        )
    numeric = values.is_number(series)
    reason = "as given by --task" if task else _reason(distinct, numeric)
    if task is None:
        task = "classification" if distinct == 2 else "regression" if numeric else None
    if task is None:
        raise _too_many(series, name, distinct)
    if task == "classification":
        return _as_classes(series, name, reason, positive)
    if positive is not None:
        raise TableError(
            f"--positive {positive} names a class, but '{name}' is a number to be predicted, with {distinct:,} "
            "different values. Leave --positive out, or choose a target of two classes."
        )
    return _as_number(series, name, reason)


def _reason(distinct: int, numeric: bool) -> str:
    if distinct == 2:
        return "guessed, since the target has two different values"
    return f"guessed, since the target holds numbers ({distinct:,} different ones)" if numeric else ""


def _as_number(series: pd.Series, name: str, reason: str) -> Target:
    if not values.is_number(series):
        raise TableError(
            f"The target '{name}' holds text (such as {str(series.iloc[0])!r}), so it cannot be a "
            "regression target. "
            f"A regression needs numbers.{_advice(series, name)} For two classes, leave out --task."
        )
    number = values.to_numbers(series, name)
    return Target(name, "regression", number, (), reason, number)


def _as_classes(series: pd.Series, name: str, reason: str, positive: str | None) -> Target:
    numeric = values.is_number(series)
    text = values.to_text(series)
    levels = sorted(series.unique()) if numeric else sorted(text.unique())
    if len(levels) > 2:
        raise _too_many(series, name, len(levels))
    names = list(values.to_text(pd.Series(levels)))
    smallest = int(text.value_counts().min())
    if smallest < 2:
        raise TableError(
            f"One class of the target '{name}' has a single row; each of the two classes needs at least "
            "two, and some "
            "dozens to mean anything. Give more rows, or choose another target."
        )
    if positive is not None and _which(positive, names, name) == 0:
        levels, names = levels[::-1], names[::-1]
    one = (text == names[1]).to_numpy()
    # Labels keep their own type, so that a model's classes sort as numbers where they are numbers.
    order = np.array(levels if numeric else names, dtype=None)
    return Target(
        name, "classification", one.astype(np.float64), tuple(names), reason, order[one.astype(int)], order
    )


def _which(positive: str, names: list[str], target: str) -> int:
    """Which of the two classes is meant: as it is written, or as the number that it is."""
    wanted = positive.strip()
    if wanted in names:
        return names.index(wanted)
    with suppress(ValueError):
        numbers = [float(name) for name in names]
        if float(wanted) in numbers:
            return numbers.index(float(wanted))
    raise TableError(
        f"--positive {positive!r} is not a class of the target '{target}'. Its classes are {names[0]!r} and "
        f"{names[1]!r}; name the one whose probability is wanted."
    )


def _too_many(series: pd.Series, name: str, distinct: int) -> TableError:
    number = values.is_number(series)
    counts = values.to_text(series).value_counts()
    shown = ", ".join(f"{level} ({count:,})" for level, count in list(counts.items())[:5])
    way = "leave out --task for a regression, or " if number else ""
    return TableError(
        f"The target '{name}' has {distinct:,} classes: {shown}{', ...' if distinct > 5 else ''}. Two "
        "classes, or a number, "
        f"are supported so far.{_advice(series, name)} To go on, {way}keep the rows of two classes, or make "
        "a column that "
        "says whether a row is of one class."
    )


def _advice(series: pd.Series, name: str) -> str:
    note = None if values.is_number(series) else marker_note(series, name)
    return f" Note: {note}." if note else ""

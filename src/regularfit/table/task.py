"""Guessing what is asked, a number or a class, from the target."""

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

    `values` are the numbers themselves, or the number of each row's class, from 0; `classes` are the classes as
    text (empty for regression), of two the second one being predicted; `reason` says how the task was found;
    `labels` are what an estimator is given: the numbers, or the classes as they stand in the table; `order` holds
    the labels of the classes (None for regression), and is sorted unless the first of two was named as positive.
    """

    name: str
    task: Task
    values: np.ndarray
    classes: tuple[str, ...]
    reason: str
    labels: np.ndarray
    order: np.ndarray | None = None


def guess_task(series: pd.Series, task: Task | None = None, positive: str | None = None) -> Target:
    """Read the target as numbers or as classes, as its values suggest or as `task` says.

    Two different values, or text, make a classification; more numbers make a regression. Of two classes
    `positive` counts as 1, by default the later of the two in sorted order.

    Raises
    ------
    TableError
        Where all values are the same, where a class has a single row, where the values do not suit the task
        or are numbers but for a marker, or where `positive` is neither of two classes.

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
        task = "regression" if numeric and distinct > 2 else "classification"
        if distinct > 2:
            _check_no_marker(series, name, distinct)
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
    held, each = ("numbers", "ones") if numeric else ("text", "values")
    return f"guessed, since the target holds {held} ({distinct:,} different {each})"


def _as_number(series: pd.Series, name: str, reason: str) -> Target:
    if not values.is_number(series):
        raise TableError(
            f"The target '{name}' holds text (such as {str(series.iloc[0])!r}), so it cannot be a "
            "regression target. "
            f"A regression needs numbers.{_advice(series, name)} For classes, leave out --task."
        )
    number = values.to_numbers(series, name)
    return Target(name, "regression", number, (), reason, number)


def _as_classes(series: pd.Series, name: str, reason: str, positive: str | None) -> Target:
    numeric = values.is_number(series)
    text = values.to_text(series)
    levels = sorted(series.unique()) if numeric else sorted(text.unique())
    names = list(values.to_text(pd.Series(levels)))
    _check_rows(series, text, name)
    if positive is not None and _which(positive, names, name) == 0:
        levels, names = levels[::-1], names[::-1]
    codes = text.map({level: code for code, level in enumerate(names)}).to_numpy().astype(int)
    # Labels keep their own type, so that a model's classes sort as numbers where they are numbers.
    order = np.array(levels if numeric else names, dtype=None)
    return Target(name, "classification", codes.astype(np.float64), tuple(names), reason, order[codes], order)


def _check_rows(series: pd.Series, text: pd.Series, name: str) -> None:
    """Refuse a class of one row: no fold can both learn it and test it."""
    counts = text.value_counts()
    single = [str(level) for level in counts.index[counts < 2]]
    if not single:
        return
    if len(counts) == 2:
        raise TableError(
            f"One class of the target '{name}' has a single row; each of the two classes needs at least "
            "two, and some "
            "dozens to mean anything. Give more rows, or choose another target."
        )
    shown = ", ".join(f"{level!r:.40}" for level in single[:5]) + (", ..." if len(single) > 5 else "")
    way = "leave out --task for a regression, or " if values.is_number(series) else ""
    have = "have" if len(single) > 1 else "has"
    raise TableError(
        f"Of the {len(counts):,} classes of the target '{name}', {len(single):,} {have} a single row: {shown}. "
        f"Each class needs at least two rows, and some dozens to mean anything.{_advice(series, name)} "
        f"To go on, {way}join or drop the rare classes, give more rows, or choose another target."
    )


def _check_no_marker(series: pd.Series, name: str, distinct: int) -> None:
    """Refuse to guess where a marker or two make text of what is a number otherwise."""
    advice = _advice(series, name)
    if advice:
        raise TableError(
            f"The target '{name}' holds text ({distinct:,} different values), but nearly all of it is "
            f"numbers.{advice} If they are classes nevertheless, add --task classification."
        )


def _which(positive: str, names: list[str], target: str) -> int:
    """Which of the two classes is meant: as it is written, or as the number that it is."""
    if len(names) > 2:
        raise TableError(
            f"--positive {positive!r} names one of two classes, but the target '{target}' has {len(names):,}, "
            "and each gets a probability of its own. Leave --positive out."
        )
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


def _advice(series: pd.Series, name: str) -> str:
    note = None if values.is_number(series) else marker_note(series, name)
    return f" Note: {note}." if note else ""

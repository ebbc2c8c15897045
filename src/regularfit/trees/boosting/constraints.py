"""Monotone columns and groups of columns that may interact, by name or by number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

from ..._checks import did_you_mean
from ...errors import InputError
from ..columns import TreeColumns

__all__ = ["read_interactions", "read_monotone"]


def read_monotone(monotone: Any, columns: TreeColumns) -> tuple[int, ...] | None:
    """Return -1, 0 or 1 for every column, or None where nothing is constrained.

    Parameters
    ----------
    monotone : None, a mapping from column (name or number) to 1 (rising), -1 (falling) or 0, or one such number a
        column.

    Raises
    ------
    InputError
        For unknown columns, other numbers, or a column of categories.

    Examples
    --------
    >>> read_monotone({"b": -1}, TreeColumns((None, None), ("a", "b")))
    (0, -1)
    """
    if monotone is None:
        return None
    p = len(columns.levels)
    signs: list[Any] = [0] * p
    if isinstance(monotone, Mapping):
        for column, sign in monotone.items():
            signs[_place(column, columns, "monotone")] = sign
    elif isinstance(monotone, (str, bytes)) or not isinstance(monotone, Iterable):
        raise InputError(
            f"monotone must be a mapping from column to 1 or -1, or one number a column; {monotone!r}."
        )
    else:
        signs = list(monotone)
        if len(signs) != p:
            raise InputError(f"monotone has {len(signs)} entries, but X has {p} columns; give one for each.")
    for column, sign in zip(columns.encoded_names, signs, strict=True):
        if isinstance(sign, bool) or sign not in (-1, 0, 1):
            raise InputError(
                f"monotone gives column {column!r} {sign!r}; it must be 1 (rising), -1 (falling) or 0."
            )
    ordered = [j for j in columns.categories if signs[j] != 0]
    if ordered:
        name = columns.encoded_names[ordered[0]]
        raise InputError(f"Column {name!r} holds categories, which have no order; monotone is for numbers.")
    return tuple(int(sign) for sign in signs) if any(signs) else None


def read_interactions(interactions: Any, columns: TreeColumns) -> tuple[tuple[int, ...], ...] | None:
    """Return groups of column numbers, or None where all columns may interact.

    >>> read_interactions([["a", "b"]], TreeColumns((None, None, None), ("a", "b", "c")))
    ((0, 1),)
    """
    if interactions is None:
        return None
    shape = (
        f"interactions must be a list of lists of columns that may interact; {interactions!r:.80} was given."
    )
    if isinstance(interactions, (str, bytes, Mapping)) or not isinstance(interactions, Iterable):
        raise InputError(shape)
    groups: list[tuple[int, ...]] = []
    for group in interactions:
        if isinstance(group, (str, bytes)) or not isinstance(group, Iterable):
            raise InputError(shape)
        groups.append(tuple(sorted({_place(column, columns, "interactions") for column in group})))
    return tuple(group for group in groups if group)


def _place(column: Any, columns: TreeColumns, what: str) -> int:
    p = len(columns.levels)
    if isinstance(column, Integral) and not isinstance(column, bool):
        place = int(column)
        if 0 <= place < p:
            return place
        raise InputError(f"{what} names column {column}, but columns run from 0 to {p - 1}.")
    names = columns.encoded_names
    if column not in names:
        raise InputError(
            f"{what} names {column!r}, which is no column of X. {did_you_mean(str(column), names)}"
        )
    return names.index(column)

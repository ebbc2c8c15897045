"""Groups of columns: how they are written down, checked and laid out."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from .._checks import did_you_mean
from .._typing import Vector
from ..errors import InputError

__all__ = ["Groups", "Layout", "as_groups", "layout", "resolve_groups"]

Label = int | str
Groups = tuple[Label, ...] | tuple[tuple[Label, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Which group every column is in.

    Parameters
    ----------
    owner : (p,) the group of every column, counted from 0.
    sizes : (groups,) how many columns each has.
    """

    owner: npt.NDArray[np.intp]
    sizes: npt.NDArray[np.intp]

    @property
    def roots(self) -> Vector:
        """Square roots of the sizes, (groups,)."""
        return np.sqrt(self.sizes)

    def norms(self, v: Vector) -> Vector:
        """Euclidean norm of every group of ``v`` (..., p), (..., groups), safe from overflow."""
        size = np.abs(v.astype(np.float64, copy=False))
        largest, count = float(size.max(initial=0.0)) or 1.0, len(self.sizes)
        owner = self.owner
        if size.ndim > 1:
            owner = (owner + count * np.arange(int(np.prod(size.shape[:-1])))[:, None]).ravel()
        total = count * (size.size // max(size.shape[-1], 1))
        squares = np.bincount(owner, weights=(size.ravel() / largest) ** 2, minlength=total)
        return largest * np.sqrt(squares).reshape(*size.shape[:-1], count)


def as_groups(groups: Any, what: str) -> Groups:
    """Return groups as a tuple: one label per column, or one tuple of columns per group."""
    # Of an array a few labels are shown; its own repr writes all of them first, which takes milliseconds.
    given = groups.tolist() if isinstance(groups, np.ndarray) else groups
    shown = f"{what}({reprlib.repr(given)})"
    if isinstance(groups, (str, bytes)) or not isinstance(groups, (Sequence, np.ndarray)):
        raise InputError(
            f"{shown}: give one label per column, as [0, 0, 1, 1], or a list of columns per group, "
            "as [[0, 1], [2, 3]]."
        )
    items = list(cast("Iterable[Any]", groups))
    if not items:
        raise InputError(f"{shown}: there is no group; give one label per column, as [0, 0, 1, 1].")
    nested = [isinstance(item, (list, tuple, set, frozenset, np.ndarray)) for item in items]
    if not any(nested):
        return tuple(_label(item, shown) for item in items)
    if not all(nested):
        raise InputError(f"{shown}: labels and lists of columns are mixed; give all of one kind.")
    return _members(items, shown)


def _members(items: list[Any], shown: str) -> tuple[tuple[Label, ...], ...]:
    members = tuple(tuple(_label(column, shown) for column in item) for item in items)
    seen: set[Label] = set()
    for group in members:
        if not group:
            raise InputError(f"{shown}: a group is empty; leave it out.")
        for column in group:
            if column in seen:
                raise InputError(
                    f"{shown}: column {column!r} is in two groups, but groups must not overlap. "
                    "Put it in one of them, or give X a copy of the column for each group."
                )
            seen.add(column)
    if len({isinstance(column, str) for column in seen}) > 1:
        raise InputError(f"{shown}: columns are given by position and by name; give all of one kind.")
    low = min((column for column in seen if isinstance(column, int)), default=0)
    if low < 0:
        raise InputError(f"{shown}: positions count from 0; {low} is not allowed.")
    return members


def _label(item: Any, shown: str) -> Label:
    if isinstance(item, str):
        return str(item)
    if isinstance(item, (int, np.integer)) and not isinstance(item, bool):
        return int(cast("int", item))
    raise InputError(f"{shown}: {item!r} is neither a whole number nor a name.")


def resolve_groups(groups: Groups, names: Sequence[str] | None, what: str) -> Groups:
    """Return the groups with column names replaced by positions; labels stay."""
    if not isinstance(groups[0], tuple) or not isinstance(groups[0][0], str):
        return groups
    if names is None:
        raise InputError(
            f"{what}: columns are named, but X has no column names. Fit on a table, or give positions."
        )
    known = {str(name): j for j, name in enumerate(names)}
    for group in groups:
        for column in cast("tuple[str, ...]", group):
            if column not in known:
                raise InputError(f"{what}: there is no column {column!r}. {did_you_mean(column, known)}")
    return tuple(tuple(known[str(c)] for c in cast("tuple[str, ...]", group)) for group in groups)


@lru_cache(maxsize=64)
def layout(groups: Groups, p: int, what: str) -> Layout:
    """Return which of ``p`` columns is in which group; every column must be in one."""
    if isinstance(groups[0], tuple):
        owner = _owners(cast("tuple[tuple[Label, ...], ...]", groups), p, what)
    else:
        if len(groups) != p:
            raise InputError(
                f"{what} has {len(groups)} labels, but the penalty is used on {p} columns; give one for each."
            )
        place: dict[Any, int] = {}
        owner = np.array([place.setdefault(label, len(place)) for label in groups], dtype=np.intp)
    owner.flags.writeable = False
    return Layout(owner, np.bincount(owner).astype(np.intp))


def _owners(groups: tuple[tuple[Label, ...], ...], p: int, what: str) -> npt.NDArray[np.intp]:
    owner = np.full(p, -1, dtype=np.intp)
    for k, group in enumerate(groups):
        for column in group:
            if isinstance(column, str):
                raise InputError(
                    f"{what}: names are not resolved yet; call .resolve(feature_names) first, or fit on a table."
                )
            if column >= p:
                raise InputError(
                    f"{what}: there is no column {column}; with {p} columns positions go from 0 to {p - 1}."
                )
            owner[column] = k
    left = np.flatnonzero(owner < 0)
    if len(left):
        raise InputError(
            f"{what}: {len(left)} column(s) are in no group (first: {left[0]}); every column needs one. "
            "A column on its own is a group of one, as in [[0, 1], [2]]."
        )
    return owner

"""A penalty on some of the columns."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, final

import numpy as np

from .._checks import did_you_mean
from .._typing import Indices
from ..errors import InputError
from ._base import NormalFormPenalty, Penalty, Traits
from ._columns import Around, check_length
from .coordinates import Coordinates
from .l1 import L1
from .l2 import L2

__all__ = ["OnColumns"]


@final
@dataclass(frozen=True, slots=True, repr=False)
class OnColumns(Around):
    r"""A penalty on some columns, the others being unpenalised: what ``L1().on(columns)`` returns.

    Parameters
    ----------
    penalty : the penalty; it sees only the chosen columns, in their order.
    columns : positions from 0, one boolean mask of length p, or names (which :meth:`resolve` replaces).

    Examples
    --------
    >>> L1().on(0).prox(np.array([2.0, 2.0]), step=0.5)
    array([1.5, 2. ])
    >>> L1().on("age").resolve(["bmi", "age"])
    L1(strength=1.0).on((1,))
    """

    columns: tuple[int, ...] | tuple[bool, ...] | tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the columns and keep them as a tuple of one kind."""
        object.__setattr__(self, "columns", _columns(self.columns))

    @property
    def traits(self) -> Traits:
        """Those of the penalty."""
        return self.penalty.traits

    @property
    def covers_all(self) -> bool:
        """Some columns may be left out."""
        return False

    def coordinates(self, p: int) -> Coordinates:
        """Place the normal form of the chosen columns among ``p``."""
        chosen = self._positions(p)
        return self.penalty.coordinates(len(chosen)).among(chosen, p)

    def resolve(self, feature_names: Sequence[str] | None) -> NormalFormPenalty:
        """Replace names by positions, here and inside."""
        named = isinstance(self.columns[0], str)
        if feature_names is None:
            if named:
                raise InputError(
                    f"on{self.columns}: columns are chosen by name, but X has no column names. "
                    "Fit on a table (pandas, polars, arrow), or choose columns by position."
                )
            return replace(self, penalty=self.penalty.resolve(None))
        names = [str(name) for name in feature_names]
        if named:
            chosen = [_position(str(name), names) for name in self.columns]
        else:
            chosen = [int(j) for j in self._positions(len(names))]
        return OnColumns(self.penalty.resolve([names[j] for j in chosen]), tuple(chosen))

    @classmethod
    def examples(cls) -> Sequence[Penalty]:
        """Return positions, a mask and names that are resolved."""
        return [
            L1().on([0, 3]),
            L2(0.5).on([True, False, True, True, False]),
            L1().weighted([2.0, np.inf]).on("c", "a").resolve(["a", "b", "c", "d", "e"]),
        ]

    def _positions(self, p: int) -> Indices:
        first = self.columns[0]
        if isinstance(first, str):
            raise InputError(
                f"on{self.columns}: names are not resolved yet; call .resolve(feature_names) first."
            )
        if isinstance(first, bool):
            check_length(self.columns, p, "on(mask)")
            return np.flatnonzero(self.columns)
        positions = np.array(self.columns, dtype=np.intp)
        if positions.max() >= p:
            raise InputError(
                f"on(...): column {positions.max()} was chosen, but there are {p} columns; "
                f"positions go from 0 to {p - 1}."
            )
        return positions

    def __repr__(self) -> str:
        """Return the expression that makes it."""
        return self._expression(f"on({self.columns!r})")


def _columns(columns: object) -> tuple[int, ...] | tuple[bool, ...] | tuple[str, ...]:
    """Positions, a mask or names, as a tuple of plain Python values of one kind."""
    single = isinstance(columns, str) or np.ndim(cast("Any", columns)) == 0
    items = [columns] if single else list(cast("Sequence[object]", columns))
    given = f"on({reprlib.repr(columns)})"
    if not items:
        raise InputError(f"{given}: give at least one column, as positions, one boolean mask, or names.")
    if all(isinstance(item, (bool, np.bool_)) for item in items) and not single:
        if not any(items):
            raise InputError(f"{given}: the mask chooses no column; give at least one.")
        return tuple(bool(item) for item in items)
    if len(set(items)) < len(items):
        raise InputError(f"{given}: a column is given twice; give each once.")
    if all(isinstance(item, str) for item in items):
        return tuple(str(item) for item in items)
    if not all(isinstance(item, (int, np.integer)) and not isinstance(item, bool) for item in items):
        raise InputError(
            f"{given}: columns must all be positions, all booleans (one per column), or all names."
        )
    positions = tuple(int(cast("int", item)) for item in items)
    if min(positions) < 0:
        raise InputError(f"{given}: positions count from 0; {min(positions)} is not allowed.")
    return positions


def _position(name: str, names: list[str]) -> int:
    if name not in names:
        raise InputError(f"on({name!r}): there is no such column. {did_you_mean(name, names)}")
    return names.index(name)

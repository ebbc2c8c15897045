"""A rule: conditions on columns that hold together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..._typing import Mask

__all__ = ["Condition", "Rule"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What one column must be: a number in (lower, upper], or missing where that counts, too.

    Parameters
    ----------
    column : of the encoded table.
    lower, upper : may be infinite.
    missing : whether the condition holds where the value is missing.

    Examples
    --------
    >>> Condition(0, lower=3.0).and_(Condition(0, lower=5.0, missing=True))
    Condition(column=0, lower=5.0, upper=inf, missing=False)
    """

    column: int
    lower: float = -np.inf
    upper: float = np.inf
    missing: bool = False

    def and_(self, other: Condition) -> Condition:
        """Return the one condition that holds where both do."""
        return Condition(
            self.column,
            max(self.lower, other.lower),
            min(self.upper, other.upper),
            self.missing and other.missing,
        )

    def holds(self, x: np.ndarray) -> Mask:
        """Return for every value whether the condition holds."""
        inside = (x > self.lower) & (x <= self.upper)
        return inside | np.isnan(x) if self.missing else inside

    def says(self, name: str, pair: tuple[str, str] | None, missing_seen: bool) -> str:
        """Return the condition in words.

        Parameters
        ----------
        name : of the column.
        pair : (column, level) where it is the indicator of a level.
        missing_seen : whether training rows had missing values there.
        """
        if pair is not None:
            return f"{pair[0]} is {pair[1]}" if self.lower >= 0 else f"{pair[0]} is not {pair[1]}"
        if self.lower == np.inf:
            return f"{name} is missing"
        if np.isinf(self.lower) and np.isinf(self.upper):
            return f"{name} is not missing"
        also = " or missing" if self.missing and missing_seen else ""
        if np.isinf(self.lower):
            return f"{name} <= {self.upper:.6g}{also}"
        if np.isinf(self.upper):
            return f"{name} > {self.lower:.6g}{also}"
        return f"{self.lower:.6g} < {name} <= {self.upper:.6g}{also}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions on different columns, all of which must hold.

    Parameters
    ----------
    conditions : in the order of the columns.
    single : whether values are compared in single precision, as the engine does.

    Examples
    --------
    >>> rule = Rule.of([Condition(1, upper=2.0), Condition(0, lower=3.0), Condition(0, lower=5.0)])
    >>> len(rule), rule.holds(np.array([[6.0, 1.0], [4.0, 1.0]])).tolist()
    (2, [True, False])
    """

    conditions: tuple[Condition, ...]
    single: bool = False

    @classmethod
    def of(cls, conditions: Sequence[Condition], single: bool = False) -> Rule:
        """Return the rule of any conditions; those on one column become one."""
        merged: dict[int, Condition] = {}
        for condition in conditions:
            known = merged.get(condition.column)
            merged[condition.column] = condition if known is None else known.and_(condition)
        return cls(tuple(merged[column] for column in sorted(merged)), single)

    def __len__(self) -> int:
        """Number of conditions."""
        return len(self.conditions)

    @property
    def columns(self) -> tuple[int, ...]:
        """The encoded columns that are asked."""
        return tuple(condition.column for condition in self.conditions)

    def holds(self, matrix: np.ndarray) -> Mask:
        """Return for every row whether all conditions hold, (n,).

        Parameters
        ----------
        matrix : (n, p) encoded; NaN where a value is missing.
        """
        X = np.asarray(matrix, dtype=np.float32) if self.single else matrix
        found = np.ones(len(X), bool)
        for condition in self.conditions:
            found &= condition.holds(X[:, condition.column].astype(np.float64))
        return found

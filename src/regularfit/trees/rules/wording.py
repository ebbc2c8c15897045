"""Terms of a rule model in words, with the names of columns and levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..columns import TreeColumns
from .rule import Rule
from .terms import Terms

__all__ = ["Wording"]


@dataclass(frozen=True, slots=True)
class Wording:
    """What encoded columns are called.

    Parameters
    ----------
    names : of every encoded column.
    pairs : (column, level) of those that are indicators, else None.
    tables : the column of the table that each belongs to.
    missing : whether training rows had missing values there.
    """

    names: tuple[str, ...]
    pairs: tuple[tuple[str, str] | None, ...]
    tables: tuple[int, ...]
    missing: tuple[bool, ...]

    @classmethod
    def of(cls, columns: TreeColumns, missing: np.ndarray) -> Wording:
        """Return the wording of a table's columns, encoded with indicators."""
        pairs: list[tuple[str, str] | None] = []
        tables: list[int] = []
        for j, levels in enumerate(columns.levels):
            name = columns.names[j] if columns.names is not None else f"x{j}"
            pairs += [None] if levels is None else [(name, level) for level in levels]
            tables += [j] * (1 if levels is None else len(levels))
        return cls(columns.encoded_names, tuple(pairs), tuple(tables), tuple(bool(m) for m in missing))

    @property
    def levels_of(self) -> list[int | None]:
        """For indicators, the column of the table; None for numbers."""
        return [None if pair is None else j for pair, j in zip(self.pairs, self.tables, strict=True)]

    def rule(self, rule: Rule) -> str:
        """Return a rule as a sentence, such as "size > 3 and colour is red"."""
        return " and ".join(
            c.says(self.names[c.column], self.pairs[c.column], self.missing[c.column])
            for c in rule.conditions
        )

    def terms(self, terms: Terms) -> list[str]:
        """Return a name for every term; of linear terms that of the column."""
        linear = [_name(self.names[j], self.pairs[j]) for j in terms.linear.columns]
        return [self.rule(rule) for rule in terms.rules] + linear

    def shares(self, terms: Terms, p: int) -> np.ndarray:
        """Return (terms, p): what part of a term's importance each column of the table has."""
        found = np.zeros((len(terms), p))
        for t, columns in enumerate(terms.columns()):
            asked = {self.tables[j] for j in columns}
            found[t, list(asked)] = 1 / len(asked)
        return found


def _name(name: str, pair: tuple[str, str] | None) -> str:
    return name if pair is None else f"{pair[0]} is {pair[1]}"

"""The terms of a rule model, rules and columns, and their values for rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .linear_terms import LinearTerms
from .rule import Condition, Rule

__all__ = ["Terms"]


@dataclass(frozen=True, eq=False)
class Terms:
    """Rules, then linear terms, as columns of one matrix.

    Parameters
    ----------
    rules : the rules.
    linear : the linear terms.
    """

    rules: tuple[Rule, ...]
    linear: LinearTerms

    def __len__(self) -> int:
        """Number of terms."""
        return len(self.rules) + len(self.linear)

    def of(self, matrix: np.ndarray, which: np.ndarray | None = None) -> np.ndarray:
        """Return the terms of rows, (n, terms), or those that ``which`` names by number."""
        chosen = np.arange(len(self)) if which is None else which
        found = np.empty((len(matrix), len(chosen)), order="F")
        rules = chosen < len(self.rules)
        for place in np.flatnonzero(rules):
            found[:, place] = self.rules[chosen[place]].holds(matrix)
        if not rules.all():
            found[:, ~rules] = self.linear.of(matrix, chosen[~rules] - len(self.rules))
        return found

    def columns(self) -> list[tuple[int, ...]]:
        """Return for every term the encoded columns that it asks."""
        return [rule.columns for rule in self.rules] + [(int(j),) for j in self.linear.columns]

    # --- model files

    def dump(self) -> dict[str, np.ndarray]:
        """Return the arrays of a model file."""
        flat = [condition for rule in self.rules for condition in rule.conditions]
        arrays = {
            "conditions_of": np.array([len(rule) for rule in self.rules], dtype=np.intp),
            "single": np.array([rule.single for rule in self.rules], dtype=bool),
            "column": np.array([c.column for c in flat], dtype=np.intp),
            "lower": np.array([c.lower for c in flat], dtype=np.float64),
            "upper": np.array([c.upper for c in flat], dtype=np.float64),
            "missing": np.array([c.missing for c in flat], dtype=bool),
        }
        linear = {f"linear_{name}": getattr(self.linear, name) for name in _LINEAR}
        return arrays | linear

    @classmethod
    def load(cls, arrays: Mapping[str, np.ndarray]) -> Terms:
        """Return what :meth:`dump` gave."""
        conditions = [
            Condition(int(column), float(lower), float(upper), bool(missing))
            for column, lower, upper, missing in zip(
                *(arrays[name] for name in ("column", "lower", "upper", "missing")), strict=True
            )
        ]
        ends = np.cumsum(arrays["conditions_of"])
        starts = ends - arrays["conditions_of"]
        rules = tuple(
            Rule(tuple(conditions[start:end]), bool(single))
            for start, end, single in zip(starts, ends, arrays["single"], strict=True)
        )
        return cls(rules, LinearTerms(*(arrays[f"linear_{name}"] for name in _LINEAR)))


_LINEAR = ("columns", "low", "high", "mean", "scale")

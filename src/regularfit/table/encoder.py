"""The encoder: from the columns of a table to a matrix of numbers, by recipes learned once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from regularfit.errors import ModelFileError, TableError
from regularfit.table import values
from regularfit.table.kinds import Dropped
from regularfit.table.read import Table
from regularfit.table.recipes import Levels, Missing, Number, Recipe, from_state, to_state


@dataclass(frozen=True)
class Encoded:
    """A matrix of numbers with named columns; missing numbers are NaN. `notes` say what is new."""

    X: Any
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Encoder:
    """Recipes for the columns of a table, in the order of the matrix they make.

    Parameters
    ----------
    recipes : tuple of recipes
        What each used column becomes.
    keep : tuple of int
        Which of the columns made are kept (constant ones are not).
    dropped : tuple of Dropped
        Columns that are not used, and why.
    notes : tuple of str
        What was noticed while learning.
    known : dict
        For a column whose rare levels are grouped: the levels that were there.
    shared : frozenset of str
        Columns that were missing together with an earlier one, whose indicator speaks for them.
    sparse : int
        Number of columns of a sparse table, which is passed on as it is; 0 for a table with names.
    """

    recipes: tuple[Recipe, ...] = ()
    keep: tuple[int, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()
    known: dict[str, frozenset[str]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    sparse: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of the matrix."""
        if self.sparse:
            return tuple(f"x{i}" for i in range(1, self.sparse + 1))
        names = _all_names(self.recipes)
        return tuple(names[i] for i in self.keep)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the columns of the table that are used."""
        return tuple(dict.fromkeys(recipe.column for recipe in self.recipes))

    def apply(self, table: Table, expected: Collection[str] = ()) -> Encoded:
        """Turn a table into the matrix; refuse one that lacks a column, note what is new in it.

        `expected` columns may be there unused (a target, a weight) without a note.
        """
        if self.sparse:
            return Encoded(self._check_sparse(table), self.names)
        frame = self._check_frame(table)
        notes = [*self._extra_note(table, expected), *self._unseen_notes(frame)]
        blocks = stack(self.recipes, frame)
        return Encoded(np.asfortranarray(blocks[:, self.keep]), self.names, (*notes, *self._gap_notes(frame)))

    def _check_sparse(self, table: Table) -> Any:
        if table.matrix is None:
            raise TableError(
                f"The model was fitted on a sparse table of {self.sparse:,} numbered columns; "
                f"'{table.path}' has named "
                "columns. Give a file in the SVMlight format."
            )
        return table.matrix

    def _check_frame(self, table: Table) -> pd.DataFrame:
        if table.frame is None:
            raise TableError(
                f"The model was fitted on named columns; '{table.path}' has none, since the SVMlight format "
                "only numbers "
                "them. Give a CSV, Parquet or Arrow file with the columns of the training table."
            )
        lacking = [name for name in self.inputs if name not in table.frame.columns]
        if lacking:
            shown = ", ".join(repr(name) for name in lacking[:8]) + (", ..." if len(lacking) > 8 else "")
            raise TableError(
                f"'{table.path}' lacks {len(lacking)} of the {len(self.inputs)} columns the model needs: "
                f"{shown}."
                f"{_nearest(lacking[0], table.names)} Add them under the names of the training table; a "
                "column "
                "without values may be empty in every row."
            )
        return table.frame

    def _extra_note(self, table: Table, expected: Collection[str]) -> list[str]:
        ignored = {*expected, *self.inputs, *(column.column for column in self.dropped)}
        extra = [name for name in table.names if name not in ignored]
        if not extra:
            return []
        return [f"{_count(extra, 'column')} the model does not use {_listed(extra)}"]

    def _unseen_notes(self, frame: pd.DataFrame) -> list[str]:
        notes = []
        for recipe in self.recipes:
            if not isinstance(recipe, Levels):
                continue
            new = recipe.unseen(frame[recipe.column], self._known(recipe))
            if new:
                levels = ", ".join(f"{level!r} ({count:,})" for level, count in list(new.items())[:5])
                meaning = (
                    "they count as the rare levels" if recipe.other else "no level's effect is added for them"
                )
                notes.append(
                    f"column '{recipe.column}' holds {len(new):,} level{'s' * (len(new) > 1)} never seen in "
                    "training, in "
                    f"{sum(new.values()):,} rows: {levels}{', ...' if len(new) > 5 else ''}; {meaning}"
                )
        return notes

    def _known(self, recipe: Levels) -> frozenset[str]:
        known = self.known.get(recipe.column, frozenset())
        return (
            known | frozenset(recipe.levels) | ({recipe.reference} if recipe.reference is not None else set())
        )

    def _gap_notes(self, frame: pd.DataFrame) -> list[str]:
        """Missing values where training had none: the mean is used and nothing says so, hence the note."""
        counts = frame[list(self.inputs)].isna().sum()
        covered = {
            r.column for r in self.recipes if isinstance(r, Missing) or (isinstance(r, Levels) and r.missing)
        }
        notes = []
        for recipe in self.recipes:
            gaps = int(counts[recipe.column])
            if gaps and recipe.column not in covered | self.shared:
                value = (
                    "no level's effect is added"
                    if isinstance(recipe, Levels)
                    else "the training mean is used"
                )
                notes.append(
                    f"column '{recipe.column}' has {gaps:,} missing values but had none in training; {value}"
                )
        return notes

    def to_state(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "recipes": [to_state(recipe) for recipe in self.recipes],
            "keep": [int(i) for i in self.keep],
            "dropped": [[column.column, column.reason] for column in self.dropped],
            "notes": list(self.notes),
            "known": {key: sorted(levels) for key, levels in self.known.items()},
            "shared": sorted(self.shared),
            "sparse": self.sparse,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Encoder:
        """Build an encoder again from what :meth:`to_state` gave."""
        try:
            return cls(
                recipes=tuple(from_state(recipe) for recipe in state["recipes"]),
                keep=tuple(state["keep"]),
                dropped=tuple(Dropped(*pair) for pair in state["dropped"]),
                notes=tuple(state["notes"]),
                known={key: frozenset(levels) for key, levels in state["known"].items()},
                shared=frozenset(state["shared"]),
                sparse=int(state["sparse"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelFileError(
                f"The model file does not say how columns become numbers ({error}). It was not written by "
                "`regularfit fit`, "
                "or it is damaged. Fit the model again."
            ) from error


def stack(recipes: tuple[Recipe, ...], frame: pd.DataFrame) -> np.ndarray:
    """Apply the recipes and put what they make side by side, in column-major order."""
    widths = [len(recipe.names) for recipe in recipes]
    starts = np.cumsum([0, *widths])
    out = np.empty((len(frame), int(starts[-1])), order="F")
    dtypes = dict(zip(frame.columns, frame.dtypes, strict=True))
    # Plain numbers are copied in one go: column by column is slow where there are thousands.
    plain = {
        recipe.column: int(at)
        for recipe, at in zip(recipes, starts[:-1], strict=True)
        if isinstance(recipe, Number) and getattr(dtypes[recipe.column], "kind", "O") in "iufb"
        and isinstance(dtypes[recipe.column], np.dtype)
    }  # fmt: skip
    if plain:
        names = list(plain)
        block = frame[names].to_numpy(np.float64)
        for k in np.flatnonzero(np.isinf(block).any(axis=0)):
            values.to_numbers(frame[names[k]], names[k])
        out[:, list(plain.values())] = block
    for recipe, at, width in zip(recipes, starts[:-1], widths, strict=True):
        if not (isinstance(recipe, Number) and recipe.column in plain):
            out[:, at : at + width] = recipe.apply(frame[recipe.column])
    return out


def _all_names(recipes: tuple[Recipe, ...]) -> list[str]:
    """Names of all columns made; a name that appears twice gets a number."""
    names: list[str] = []
    seen: set[str] = set()
    for name in (name for recipe in recipes for name in recipe.names):
        unique, i = name, 2
        while unique in seen:
            unique, i = f"{name} ({i})", i + 1
        seen.add(unique)
        names.append(unique)
    return names


def _nearest(name: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    return f" The nearest to '{name}' there: {', '.join(repr(n) for n in near)}." if near else ""


def _count(items: list[str], noun: str) -> str:
    return f"{len(items):,} {noun}{'s' if len(items) > 1 else ''}"


def _listed(items: list[str]) -> str:
    return f"({', '.join(items[:5])}{', ...' if len(items) > 5 else ''}) ignored"

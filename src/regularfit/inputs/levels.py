"""Categories as codes: the text of every level once, and a whole number a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

__all__ = ["Levels"]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A column of categories, read once: everything after it is arithmetic on the codes.

    Parameters
    ----------
    codes : (n,) int64, places in ``names``.
    names : the levels as text, each once, in the order in which they were seen; some rows may have none of a level.

    Examples
    --------
    >>> levels = Levels.of(["red", "blue", "red"])
    >>> levels.names, levels.codes.tolist(), levels.take(np.array([1])).counts().tolist()
    (('red', 'blue'), [0, 1, 0], [0, 1])
    """

    codes: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str]) -> Levels:
        """Return the codes of text."""
        place: dict[str, int] = {}
        codes = np.array([place.setdefault(value, len(place)) for value in values], dtype=np.int64)
        return cls(codes, tuple(place))

    def take(self, rows: np.ndarray) -> Levels:
        """Return some rows, with the same codes."""
        return Levels(self.codes[rows], self.names)

    def counts(self) -> np.ndarray:
        """Return how many rows have each level, in the order of ``names``."""
        return np.bincount(self.codes, minlength=len(self.names))

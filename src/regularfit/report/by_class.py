"""Facts about a model in which every class has coefficients of its own."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ByClass", "ClassCoefficients"]


@dataclass(frozen=True, slots=True)
class ClassCoefficients:
    """One column's coefficients, one a class: for one unit of it, and for one standard deviation."""

    name: str
    original: tuple[float, ...]
    standardised: tuple[float, ...]

    @property
    def spread(self) -> float:
        """The widest difference between two classes: how far one standard deviation moves their log-odds."""
        return max(self.standardised) - min(self.standardised)


@dataclass(frozen=True, slots=True)
class ByClass:
    """The chosen model class by class, in the order of the target's classes.

    ``coefficients`` holds the columns with the widest differences between two classes (columns without any coefficient
    left out, at most ``MOST_COLUMNS``).
    """

    intercepts: tuple[float, ...]
    coefficients: tuple[ClassCoefficients, ...]

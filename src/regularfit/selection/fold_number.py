"""How many random folds there can be, and how many there are where nobody asked for a number."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import FewerFoldsWarning, InputError

__all__ = ["check_number", "usual_number"]

_USUAL = 10
_INSTEAD = "strength=..."


def usual_number(
    n: int,
    y: Any = None,
    groups: Any = None,
    classifier: bool = False,
    *,
    usual: int = _USUAL,
    instead: str | None = _INSTEAD,
) -> int:
    """Return the usual number of folds, or as many as there can be, with a warning that says why.

    Parameters
    ----------
    n, y, groups, classifier, usual, instead : as for :func:`~regularfit.selection.splitters.make_folds`.

    Raises
    ------
    InputError
        Where there is one row, one group or one member of a class: nothing can be held out.

    Warns
    -----
    FewerFoldsWarning
        Where there are fewer than ``usual`` rows, groups or members of the rarer class.

    Examples
    --------
    >>> usual_number(100)
    10
    """
    most, what = _most(n, y, groups, classifier)
    if most >= usual:
        return usual
    if most < 2:
        raise InputError(f"Choosing by folds holds rows out, but {what}. G{_advice(groups, instead)[1:]}.")
    warnings.warn(
        f"{most} folds are used in place of the usual {usual}, since {what}. Give cv={most} to agree, or a "
        "splitter of your own.",
        FewerFoldsWarning,
        stacklevel=2,
    )
    return most


def check_number(
    k: int,
    n: int,
    y: Any = None,
    groups: Any = None,
    classifier: bool = False,
    *,
    instead: str | None = _INSTEAD,
) -> None:
    """Refuse a number of folds below 2, or above what the rows, groups or classes allow.

    Raises
    ------
    InputError
        The message says how many there can be.

    Examples
    --------
    >>> check_number(5, 3)
    Traceback (most recent call last):
    regularfit.errors.InputError: cv=5 folds were asked for, but there are only 3 rows; give cv <= 3.
    """
    if k < 2:
        raise InputError(f"cv={k} is too few folds; give at least 2 (10 is usual).")
    most, what = _most(n, y, groups, classifier)
    if k <= most:
        return
    advice = f"give cv <= {most}" if most >= 2 else _advice(groups, instead)
    raise InputError(f"cv={k} folds were asked for, but {what}; {advice}.")


def _advice(groups: Any, instead: str | None) -> str:
    """What helps where nothing can be held out."""
    more = "more rows of that class" if groups is None else "rows of more groups"
    return f"give {more}" if instead is None else f"give {instead} to choose nothing, or {more}"


def _most(n: int, y: Any, groups: Any, classifier: bool) -> tuple[int, str]:
    """The largest number of folds, and what limits it."""
    if groups is not None:
        count = len(np.unique(groups))
        return count, f"there {'is' if count == 1 else 'are'} only {_counted(count, 'group')}"
    if classifier and y is not None:
        classes, counts = np.unique(y, return_counts=True)
        rare = int(counts.argmin())
        if counts[rare] < n:
            members = _counted(int(counts[rare]), "member")
            # tolist, since labels may be any objects and only NumPy's own have an item()
            return int(counts[rare]), f"class {classes.tolist()[rare]!r} has only {members}"
    return n, f"there are only {n} rows"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"

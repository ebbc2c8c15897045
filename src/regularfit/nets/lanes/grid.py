"""A grid of settings: a dict of lists (every combination), or a list of dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from ...errors import InputError
from .reading import changed
from .settings import NetSettings

__all__ = ["grid_points", "grid_settings"]


def grid_points(grid: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return every point of a grid as a dict of name to value; the last name changes fastest.

    Raises
    ------
    InputError
        If the grid is empty, or a dict's values are not lists.

    Examples
    --------
    >>> grid_points({"Dropout.p": [0, 0.2], "lr": [1e-3]})
    [{'Dropout.p': 0, 'lr': 0.001}, {'Dropout.p': 0.2, 'lr': 0.001}]
    """
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, str) or not hasattr(values, "__len__"):
                raise InputError(f"grid[{name!r}] must be a list of values; {values!r} was given.")
        points = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    else:
        points = [dict(point) for point in grid]
    if not points or not all(isinstance(name, str) for point in points for name in point):
        raise InputError(
            'The grid is empty, or a name in it is no text; give {"Dropout.p": [0, 0.2], "lr": [1e-3, 3e-3]} or a '
            "list of dicts."
        )
    return points


def grid_settings(base: NetSettings, points: Sequence[Mapping[str, Any]]) -> list[NetSettings]:
    """Return the settings of every point: the base with the point's values; None, which leaves out, comes last."""
    found: list[NetSettings] = []
    for point in points:
        settings = base
        for name, value in sorted(point.items(), key=lambda item: item[1] is None):
            settings = changed(settings, name, value)
        found.append(settings)
    return found

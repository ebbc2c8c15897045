"""The check that MCP and SCAD share."""

from __future__ import annotations

import math
from typing import Any

from .._checks import check_positive
from ..errors import InputError

__all__ = ["check_shape"]


def check_shape(value: Any, what: str, least: float, usual: float) -> float:
    """Return a shape as a float above ``least``, or refuse it."""
    number = check_positive(value, what, f"{usual:g} is usual.")
    if not (number > least and math.isfinite(number)):
        raise InputError(
            f"{what} must be above {least:g}; {value!r} was given. {usual:g} is usual; a large one is nearly L1."
        )
    return number

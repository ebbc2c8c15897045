"""What a loss may be given: targets that are not negative, parameters within limits."""

from __future__ import annotations

from typing import Any

from .._checks import check_vector
from .._typing import ArrayLike, Vector
from ..errors import InputError

__all__ = ["check_counts", "check_not_negative", "check_within"]


def check_not_negative(y: ArrayLike, what: str, note: str = "", zero: str | None = None) -> Vector:
    """Return ``y`` as finite float64, 0 or above; with ``zero``, which says what to do instead, above 0.

    >>> check_not_negative([0, 2], "Poisson")
    array([0., 2.])
    """
    target = check_vector(y)
    row = int(target.argmin())
    if target[row] < 0 or (zero is not None and target[row] == 0):
        least = "of 0 or above" if zero is None else "above 0"
        other = "Squared() or Huber() take any number" if target[row] < 0 else zero
        raise InputError(
            f"{what} needs a target {least}{', ' * bool(note)}{note}; y holds {target[row]:g} in row {row}, counted "
            f"from 0. Check the column, or choose another loss: {other}."
        )
    if not target.any():
        raise InputError(
            f"y is 0 in all {len(target)} rows, so the best mean of {what} is 0 and there is nothing to explain. "
            "Check that the right column was given as the target."
        )
    return target


def check_counts(y: ArrayLike, what: str) -> Vector:
    """Return ``y`` as float64 whole numbers, 0 or above.

    >>> check_counts([0, 2], "NegativeBinomial")
    array([0., 2.])
    """
    target = check_not_negative(y, what)
    row = int((target != target.round()).argmax())
    if target[row] != round(target[row]):
        raise InputError(
            f"{what} needs whole counts; y holds {target[row]:g} in row {row}, counted from 0. Of a rate give the "
            "count, with offset=log(exposure); Poisson() also takes the rates themselves."
        )
    return target


def check_within(value: Any, low: float, high: float, what: str, advice: str) -> float:
    """Return ``value`` as a float in [low, high].

    >>> check_within(1.5, 1, 2, "Tweedie(power)", "")
    1.5
    """
    wrong = InputError(f"{what} must be a number from {low:g} to {high:g}; {value!r} was given. {advice}")
    if isinstance(value, (bool, str, bytes)) or value is None:
        raise wrong
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise wrong from None
    if not low <= number <= high:  # nan lies nowhere
        raise wrong
    return number

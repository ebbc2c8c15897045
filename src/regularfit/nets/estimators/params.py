"""Parameters of regularisers by name: ``"Dropout.p"`` is the field ``p`` of the ``Dropout`` in the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from ..._checks import did_you_mean
from ...errors import InputError

__all__ = ["replaced"]


def replaced(regularisers: Sequence[Any], name: str, value: Any) -> list[Any]:
    """Return the list with one field of one regulariser set; ``value`` None for "Dropout" takes it out.

    Parameters
    ----------
    regularisers : frozen values.
    name : "Class.field".
    value : its new value.

    Raises
    ------
    InputError
        If there is no such regulariser in the list, several of them, or no such field.

    Examples
    --------
    >>> from regularfit.nets.dropout.dropout import Dropout
    >>> [value.p for value in replaced([Dropout(0.1)], "Dropout.p", 0.5)]
    [0.5]
    """
    kind, _, part = name.partition(".")
    places = [j for j, value_ in enumerate(regularisers) if type(value_).__name__ == kind]
    if len(places) != 1:
        present = [type(r).__name__ for r in regularisers]
        why = "there are several" if places else f"there is none. {did_you_mean(kind, present)}"
        raise InputError(
            f"{name!r} names the field {part!r} of the one {kind} among the regularisers, but {why}. Put exactly one "
            f"{kind} into the list."
        )
    known = [f.name for f in fields(regularisers[places[0]])]
    if part not in known:
        raise InputError(f"{kind} has no field {part!r}. {did_you_mean(part, known)}")
    changed = list(regularisers)
    changed[places[0]] = replace(changed[places[0]], **{part: value})
    return changed

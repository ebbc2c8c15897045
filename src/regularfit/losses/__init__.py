"""Losses: what is fitted. Frozen values; vectors in, vectors out."""

from __future__ import annotations

from .._checks import check_choice
from ..errors import InputError
from ._base import Loss
from .logistic import Logistic
from .squared import Squared

__all__ = ["Logistic", "Loss", "Squared", "get"]

_BY_NAME: dict[str, type[Loss]] = {loss.name: loss for loss in (Squared, Logistic)}


def get(loss: str | Loss) -> Loss:
    """Return a loss by its name; a loss is returned as it is.

    >>> get("squared")
    Squared()
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError(f"loss must be a name ({', '.join(_BY_NAME)}) or a Loss; {loss!r} was given.")
    return _BY_NAME[check_choice(loss, list(_BY_NAME), "loss")]()

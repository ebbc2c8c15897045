"""Losses: what is fitted. Frozen values; vectors in, vectors out."""

from __future__ import annotations

from .._checks import check_choice
from ..errors import InputError
from ._base import Loss
from .gamma import Gamma
from .huber import Huber
from .logistic import Logistic
from .negative_binomial import NegativeBinomial
from .poisson import Poisson
from .quantile import Quantile
from .squared import Squared
from .squared_hinge import SquaredHinge
from .tweedie import Tweedie

__all__ = [
    "Gamma",
    "Huber",
    "Logistic",
    "Loss",
    "NegativeBinomial",
    "Poisson",
    "Quantile",
    "Squared",
    "SquaredHinge",
    "Tweedie",
    "get",
]

_ALL: tuple[type[Loss], ...] = (
    Squared,
    Logistic,
    Poisson,
    Gamma,
    Tweedie,
    NegativeBinomial,
    Huber,
    SquaredHinge,
    Quantile,
)
_BY_NAME: dict[str, type[Loss]] = {loss.name: loss for loss in _ALL}


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

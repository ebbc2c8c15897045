"""Losses: what is fitted. Frozen values; vectors in, vectors out."""

from __future__ import annotations

from .._checks import check_choice
from ..errors import InputError
from ._base import Loss
from ._concordance import concordance
from ._coupled import CoupledLoss
from ._survival_target import survival
from .baseline import BaselineHazard, baseline_hazard
from .cox import Cox
from .gamma import Gamma
from .huber import Huber
from .logistic import Logistic
from .negative_binomial import NegativeBinomial
from .poisson import Poisson
from .squared import Squared
from .squared_hinge import SquaredHinge
from .tweedie import Tweedie

__all__ = [
    "BaselineHazard",
    "CoupledLoss",
    "Cox",
    "Gamma",
    "Huber",
    "Logistic",
    "Loss",
    "NegativeBinomial",
    "Poisson",
    "Squared",
    "SquaredHinge",
    "Tweedie",
    "baseline_hazard",
    "concordance",
    "get",
    "survival",
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
    Cox,
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

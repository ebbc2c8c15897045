"""Losses: what is fitted. Frozen values; vectors in, vectors out."""

from __future__ import annotations

from .._checks import check_choice
from ..errors import InputError
from ._base import Loss
from ._concordance import concordance
from ._coupled import CoupledLoss
from ._several import SeveralLoss
from ._survival_target import survival
from .baseline import BaselineHazard, baseline_hazard
from .cox import Cox
from .gamma import Gamma
from .huber import Huber
from .logistic import Logistic
from .multinomial import Multinomial
from .negative_binomial import NegativeBinomial
from .poisson import Poisson
from .quantile import Quantile
from .squared import Squared
from .squared_hinge import SquaredHinge
from .squared_outputs import SquaredOutputs
from .tweedie import Tweedie

__all__ = [
    "BaselineHazard",
    "CoupledLoss",
    "Cox",
    "Gamma",
    "Huber",
    "Logistic",
    "Loss",
    "Multinomial",
    "NegativeBinomial",
    "Poisson",
    "Quantile",
    "SeveralLoss",
    "Squared",
    "SquaredHinge",
    "SquaredOutputs",
    "Tweedie",
    "baseline_hazard",
    "concordance",
    "get",
    "get_several",
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


def get_several(loss: object, outputs: int) -> SeveralLoss | None:
    """Return the loss of several linear predictors that is meant, or None where one predictor is.

    ``outputs`` is the number of columns of the target, 1 for a vector.

    >>> get_several("squared", 3), get_several("squared", 1)
    (SquaredOutputs(), None)
    """
    if isinstance(loss, SeveralLoss):
        return loss
    if loss == Cox.name or isinstance(loss, CoupledLoss):  # the columns of its target are times and events
        return None
    if loss == Multinomial.name:
        return Multinomial()
    if outputs > 1 and (loss == Squared.name or isinstance(loss, Squared)):
        return SquaredOutputs()
    if (
        outputs > 1 and not isinstance(loss, CoupledLoss) and loss != Cox.name
    ):  # whose columns are times and events
        shown = loss.name if isinstance(loss, Loss) else loss
        raise InputError(
            f"y has {outputs} columns, but loss={shown!r} has one linear predictor. Several targets are fitted with "
            'loss="squared", classes with loss="multinomial"; else fit one column at a time.'
        )
    return None

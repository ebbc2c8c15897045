"""What a Trainer is set to: checked when it is made, before any data is seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..._checks import check_choice, check_positive
from ...errors import InputError, UnsupportedError
from ...penalties import Penalty
from ..evaluation.metrics import Metric, metric
from ..losses import LOSSES
from ..parameters.penalise import as_regulariser
from ..regulariser import Regulariser
from ..schedules import schedule
from .hooks import check_together
from .optimizers import Factory, check_optimizer
from .plan import Every
from .precision import check_precision

__all__ = ["Settings", "checked_regularisers"]


@dataclass(frozen=True)
class Settings:
    """The checked settings of a Trainer; its parameters are described there."""

    loss: Any
    optimizer: str | Factory
    lr: float
    schedule: Callable[[float], float]
    batch_size: int
    epochs: float
    steps: int | None
    time_limit: float
    every: Every
    metrics: tuple[Metric, ...]
    seed: int
    device: torch.device | None
    precision: str
    verbose: bool | None
    check_eval: bool

    @classmethod
    def of(cls, **given: Any) -> Settings:
        """Return the settings that a user gave, checked.

        Raises
        ------
        InputError, UnsupportedError
            If one cannot be used; the nearest names are given where a name is unknown.
        """
        loss, steps, limit = given["loss"], given["steps"], given["time_limit"]
        metrics = given["metrics"]
        return cls(
            loss=loss if callable(loss) else check_choice(loss, LOSSES, "loss"),
            optimizer=check_optimizer(given["optimizer"]),
            lr=check_positive(given["lr"], "lr"),
            schedule=schedule(given["schedule"]),
            batch_size=_whole(given["batch_size"], "batch_size"),
            epochs=check_positive(given["epochs"], "epochs"),
            steps=None if steps is None else _whole(steps, "steps"),
            time_limit=math.inf
            if limit is None
            else check_positive(limit, "time_limit", "It is in seconds."),
            every=Every.of(given["evaluate_every"]),
            metrics=tuple(metric(m) for m in ([metrics] if isinstance(metrics, (str, Metric)) else metrics)),
            seed=_seed(given["seed"]),
            device=_device(given["device"]),
            precision=check_precision(given["precision"]),
            verbose=given["verbose"],
            check_eval=bool(given["check_eval"]),
        )


def checked_regularisers(regularisers: Any) -> tuple[Regulariser, ...]:
    """Return the regularisers of a list; a bare penalty such as ``L1(1e-4)`` becomes ``Penalise(L1(1e-4))``.

    Raises
    ------
    InputError, UnsupportedError
        If something in the list is no regulariser, or two do not go together.
    """
    single = isinstance(regularisers, (Regulariser, Penalty))
    if not single and not isinstance(regularisers, Sequence):
        raise InputError(
            f"regularisers must be a list, such as [WeightDecay(1e-2)]; {regularisers!r} was given."
        )
    made = tuple(_regulariser(one) for one in ([regularisers] if single else regularisers))
    check_together(made)
    return made


def _regulariser(given: Any) -> Regulariser:
    if isinstance(given, (Regulariser, Penalty)):
        return as_regulariser(given)
    if isinstance(given, type) and issubclass(given, (Regulariser, Penalty)):
        raise InputError(
            f"{given.__name__} in the list of regularisers is a class; give an instance: {given.__name__}()."
        )
    raise UnsupportedError(
        f"{given!r} in the list of regularisers is none. Allowed are regularisers of regularfit.nets and "
        "penalties such as L1(1e-4)."
    )


def _whole(value: Any, what: str) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < 1:
        raise InputError(f"{what} must be a whole number >= 1; {value!r} was given.")
    return int(value)


def _seed(seed: Any) -> int:
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= int(seed) < 2**63:
        raise InputError(f"seed must be a whole number from 0 on; {seed!r} was given.")
    return int(seed)


def _device(device: Any) -> torch.device | None:
    if device is None:
        return None
    try:
        made = torch.device(device)
        torch.empty(0, device=made)
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        raise InputError(
            f"device={device!r} cannot be used here ({str(error).splitlines()[0]}). Give 'cpu', 'cuda', or None for "
            "where the model is."
        ) from None
    return made

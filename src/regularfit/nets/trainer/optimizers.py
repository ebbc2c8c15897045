"""The optimiser of a run, by name or of the user's own making, without any decay of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ..._checks import check_choice
from ...errors import InputError, UnsupportedError

__all__ = ["OPTIMIZERS", "Factory", "check_optimizer", "make_optimizer"]

OPTIMIZERS = ("adamw", "adam", "sgd")
Factory = Callable[[list[dict[str, Any]], float], torch.optim.Optimizer]
_FUSED = ("cpu", "cuda")


def check_optimizer(optimizer: Any) -> Any:
    """Return the name or the function, or say what is allowed."""
    if isinstance(optimizer, torch.optim.Optimizer):
        raise UnsupportedError(
            "optimizer is an optimiser already made, of parameters that a run cannot move to its device any more. "
            "Give its name, or a function such as lambda groups, lr: torch.optim.RMSprop(groups, lr=lr)."
        )
    if callable(optimizer):
        return optimizer
    return check_choice(optimizer, OPTIMIZERS, "optimizer")


def make_optimizer(optimizer: str | Factory, model: nn.Module, lr: float) -> torch.optim.Optimizer:
    """Return the optimiser of all parameters that want gradients; ``initial_lr`` is noted in its groups.

    Raises
    ------
    InputError
        If nothing is left to train, or a function gives something else than an optimiser.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise InputError(
            "The model has no parameter that wants a gradient, so there is nothing to train; call "
            "requires_grad_() on those that are to be trained."
        )
    groups: list[dict[str, Any]] = [{"params": parameters}]
    made = _named(optimizer, groups, lr) if isinstance(optimizer, str) else optimizer(groups, lr)
    if not isinstance(made, torch.optim.Optimizer):
        raise InputError(
            f"optimizer must give a torch.optim.Optimizer; it gave a {type(made).__name__}. For example: "
            "lambda groups, lr: torch.optim.RMSprop(groups, lr=lr)."
        )
    for group in made.param_groups:
        group.setdefault("initial_lr", float(group["lr"]))  # torch's own name for it
    return made


def _named(name: str, groups: list[dict[str, Any]], lr: float) -> torch.optim.Optimizer:
    fused = all(p.device.type in _FUSED and p.is_floating_point() for g in groups for p in g["params"])
    if name == "sgd":
        return torch.optim.SGD(groups, lr=lr, momentum=0.9, fused=fused)
    if name == "adam":
        return torch.optim.Adam(groups, lr=lr, fused=fused)
    return torch.optim.AdamW(
        groups, lr=lr, weight_decay=0.0, fused=fused
    )  # decay is a regulariser's business

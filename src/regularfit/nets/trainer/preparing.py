"""From what a user hands in to a run that is ready: everything is checked, and nothing has been trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..losses import NetLoss, net_loss
from ..regulariser import Batch, Block, Pixels, Regulariser
from .data import Rows, check_classes, device_of, rows_of, validation_of
from .evaluation import FEW, check_repeatable, outputs_of
from .precision import Precision
from .settings import Settings
from .training import Training

__all__ = ["prepared"]


def prepared(
    settings: Settings,
    model: nn.Module,
    regularisers: Sequence[Regulariser],
    X: Any,
    y: Any,
    weight: Any,
    validation: Any,
    blocks: Sequence[Block],
    pixels: Pixels | None,
    n_classes: int | None,
) -> Training:
    """Return the run; what is given is described at ``Trainer.fit``.

    Raises
    ------
    InputError, UnsupportedError
        If the rows do not fit the model, the loss or the regularisers.
    """
    device = device_of(model, settings.device)
    for regulariser in regularisers:
        regulariser.prepare(model, settings.seed)
    model.to(device)
    known = isinstance(settings.loss, str) and settings.loss != "auto"
    task = ("classification" if settings.loss == "cross_entropy" else "regression") if known else None
    rows = rows_of(X, y, weight, model, task)
    loss = net_loss(settings.loss, rows.y)
    held_out = validation_of(validation, model, loss.task, rows.X)
    outputs = _checked_outputs(settings, model, rows, loss, n_classes, device)
    if loss.task == "classification":
        check_classes(rows.y, outputs)
        if held_out is not None:
            check_classes(held_out.y, outputs, "y of validation")
    return Training(settings, model, regularisers, rows, held_out, loss, outputs, blocks, pixels)


def _checked_outputs(
    settings: Settings,
    model: nn.Module,
    rows: Rows,
    loss: NetLoss,
    n_classes: int | None,
    device: torch.device,
) -> int:
    """Ask the model for a few rows; return how many outputs it has, or say what does not fit."""
    precision = Precision(settings.precision, device)
    if settings.check_eval:
        outputs = check_repeatable(model, rows.X, precision, device)
    else:
        outputs = outputs_of(model, rows.X[:FEW], precision, device)
    count = 1 if outputs.ndim == 1 else int(outputs.shape[1])
    if loss.task == "classification":
        _check_classifier(outputs, count, n_classes)
    sample = rows.batch(torch.arange(len(outputs)), device)
    y = (
        sample.y.clamp(0, count - 1) if loss.task == "classification" else sample.y
    )  # wrong classes are told later
    loss.each(outputs, Batch(sample.X, y, sample.rows))  # shapes that do not fit say so here
    return count


def _check_classifier(outputs: Tensor, count: int, n_classes: int | None) -> None:
    if outputs.ndim != 2 or count < 2:
        raise InputError(
            f"The model gives outputs of shape {tuple(outputs.shape)}; classes need (rows, classes) logits, for two "
            "classes two. Give the model an output for each class."
        )
    if n_classes is not None and n_classes != count:
        raise InputError(
            f"n_classes={n_classes}, but the model gives {count} outputs; give it one output for each class."
        )

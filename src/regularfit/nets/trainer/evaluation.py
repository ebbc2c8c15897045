"""Looking at a model without touching it: eval mode, no gradients, everything as it was afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...errors import InputError, UnsupportedError
from ..evaluation.metrics import Metric
from ..evaluation.modes import evaluating
from ..losses import NetLoss
from .data import Rows
from .precision import Precision

__all__ = ["check_repeatable", "outputs_of", "scores_of"]

SIZE = 1024  # rows at a time
FEW = 8  # rows of the check


def outputs_of(
    model: nn.Module, X: Tensor, precision: Precision, device: torch.device, size: int = SIZE
) -> Tensor:
    """Return the outputs of all rows, on the device, (n, ...) floats."""
    with evaluating(model), torch.no_grad(), precision.autocast():
        parts = [model(X[start : start + size].to(device)) for start in range(0, len(X), size)]
    outputs = torch.cat(parts)
    return outputs.float() if outputs.dtype in (torch.float16, torch.bfloat16) else outputs


def scores_of(
    outputs: Tensor, rows: Rows, loss: NetLoss, metrics: Sequence[Metric], device: torch.device
) -> dict[str, float]:
    """Return the loss and the metrics of outputs by name, "loss" first."""
    total, weight = 0.0, 0.0
    for batch in rows.chunks(SIZE, device):
        start = int(batch.rows[0])
        each = loss.each(outputs[start : start + len(batch.rows)], batch).double()
        weights = torch.ones_like(each) if batch.weight is None else batch.weight.double()
        total += float((weights * each).sum())
        weight += float(weights.sum())
    scores = {"loss": total / weight}
    for metric in metrics:
        if metric.needs != "loss":
            scores[metric.name] = metric(outputs, rows.y, rows.weight)
    return scores


def check_repeatable(model: nn.Module, X: Tensor, precision: Precision, device: torch.device) -> Tensor:
    """Return the outputs of a few rows, after asking for them twice.

    Raises
    ------
    UnsupportedError
        If the two differ: something in the model ignores eval mode, and its predictions would be random.
    """
    few = X[:FEW].to(device)
    first, second = (outputs_of(model, few, precision, device) for _ in range(2))
    if not isinstance(first, Tensor):
        raise InputError(f"The model must give one tensor; it gives a {type(first).__name__}.")
    if not torch.equal(first.nan_to_num(), second.nan_to_num()):
        name, kind = _random_module(model, few, precision, device)
        where = f"its module {name!r} ({kind})" if name else f"its own forward ({kind})"
        raise UnsupportedError(
            f"In eval mode the model gives two different outputs for the same rows: {where} ignores eval mode, so "
            "predictions and validation scores would be random. Usual causes: F.dropout without "
            "training=self.training, noise or augmentation in forward. Use nn.Dropout, or regularisers such as "
            "Dropout and InputNoise; check_eval=False lets it pass."
        )
    return first


def _random_module(
    model: nn.Module, X: Tensor, precision: Precision, device: torch.device
) -> tuple[str, str]:
    """Return the name and class of the first module that answers the same inputs differently."""
    calls: list[tuple[str, str, object, object]] = []

    def watch(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def note(module: nn.Module, inputs: object, output: object) -> None:
            calls.append((name, type(module).__name__, _copied(inputs), _copied(output)))

        return module.register_forward_hook(note)

    handles = [watch(name, module) for name, module in model.named_modules()]
    try:
        outputs_of(model, X, precision, device)
        half = len(calls)
        outputs_of(model, X, precision, device)
    finally:
        for handle in handles:
            handle.remove()
    for (name, kind, given, got), (_, _, given_again, got_again) in zip(
        calls[:half], calls[half:], strict=False
    ):
        if _same(given, given_again) and not _same(got, got_again):
            return name, kind
    return "", type(model).__name__


def _copied(value: object) -> object:
    if isinstance(value, Tensor):
        return value.detach().clone()
    return [_copied(item) for item in value] if isinstance(value, (tuple, list)) else None


def _same(one: object, other: object) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one.nan_to_num(), other.nan_to_num())
    if isinstance(one, list) and isinstance(other, list):
        return all(_same(a, b) for a, b in zip(one, other, strict=False))
    return True

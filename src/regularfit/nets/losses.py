"""What a net is fitted to: one loss a row, and their weighted mean, sum(w l) / sum(w)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .._checks import check_choice
from ..errors import InputError
from .regulariser import Batch

__all__ = ["HUBER_DELTA", "LOSSES", "NetLoss", "net_loss"]

LOSSES = ("auto", "cross_entropy", "squared", "absolute", "huber")
HUBER_DELTA = 1.35  # in the unit of the target, as on the linear side

Rows = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class NetLoss:
    """A loss of raw outputs: a value a row, and the mean that is trained.

    With weights the mean is sum(w l) / sum(w), so that strengths keep their meaning whatever the weights' scale.
    After mixing (``partner``, ``share``) the target is ``share`` times y plus the rest times the partner's:
    classes mix their losses, which is the same for the cross entropy, and numbers mix themselves.

    Parameters
    ----------
    name : for messages.
    task : "classification" or "regression".
    rows : of (outputs, targets), floats and one of each a row, to (b,) losses.

    Examples
    --------
    >>> loss = net_loss("squared", torch.tensor([0.5, 2.0]))
    >>> batch = Batch(torch.zeros(2, 1), torch.tensor([0.0, 2.0]), torch.arange(2))
    >>> loss(torch.tensor([[1.0], [2.0]]), batch)  # half the squared error, as on the linear side
    tensor(0.2500)
    >>> loss(torch.tensor([[1.0], [2.0]]), batch.with_(weight=torch.tensor([3.0, 1.0])))
    tensor(0.3750)
    """

    name: str
    task: str
    rows: Rows

    def __call__(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss of a batch, a tensor without axes."""
        outputs = _whole(outputs)
        if batch.weight is None and batch.partner is None and self.rows is _cross_entropy:
            return F.cross_entropy(outputs, batch.y)  # the same number, in one call
        each = self.each(outputs, batch)
        if batch.weight is None:
            return each.mean()
        total = batch.weight.sum().clamp_min(torch.finfo(each.dtype).tiny)  # all rows of weight 0: no loss
        return (batch.weight * each).sum() / total

    def each(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the losses of the rows, (b,), of mixed targets where they are mixed."""
        outputs = _whole(outputs)
        if batch.partner is None or batch.share is None:
            return self._rows(outputs, batch.y)
        if self.task == "classification":
            return torch.lerp(self._rows(outputs, batch.partner), self._rows(outputs, batch.y), batch.share)
        share = batch.share if batch.y.ndim == 1 else batch.share.unsqueeze(-1)
        return self._rows(outputs, torch.lerp(batch.partner, batch.y, share))

    def _rows(self, outputs: Tensor, y: Tensor) -> Tensor:
        if self.task == "regression":
            outputs = _like_targets(outputs, y)
        each = self.rows(outputs, y)
        if each.shape != y.shape[:1]:
            raise InputError(
                f"The loss {self.name} gave shape {tuple(each.shape)} for {len(y)} rows; it must give one number a "
                "row, without taking their mean: reduction='none' in torch's losses."
            )
        return each


def net_loss(loss: Any, y: Tensor) -> NetLoss:
    """Return the loss of a name, or of a function of (outputs, targets) to one loss a row.

    Parameters
    ----------
    loss : "cross_entropy"; "squared" (half the squared error, summed over outputs, as on the linear side),
        "absolute", "huber" (from 1.35 on straight); a function; or "auto": cross entropy where ``y`` holds whole
        numbers by type, squared otherwise.
    y : the targets; their type tells the task of a function.

    Raises
    ------
    InputError
        If the name is unknown, or classes are not whole numbers.

    Examples
    --------
    >>> net_loss("auto", torch.tensor([0, 2, 1])).name
    'cross_entropy'
    """
    whole = not y.is_floating_point()
    if callable(loss):
        rows: Any = loss
        return NetLoss(
            getattr(loss, "__name__", repr(loss)), "classification" if whole else "regression", rows
        )
    name = check_choice(loss, LOSSES, "loss")
    if name == "auto":
        name = "cross_entropy" if whole else "squared"
    return NetLoss(name, "classification" if name == "cross_entropy" else "regression", _ROWS[name])


def _whole(outputs: Tensor) -> Tensor:
    """Outputs of half precision as float32: a loss is a sum of many small numbers."""
    return outputs.float() if outputs.dtype in (torch.float16, torch.bfloat16) else outputs


def _like_targets(outputs: Tensor, y: Tensor) -> Tensor:
    """Return outputs in the shape of the targets: (b, 1) against (b,) would otherwise make a b by b table."""
    if outputs.shape == y.shape:
        return outputs
    if outputs.ndim == y.ndim + 1 and outputs.shape[-1] == 1:
        return outputs.squeeze(-1)
    raise InputError(
        f"The model gives outputs of shape {tuple(outputs.shape)}, but the targets have shape {tuple(y.shape)}; give "
        f"the model {_count(y)} and y one number for each."
    )


def _count(y: Tensor) -> str:
    return "one output" if y.ndim == 1 else f"{y.shape[1]} outputs"


def _over_outputs(each: Tensor) -> Tensor:
    return each if each.ndim == 1 else each.sum(dim=tuple(range(1, each.ndim)))


def _cross_entropy(outputs: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(outputs, y, reduction="none")


def _squared(outputs: Tensor, y: Tensor) -> Tensor:
    return _over_outputs(0.5 * (outputs - y).square())


def _absolute(outputs: Tensor, y: Tensor) -> Tensor:
    return _over_outputs((outputs - y).abs())


def _huber(outputs: Tensor, y: Tensor) -> Tensor:
    return _over_outputs(F.huber_loss(outputs, y, reduction="none", delta=HUBER_DELTA))


_ROWS: dict[str, Any] = {
    "cross_entropy": _cross_entropy,
    "squared": _squared,
    "absolute": _absolute,
    "huber": _huber,
}

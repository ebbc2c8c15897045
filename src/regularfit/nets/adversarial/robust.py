"""How often a net is right where somebody tries to make it wrong."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..evaluation.modes import evaluating
from ..randomness import Stream
from .attack import Attack

__all__ = ["robust_accuracy"]


def robust_accuracy(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    attack: Attack | None,
    *,
    batch_size: int = 1024,
    stream: Stream | None = None,
) -> float:
    """Return the share of rows whose class the net gets right, as they are and after an attack.

    An attack gives an upper bound: a stronger one may find more. The net is asked in evaluation mode.

    Parameters
    ----------
    model : a classifier.
    X, y : rows and their classes, int64.
    attack : what is tried, :class:`~regularfit.nets.PGD` with 20 steps or more; None: the plain
        accuracy.
    batch_size : rows at a time.
    stream : random numbers of the attack.

    Raises
    ------
    InputError
        If there are no rows, or the targets are not classes.

    Examples
    --------
    >>> from regularfit.nets.adversarial.pgd import PGD
    >>> sign = nn.Linear(1, 2, bias=False)
    >>> _ = sign.weight.data.copy_(torch.tensor([[-1.0], [1.0]]))  # class 1 where x > 0
    >>> X, y = torch.tensor([[-0.3], [-0.1], [0.1], [0.3]]), torch.tensor([0, 0, 1, 1])
    >>> robust_accuracy(sign, X, y, None), robust_accuracy(sign, X, y, PGD(0.2))
    (1.0, 0.5)
    """
    if len(X) == 0 or y.is_floating_point() or y.ndim != 1:
        raise InputError(
            "robust_accuracy counts rows whose class is right; give at least one row, and y as int64 classes."
        )
    stream = stream or Stream.of(0, "robust accuracy")
    right = 0
    for batch, start in enumerate(range(0, len(X), batch_size)):
        rows, classes = X[start : start + batch_size], y[start : start + batch_size]
        held = _right(model, rows, classes)
        if attack is not None:
            held &= _right(model, attack(model, rows, classes, stream=stream.at(batch)), classes)
        right += int(held.sum())
    return right / len(X)


def _right(model: nn.Module, X: Tensor, y: Tensor) -> Tensor:
    with evaluating(model), torch.no_grad():
        return model(X).argmax(1) == y

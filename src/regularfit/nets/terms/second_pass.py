"""Another forward pass in a training step, for terms that compare two answers of the net."""

from __future__ import annotations

from torch import Tensor

from ..evaluation.batch_stats import freeze_batch_stats
from ..regulariser import Run

__all__ = ["again"]


def again(run: Run, X: Tensor) -> Tensor:
    """Return the net's outputs for ``X`` as it trains, with random numbers of its own.

    Called in phase "loss", inside the contexts of the forward pass: dropout and noise draw anew, and norm statistics
    are those of the first pass alone, so that a step counts once.

    Examples
    --------
    >>> import torch
    >>> from regularfit.nets import Run
    >>> model = torch.nn.Linear(2, 1)
    >>> run = Run(model, torch.optim.SGD(model.parameters(), lr=0.1))
    >>> again(run, torch.zeros(3, 2)).shape, run.draw
    (torch.Size([3, 1]), 0)
    """
    before = run.draw
    run.draw = before + 1
    try:
        with freeze_batch_stats(run.model):
            return run.model(X)
    finally:
        run.draw = before

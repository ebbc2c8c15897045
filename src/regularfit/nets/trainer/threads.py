"""How many threads a training is worth: small nets wait for one another's threads longer than they compute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

__all__ = ["worthwhile_threads"]

# Multiply-adds of a forward pass below which one thread is as fast as several on a quiet machine. On one that is busy
# with other work, threads that wait for a delayed one made steps of small nets 5 to 13 times as long.
SMALL = 2**24


@contextmanager
def worthwhile_threads(model: nn.Module, rows: int) -> Iterator[None]:
    """Train a small net on one thread, and leave torch's number of threads as it was.

    Only nets whose work is known from their weights count as small: every weight of a linear layer is used once a row.
    Their results do not depend on the number of cores then, either.

    Parameters
    ----------
    model : the net.
    rows : of a batch.
    """
    before = torch.get_num_threads()
    if before == 1 or not _is_small(model, rows):
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _is_small(model: nn.Module, rows: int) -> bool:
    work = 0
    for module in model.modules():
        own = sum(p.numel() for p in module.parameters(recurse=False))
        if isinstance(module, nn.Linear):
            if module.weight.device.type != "cpu":
                return False
            work += rows * module.weight.numel()
        elif own and not isinstance(module, _CHEAP):
            return False
    return work < SMALL


# Their work is that of the layers around them, at most.
_CHEAP = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.Embedding, nn.EmbeddingBag)

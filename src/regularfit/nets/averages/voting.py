"""Several sets of weights of one net that predict together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from ..evaluation.kept import Kept

__all__ = ["members_of", "pooled", "voted"]


def voted(model: nn.Module, members: Sequence[Kept], task: str, call: Callable[[], Tensor]) -> Tensor:
    """Return the members' mean prediction; the model has its own weights again afterwards.

    Parameters
    ----------
    model : whose weights the members are.
    members : its weights at several moments; where there are none, its present weights predict.
    task : "classification" or "regression".
    call : computes the model's raw outputs, with the weights that it holds then: ``lambda: model(X)``.
    """
    if not members:
        return call()
    own = Kept(model)
    own.take()
    outputs: list[Tensor] = []
    try:
        for member in members:
            member.put()
            outputs.append(call())
    finally:
        own.put()
    return pooled(torch.stack(outputs), task)


def members_of(model: nn.Module, states: Iterable[Mapping[str, Tensor]]) -> tuple[Kept, ...]:
    """Return members from what their ``state_dict()`` gave."""
    members: list[Kept] = []
    for state in states:
        members.append(Kept(model))
        members[-1].load_state_dict(state)
    return tuple(members)


def pooled(outputs: Tensor, task: str) -> Tensor:
    """Return the mean of several nets' outputs, (nets, n, ...): of values, or of probabilities as their logarithms.

    >>> two = torch.tensor([[[0.0, 0.0]], [[0.0, 100.0]]])
    >>> pooled(two, "classification").softmax(-1)
    tensor([[0.2500, 0.7500]])
    """
    if task == "regression":
        return outputs.mean(0)
    if outputs.shape[-1] == 1 or outputs.dim() == 2:  # one logit a row
        yes = nn.functional.logsigmoid(outputs).logsumexp(0)
        return yes - nn.functional.logsigmoid(-outputs).logsumexp(0)
    return outputs.log_softmax(-1).logsumexp(0) - math.log(len(outputs))

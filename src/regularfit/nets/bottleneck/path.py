"""What a net gains and loses as its bottleneck gets narrower: a table over beta."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..evaluation.modes import evaluating
from ..losses import net_loss
from ..regulariser import Batch
from ..trainer import Trainer
from .lanes import beta_nets, check_betas
from .layer import Bottleneck, gaussian_nats
from .vib import VIB

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["beta_path", "code_nats"]


def beta_path(
    fit: Trainer | Callable[[VIB], nn.Module],
    betas: Sequence[float],
    X: Tensor,
    y: Tensor,
    *,
    train: tuple[Any, ...] | None = None,
    vib: VIB | None = None,
) -> pd.DataFrame:
    """Return, for every beta, what the code tells and how good the net is: the information plane as a table.

    Parameters
    ----------
    fit : a :class:`~regularfit.nets.Trainer` that has not trained: all betas are then lanes of one batched net, see
        :func:`~regularfit.nets.beta_nets`. For nets that lanes cannot do, a function of a :class:`VIB` to a new net
        that was trained with it, from the same start each time; it is called once a beta.
    betas : the prices, each >= 0.
    X, y : rows that were not trained on, and their classes.
    train : with a Trainer the training rows, (X, y) or (X, y, weight).
    vib : with a function the other settings, ``VIB()`` by default; a Trainer has them in its list.

    Returns
    -------
    A frame, one row a beta, in the order given: ``beta``; ``nats``, the bound on I(Z; X) in nats per example;
    ``loss``, the mean cross entropy in nats with the mean code; ``told``, the entropy of the labels less that loss, a
    bound on I(Z; Y) from below; ``accuracy``.

    Raises
    ------
    InputError
        If there is no beta, one is negative, a net comes back without a bottleneck, or training rows are missing.
    UnsupportedError
        If lanes cannot do what the Trainer has.
    """
    import pandas as pd

    prices = check_betas(betas)
    if isinstance(fit, Trainer):
        if train is None or vib is not None:
            raise InputError(
                "beta_path of a Trainer needs train=(X, y), and has its VIB in the Trainer's list."
            )
        inputs, classes, *weight = train
        nets = beta_nets(fit, prices, inputs, classes, sample_weight=weight[0] if weight else None)
    else:
        if train is not None:
            raise InputError(
                "beta_path of a function knows no training rows; leave train out, or give a Trainer."
            )
        nets = [fit(replace(vib or VIB(), beta=beta)) for beta in prices]
    rows = [{"beta": beta} | _scores(net, X, y) for beta, net in zip(prices, nets, strict=True)]
    return pd.DataFrame(rows)


def code_nats(model: nn.Module, X: Tensor) -> float:
    """Return the mean KL of the codes of rows in nats per example: a bound on I(Z; X) from above."""
    layers = [module for module in model.modules() if isinstance(module, Bottleneck)]
    if not layers:
        raise InputError("The net has no Bottleneck layer; give VIB(...).insert(model), trained.")
    told: list[Tensor] = []

    def listen(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, Bottleneck)
        told.append(gaussian_nats(*layer.encode(inputs[0])))

    handles = [layer.register_forward_pre_hook(listen) for layer in layers]
    try:
        with evaluating(model), torch.no_grad():
            model(X)
    finally:
        for handle in handles:
            handle.remove()
    return float(torch.stack(told).sum(0).mean())


def _scores(model: nn.Module, X: Tensor, y: Tensor) -> dict[str, float]:
    with evaluating(model), torch.no_grad():
        outputs = model(X)
    loss = float(net_loss("cross_entropy", y)(outputs, Batch(X, y, torch.arange(len(y)))))
    shares = torch.bincount(y).double() / len(y)
    entropy = float(-torch.special.xlogy(shares, shares).sum())
    return {
        "nats": code_nats(model, X),
        "loss": loss,
        "told": entropy - loss,
        "accuracy": float((outputs.argmax(1) == y).double().mean()),
    }

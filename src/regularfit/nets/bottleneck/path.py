"""What a net gains and loses as its bottleneck gets narrower: a table over beta."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ...errors import InputError
from .._settings import check_not_negative
from ..evaluation.modes import evaluating
from ..losses import net_loss
from ..regulariser import Batch
from .layer import Bottleneck, gaussian_nats
from .vib import VIB

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["beta_path", "code_nats"]


def beta_path(
    fit: Callable[[VIB], nn.Module], betas: Sequence[float], X: Tensor, y: Tensor, *, vib: VIB | None = None
) -> pd.DataFrame:
    """Return, for every beta, what the code tells and how good the net is: the information plane as a table.

    Parameters
    ----------
    fit : of a :class:`VIB` to a new net that was trained with it, from the same start each time.
    betas : the prices, each >= 0.
    X, y : rows that were not trained on, and their classes.
    vib : the other settings; ``VIB()`` by default.

    Returns
    -------
    A frame, one row a beta, in the order given: ``beta``; ``nats``, the bound on I(Z; X) in nats per example;
    ``loss``, the mean cross entropy in nats with the mean code; ``told``, the entropy of the labels less that loss, a
    bound on I(Z; Y) from below; ``accuracy``.

    Raises
    ------
    InputError
        If there is no beta, one is negative, or a net comes back without a bottleneck.
    """
    import pandas as pd

    if len(betas) == 0:
        raise InputError("beta_path: betas is empty; give some, such as [1e-4, 1e-3, 1e-2].")
    for beta in betas:
        check_not_negative(beta, "beta_path(betas)")
    settings = vib or VIB()
    return pd.DataFrame([{"beta": b} | _scores(fit(replace(settings, beta=b)), X, y) for b in betas])


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

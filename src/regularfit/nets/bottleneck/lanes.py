"""Nets of many prices as lanes of one: trained together by the Trainer, each as it would be alone."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ...errors import InputError, UnsupportedError
from ...penalties import L1, L2, ElasticNet
from .._settings import check_not_negative
from ..averages.ema import EMA
from ..evaluation.modes import evaluating
from ..losses import NetLoss, net_loss
from ..parameters.decay import WeightDecay
from ..parameters.penalise import Penalise
from ..regulariser import Active, Batch, Regulariser, Run
from ..terms.divergence import weighted_mean
from ..trainer import Trainer
from ..trainer.data import check_classes, inputs_of
from .stacked import LaneNet
from .vib import VIB, Pricing

__all__ = ["beta_nets"]


def beta_nets(
    trainer: Trainer, betas: Sequence[float], X: Any, y: Any, *, sample_weight: Any = None
) -> list[nn.Module]:
    """Return a net for every price of its code, trained as lanes of one batched net.

    A lane is the net that ``trainer`` would train with ``VIB(beta)`` in its list: the same initial weights, batches
    and noise, the same steps. A step of all lanes has the calls of one net, so that small nets gain most. The trainer
    and its model are left as they are. Prefer a loop over ``Trainer.fit`` for nets with convolutions or batch norm,
    and to stop early.

    Parameters
    ----------
    trainer : not trained; its model is ``nn.Sequential`` of linear layers, activations and ``nn.Flatten``, with or
        without a Bottleneck. A ``VIB`` in its list gives ``dim`` and ``warmup``. Of the others lanes can do
        ``WeightDecay``, ``L1``, ``L2``, ``ElasticNet`` (on "weights"), ``EMA`` and what changes rows alone (mixing,
        noise, augmentation).
    betas : the prices, each >= 0.
    X, y : training rows and their classes.
    sample_weight : (n,) numbers >= 0, or None.

    Raises
    ------
    InputError
        If there is no beta, one is negative, or the rows cannot be used.
    UnsupportedError
        For layers, optimisers and regularisers that lanes cannot do.
    FitError
        If the loss of any lane becomes NaN or infinite.

    Examples
    --------
    >>> X = torch.linspace(-1, 1, 40).reshape(-1, 1)
    >>> trainer = Trainer(nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 2)), [VIB(dim=2)], steps=5)
    >>> len(beta_nets(trainer, [0.0, 1e-2, 1.0], X, (X[:, 0] > 0).long()))
    3
    """
    prices = check_betas(betas)
    settings = trainer.settings
    if not isinstance(settings.optimizer, str) or settings.precision != "float32":
        raise UnsupportedError('Lanes need optimizer="adamw", "adam" or "sgd", and precision="float32".')
    vib = next((r for r in trainer.regularisers if isinstance(r, VIB)), VIB())
    others = [r for r in trainer.regularisers if not isinstance(r, VIB)]
    for regulariser in others:
        _check(regulariser)
    net = vib.insert(copy.deepcopy(trainer.model), settings.seed)
    lanes = LaneNet(net, len(prices))
    loss = _lane_loss(settings.loss, net, X, y, len(prices))
    together = Trainer(lanes, [_LanePrices(prices, vib), *others])
    together.settings = replace(settings, loss=loss, metrics=(), check_eval=False)
    together.fit(X, y, sample_weight=sample_weight)
    return [lanes.put(k, copy.deepcopy(net)).eval() for k in range(len(prices))]


def check_betas(betas: Sequence[float]) -> tuple[float, ...]:
    """Return prices as floats.

    Raises
    ------
    InputError
        If there is none, or one is negative.
    """
    if len(betas) == 0:
        raise InputError("beta_path: betas is empty; give some, such as [1e-4, 1e-3, 1e-2].")
    return tuple(check_not_negative(beta, "beta_path(betas)") for beta in betas)


def _check(regulariser: Regulariser) -> None:
    """Refuse what looks at a whole net at once, which here is all lanes."""
    weights = getattr(regulariser, "on", None) == "weights"
    simple = isinstance(regulariser, Penalise) and isinstance(regulariser.penalty, (L1, L2, ElasticNet))
    if weights and (simple or isinstance(regulariser, WeightDecay)):
        return
    if isinstance(regulariser, EMA) or set(regulariser.phases) <= {"data", "batch"}:
        return
    raise UnsupportedError(
        f"Lanes of a path over beta cannot do {regulariser!r}; give beta_path a function that trains one net for a VIB."
    )


def _lane_loss(loss: Any, net: nn.Module, X: Any, y: Any, lanes: int) -> Any:
    """Return the sum of the lanes' losses for every row."""
    targets = torch.as_tensor(y)
    one: NetLoss = net_loss(loss, targets)
    if one.task != "classification":
        raise UnsupportedError("A path over beta is one of a classification; y must hold whole numbers.")
    with evaluating(net), torch.no_grad():
        check_classes(targets, net(inputs_of(X, net)[:1].to(next(net.parameters()).device)).shape[1])

    def of_all(outputs: Tensor, y: Tensor) -> Tensor:
        each = one.rows(outputs.reshape(len(y) * lanes, -1), y.repeat_interleave(lanes))
        return each.view(len(y), lanes).sum(1)

    return of_all


@dataclass(frozen=True)
class _LanePrices(Regulariser):
    """A price for every lane."""

    phases: ClassVar[tuple[str, ...]] = ("forward", "loss")

    betas: tuple[float, ...]
    vib: VIB

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _LanePricing(run, self.vib, self.betas)


class _LanePricing(Pricing):
    """Adds the sum of what the lanes pay; each gradient then has its own price."""

    def __init__(self, run: Run, vib: VIB, betas: tuple[float, ...]) -> None:
        super().__init__(run, vib)
        self.betas = torch.tensor(betas, device=run.device)

    def price(self, told: Tensor, batch: Batch) -> Tensor:
        """Return what the lanes pay for their nats, (lanes, rows)."""
        means = (
            told.mean(1)
            if batch.weight is None
            else torch.stack([weighted_mean(t, batch.weight) for t in told])
        )
        self.nats = means.detach().mean()
        warm = replace(self.settings, beta=1.0).beta_at(self.run.progress)
        return warm * (self.betas * means).sum()

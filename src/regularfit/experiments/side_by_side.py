"""Perceptrons side by side: one module that holds several nets, each with rows of its own, for one run of a Trainer.

nets.lockstep is the way to train lanes; this is for what it cannot do (plain SGD, ghost batches, decay of biases). The
nets see nothing of each other, and the loss is the sum of theirs, so each has the gradient it would have alone; as
optimisers and decay act number by number, each is also stepped as it would be alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..nets import GhostBatchNorm, Trainer
from .draws import Pairs

__all__ = ["SideBySide", "judged", "sharpness", "train"]


class SideBySide(nn.Module):
    """Equal perceptrons as one module of (b, nets, d) to (b, nets * C).

    Parameters
    ----------
    nets : sequences of linear layers, ReLU, batch norm and layer norm; their weights are copied.
    ghost : rows of a ghost batch, in place of batch norm's whole one.
    """

    def __init__(self, nets: Sequence[nn.Module], ghost: int | None = None) -> None:
        """Put the layers of all nets together."""
        super().__init__()
        self.layers = nn.Sequential(
            *(_joined(list(layers), ghost) for layers in zip(*(net.children() for net in nets), strict=True))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs, those of a net beside one another."""
        return self.layers(x.transpose(0, 1)).transpose(0, 1).flatten(1)


def train(
    net: nn.Module, X: Any, y: np.ndarray, drawn: Pairs, regularisers: Sequence[Any] = (), **how: Any
) -> Trainer:
    """Train nets, each on the training rows of one draw, as many for all; ``how`` goes to the Trainer."""
    rows = np.array([rows for rows, _ in drawn]).T
    inputs = torch.as_tensor(X, dtype=torch.float32)[rows]
    shares = F.one_hot(torch.as_tensor(y[rows]), int(y.max()) + 1)  # a row has a class for every net
    settings = {"verbose": None, "check_eval": False, "evaluate_every": 1e9, **how}
    return Trainer(net, regularisers, loss=_Sum(len(drawn)), **settings).fit(
        inputs, shares.flatten(1).float()
    )


@torch.no_grad()
def judged(net: nn.Module, X: Any, y: np.ndarray, drawn: Pairs) -> dict[str, np.ndarray]:
    """Return log-losses and errors of every net on its training rows and on its test rows, (nets,) each."""
    net.eval()
    found: dict[str, np.ndarray] = {}
    for part, name in enumerate(("train", "test")):
        rows = np.array([pair[part] for pair in drawn]).T
        labels = torch.as_tensor(y[rows])
        outputs = net(torch.as_tensor(X, dtype=torch.float32)[rows]).unflatten(1, (len(drawn), -1))
        losses = F.cross_entropy(outputs.flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape)
        found[name] = losses.double().mean(0).numpy()
        found[f"{name}_error"] = (outputs.argmax(-1) != labels).double().mean(0).numpy()
    return found


def sharpness(net: nn.Module, X: Any, y: np.ndarray, drawn: Pairs, iterations: int = 30) -> np.ndarray:
    """Return the largest eigenvalue of the Hessian of every net's training loss, (nets,), by the power method.

    It is the largest in size; thirty rounds are good to about a per cent where the second is a tenth smaller.
    """
    rows = np.array([train for train, _ in drawn]).T
    outputs = net(torch.as_tensor(X, dtype=torch.float32)[rows]).unflatten(1, (len(drawn), -1))
    labels = torch.as_tensor(y[rows])
    loss = F.cross_entropy(outputs.flatten(0, 1), labels.flatten(), reduction="sum") / len(rows)
    weights = list(net.parameters())
    slopes = torch.autograd.grad(loss, weights, create_graph=True)
    numbers = torch.Generator().manual_seed(0)
    at = [torch.randn(weight.shape, generator=numbers) for weight in weights]
    size = torch.ones(len(drawn))
    for _ in range(iterations):
        at = [part / size.view(-1, *[1] * (part.ndim - 1)) for part in at]
        at = list(torch.autograd.grad(slopes, weights, at, retain_graph=True))
        size = torch.stack([part.flatten(1).square().sum(1) for part in at]).sum(0).sqrt()
    return size.double().numpy()


@dataclass(frozen=True)
class _Sum:
    """The sum of the nets' cross entropies."""

    nets: int

    def __call__(self, outputs: Tensor, shares: Tensor) -> Tensor:
        logs = outputs.unflatten(1, (self.nets, -1)).log_softmax(-1)
        return -(logs * shares.view(logs.shape)).sum((1, 2))


def _joined(layers: list[nn.Module], ghost: int | None) -> nn.Module:
    first = layers[0]
    if isinstance(first, nn.Linear):
        return _Linears(layers)
    if isinstance(first, nn.BatchNorm1d):
        return _BatchNorms(len(layers) * first.num_features, ghost)
    if isinstance(first, nn.LayerNorm):
        return _LayerNorms(len(layers), first.normalized_shape[0])
    if isinstance(first, nn.ReLU):
        return first
    raise TypeError(f"{type(first).__name__} cannot be put side by side.")


class _Linears(nn.Module):
    regularfit_roles: ClassVar[dict[str, str]] = {"weight": "weight", "bias": "bias"}
    bias: nn.Parameter | None

    def __init__(self, layers: list[Any]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))
        has = layers[0].bias is not None
        bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers])) if has else None
        self.register_parameter("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.bias is None:
            return torch.bmm(x, self.weight.mT)
        return torch.baddbmm(self.bias.unsqueeze(1), x, self.weight.mT)


class _BatchNorms(nn.Module):
    def __init__(self, units: int, ghost: int | None) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(units) if ghost is None else GhostBatchNorm(units, ghost)

    def forward(self, x: Tensor) -> Tensor:
        nets, rows, units = x.shape
        flat = x.transpose(0, 1).reshape(rows, nets * units)
        return self.norm(flat).view(rows, nets, units).transpose(0, 1)


class _LayerNorms(nn.Module):
    regularfit_roles: ClassVar[dict[str, str]] = {"gain": "norm", "shift": "norm"}

    def __init__(self, nets: int, units: int) -> None:
        super().__init__()
        self.gain, self.shift = (
            nn.Parameter(torch.ones(nets, 1, units)),
            nn.Parameter(torch.zeros(nets, 1, units)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:]) * self.gain + self.shift

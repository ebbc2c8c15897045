"""Copies of one net with a bottleneck as lanes of one batched model: every layer holds the weights of all of them.

Inside, values are (lanes, rows, units). The lanes see the same rows and the same noise, and nothing of each other, so
the gradient of the sum of their losses is for each lane its own.
"""

from __future__ import annotations

import copy
from typing import ClassVar

import torch
from torch import Tensor, nn

from ...errors import UnsupportedError
from .layer import Bottleneck, gaussian_nats

__all__ = ["LaneBottleneck", "LaneNet"]

_BY_ELEMENT = (
    nn.Identity, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Hardtanh
)  # fmt: skip


class LaneNet(nn.Module):
    """As many copies of a net as there are lanes, with the same names of parameters, each (lanes, ...).

    Parameters
    ----------
    net : ``nn.Sequential``, also nested, of ``nn.Linear``, activations, a first ``nn.Flatten`` and a Bottleneck; left
        as it is.
    lanes : how many, >= 1.

    Raises
    ------
    UnsupportedError
        If the net has a layer of another kind.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), Bottleneck(4, 1), nn.Linear(1, 2))
    >>> lanes = LaneNet(net, 5)
    >>> lanes(torch.ones(7, 3)).shape, lanes.get_parameter("net.0.weight").shape
    (torch.Size([7, 10]), torch.Size([5, 4, 3]))
    """

    def __init__(self, net: nn.Module, lanes: int) -> None:
        """Copy the weights to every lane."""
        super().__init__()
        self.lanes, self.net = lanes, _Stacking(lanes).of(copy.deepcopy(net))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all lanes, (rows, lanes * outputs): those of a row behind each other."""
        out: Tensor = self.net(x)
        return out.transpose(0, 1).flatten(1)

    @torch.no_grad()
    def put(self, lane: int, net: nn.Module) -> nn.Module:
        """Write the weights of a lane into a net of the same kind, and return it."""
        own = dict(self.net.named_parameters())
        for name, parameter in net.named_parameters():
            parameter.copy_(own[name][lane])
        return net


class _Stacking:
    """Puts layers of all lanes in place of a net's, in the order in which they work."""

    def __init__(self, lanes: int) -> None:
        self.lanes, self.inside = lanes, False  # inside: behind the first linear layer

    def of(self, module: nn.Module) -> nn.Module:
        """Return what stands for a module; containers are changed in place, so that names stay."""
        if type(module) is nn.Sequential:
            for name, child in module.named_children():
                setattr(module, name, self.of(child))
            return module
        if type(module) is nn.Flatten and (module.start_dim, module.end_dim) == (1, -1):
            return nn.Identity() if self.inside else module  # inside every row is flat
        if type(module) in _BY_ELEMENT:
            return module
        if type(module) not in (nn.Linear, Bottleneck):
            raise UnsupportedError(
                "Nets as lanes are made of nn.Sequential, nn.Linear, activations, nn.Flatten and Bottleneck; this one "
                f"has {type(module).__name__}. Give beta_path a function that trains one net for a VIB."
            )
        first, self.inside = not self.inside, True
        if isinstance(module, Bottleneck):
            return LaneBottleneck(module, self.lanes, first)
        assert isinstance(module, nn.Linear)
        return _LaneLinear(module, self.lanes, first)


class _LaneLinear(nn.Module):
    """Linear layers of all lanes; the first reads rows that all lanes share."""

    regularfit_roles: ClassVar[dict[str, str]] = {"weight": "weight", "bias": "bias"}
    bias: nn.Parameter | None

    def __init__(self, layer: nn.Linear, lanes: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.weight = nn.Parameter(layer.weight.detach().repeat(lanes, 1, 1))
        bias = None if layer.bias is None else nn.Parameter(layer.bias.detach().repeat(lanes, 1))
        self.register_parameter("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.first:
            if x.ndim != 2:
                raise UnsupportedError(
                    f"Lanes need rows of numbers; the first linear layer gets shape {tuple(x.shape)}. Put nn.Flatten() "
                    "before it."
                )
            x = x.expand(len(self.weight), *x.shape)
        if self.bias is None:
            return torch.bmm(x, self.weight.mT)
        return torch.baddbmm(self.bias.unsqueeze(1), x, self.weight.mT)


class LaneBottleneck(Bottleneck):
    """The codes of all lanes, with the same noise; ``nats`` is (lanes, rows)."""

    def __init__(self, layer: Bottleneck, lanes: int, first: bool) -> None:
        """Copy the encoder to every lane."""
        super().__init__(layer.encoder.in_features, layer.size, layer.seed)
        self.encoder = _LaneLinear(layer.encoder, lanes, first)  # pyright: ignore[reportAttributeAccessIssue]

    def forward(self, x: Tensor) -> Tensor:
        """Return the codes, (lanes, rows, size): samples in training mode, else their means."""
        mean, sd = self.encode(x)
        if not self.training:
            return mean.to(x.dtype)
        self.nats = gaussian_nats(mean.flatten(0, 1), sd.flatten(0, 1)).view(mean.shape[:2])
        return (mean + sd * self._next().normal(*mean.shape[1:], device=mean.device)).to(x.dtype)

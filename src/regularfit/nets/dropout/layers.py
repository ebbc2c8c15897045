"""Dropout as layers for a model of your own: no run needed, random numbers by counter, nothing in eval mode."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..randomness import Stream
from .alpha import drop_to_floor
from .gaussian import multiply_by_noise
from .masks import check_rate, drop
from .spatial import drop_channels
from .stochastic_depth import drop_rows
from .variational import divergence

__all__ = [
    "AlphaDropout",
    "DropConnectLinear",
    "Dropout",
    "GaussianDropout",
    "SpatialDropout",
    "StochasticDepth",
    "VariationalDropout",
]


class OwnStream(nn.Module):
    """A layer with random numbers of its own: a seed, and how often it has drawn. Both are in the state dict.

    The seed comes from torch's generator when the layer is made, as initial weights do, so ``torch.manual_seed`` before
    the model makes everything reproducible; later draws neither read nor move that generator.
    """

    def __init__(self, seed: int | None = None) -> None:
        """Take a seed."""
        super().__init__()
        self.seed = int(torch.randint(2**62, ()).item()) if seed is None else int(seed)
        self.draws = 0

    def next(self) -> Stream:
        """Return the numbers of the next pass."""
        self.draws += 1
        return Stream.of(self.seed, "layer").at(self.draws)

    def get_extra_state(self) -> Tensor:
        """Return seed and count."""
        return torch.tensor([self.seed, self.draws])

    def set_extra_state(self, state: Tensor) -> None:
        """Take up seed and count."""
        self.seed, self.draws = (int(value) for value in state)

    def _load_from_state_dict(self, state_dict: Any, prefix: Any, *args: Any, **kwargs: Any) -> None:
        """Load weights of a net that had torch's dropout here, too."""
        state_dict.setdefault(prefix + "_extra_state", self.get_extra_state())
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


class _Rated(OwnStream):
    """A layer with a rate."""

    def __init__(self, p: float = 0.5, *, seed: int | None = None) -> None:
        """Check the rate."""
        super().__init__(seed)
        self.p = check_rate(p, f"{type(self).__name__}(p)")

    def change(self, x: Tensor, stream: Stream) -> Tensor:
        """Return the changed input."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Return the changed input while training, the input itself in eval mode."""
        return self.change(x, self.next()) if self.training and self.p > 0 else x

    def extra_repr(self) -> str:
        """Show the rate."""
        return f"p={self.p}"


class Dropout(_Rated):
    """Sets units to zero with probability p (a multiple of 1/256) while training and scales the others up.

    As :class:`torch.nn.Dropout`, for a fraction of its cost on a CPU.

    Parameters
    ----------
    p : the rate, 0 to 0.998.
    seed : of its random numbers; taken from torch's generator by default.

    Examples
    --------
    >>> layer = Dropout(0.5, seed=0)
    >>> sorted({float(value) for value in layer(torch.ones(20))}), layer.eval()(torch.ones(2)).tolist()
    ([0.0, 2.0], [1.0, 1.0])
    """

    def change(self, x: Tensor, stream: Stream) -> Tensor:
        """Return the changed input."""
        return drop(x, stream, self.p)


class SpatialDropout(_Rated):
    """Sets whole channels (axis 1) to zero with probability p while training and scales the others up."""

    def change(self, x: Tensor, stream: Stream) -> Tensor:
        """Return the changed input."""
        return drop_channels(x, stream, self.p)


class GaussianDropout(_Rated):
    """Multiplies units by normal noise with mean 1 and variance p / (1 - p) while training."""

    def change(self, x: Tensor, stream: Stream) -> Tensor:
        """Return the changed input."""
        return multiply_by_noise(x, stream, self.p / (1 - self.p))


class AlphaDropout(_Rated):
    """Sets units to the floor of SELU with probability p while training; keeps mean 0 and variance 1."""

    def change(self, x: Tensor, stream: Stream) -> Tensor:
        """Return the changed input."""
        return drop_to_floor(x, stream, self.p)


class StochasticDepth(_Rated):
    """Sets whole rows to zero with probability p while training: put it at the end of a residual branch."""

    def change(self, x: Tensor, stream: Stream) -> Tensor:
        """Return the changed input."""
        return drop_rows(x, stream, self.p)


class VariationalDropout(OwnStream):
    """Multiplies units by normal noise of a learned variance; add ``strength / n * layer.kl()`` to the mean loss.

    Parameters
    ----------
    features : units (the last axis) for a variance each; 1 for one in common.
    p : the rate at the start, above 0 and at most 0.5.
    seed : of its random numbers.

    Examples
    --------
    >>> layer = VariationalDropout(8, p=0.5)
    >>> layer.kl().item() == 0  # the most noise costs nothing
    True
    """

    def __init__(self, features: int = 1, p: float = 0.2, *, seed: int | None = None) -> None:
        """Make the variances."""
        super().__init__(seed)
        if not 0 < p <= 0.5:
            raise InputError(f"VariationalDropout(p) must be above 0 and at most 0.5; {p:g} was given.")
        self.log_alpha = nn.Parameter(torch.full((features,), p / (1 - p)).log())

    def forward(self, x: Tensor) -> Tensor:
        """Return the input times noise while training, the input itself in eval mode."""
        if not self.training:
            return x
        return multiply_by_noise(x, self.next(), self.log_alpha.clamp(max=0.0).exp().to(x.dtype))

    def kl(self) -> Tensor:
        """Return the divergence from the prior in nats, the sum over the variances."""
        return divergence(self.log_alpha.clamp(max=0.0)).sum()


class DropConnectLinear(nn.Linear):
    """A linear layer whose weights are dropped with probability p while training: one mask a pass.

    Parameters
    ----------
    in_features, out_features, bias, device, dtype : as :class:`torch.nn.Linear`.
    p : the rate, 0 to 0.998.
    seed : of its random numbers.

    Examples
    --------
    >>> layer = DropConnectLinear(3, 2, p=0.5, seed=0)
    >>> bool((layer.eval()(torch.ones(1, 3)) == nn.functional.linear(torch.ones(1, 3), layer.weight, layer.bias)).all())
    True
    """

    def __init__(
        self, in_features: int, out_features: int, p: float = 0.5, *, seed: int | None = None, **settings: Any
    ) -> None:
        """Make the layer."""
        super().__init__(in_features, out_features, **settings)
        self.p = check_rate(p, "DropConnectLinear(p)")
        self.numbers = OwnStream(seed)

    def forward(self, input: Tensor) -> Tensor:
        """Return the layer's output."""
        if not self.training or self.p == 0:
            return super().forward(input)
        return nn.functional.linear(input, drop(self.weight, self.numbers.next(), self.p), self.bias)

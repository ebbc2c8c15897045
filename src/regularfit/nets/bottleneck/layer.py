"""The layer: a noisy code of few numbers, and how many nats it tells."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .._settings import check_count
from ..randomness import Stream

__all__ = ["Bottleneck", "gaussian_nats"]

_SHIFT = 5.0  # softplus(-5) = 0.0067: a code that begins almost without noise, as in the paper
_LEAST = 1e-6


def gaussian_nats(mean: Tensor, sd: Tensor) -> Tensor:
    r"""Return KL(N(mean, sd^2) || N(0, 1)) of every row in nats: summed over the code, (b,), not averaged.

    .. math:: \sum_j \tfrac12 (\mu_j^2 + \sigma_j^2 - 1) - \log \sigma_j

    Examples
    --------
    >>> gaussian_nats(torch.tensor([[1.0, 2.0]]), torch.ones(1, 2))
    tensor([2.5000])
    """
    return (0.5 * (mean.square() + sd.square() - 1.0) - sd.log()).flatten(1).sum(1)


class Bottleneck(nn.Module):
    r"""A code z ~ N(mu(x), sigma(x)^2) of ``size`` numbers: sampled in training, its mean at predict.

    .. math:: (\mu, \rho) = W x + b, \qquad \sigma = \mathrm{softplus}(\rho - 5) + 10^{-6}

    After a pass in training mode, ``nats`` holds KL(N(mu, sigma^2) || N(0, 1)) of every row with its graph. Its mean
    bounds the information I(Z; X) from above. In a loop of your own the objective is
    ``cross_entropy(model(X), y) + beta * layer.nats.mean()``: beta weighs nats per example against the MEAN loss.

    Parameters
    ----------
    inputs : numbers that come in, >= 1.
    size : numbers of the code, >= 1.
    seed : of the noise in a loop of your own; in a run it is the run's.

    Raises
    ------
    InputError
        If a number is not whole and positive.

    Examples
    --------
    >>> layer = Bottleneck(8, 2).eval()
    >>> X = torch.ones(3, 8)
    >>> bool((layer(X) == layer(X)).all()), layer.train()(X).shape, layer.nats.shape
    (True, torch.Size([3, 2]), torch.Size([3]))

    References
    ----------
    Alemi, A. A., Fischer, I., Dillon, J. V. and Murphy, K. (2017). Deep variational information bottleneck. ICLR.
    """

    draws: Tensor

    def __init__(self, inputs: int, size: int, seed: int = 0) -> None:
        """Make the encoder."""
        super().__init__()
        self.size, self.seed = check_count(size, "Bottleneck(size)"), seed
        self.encoder = nn.Linear(check_count(inputs, "Bottleneck(inputs)"), 2 * self.size)
        self.register_buffer("draws", torch.zeros((), dtype=torch.int64))  # so that a resumed loop goes on
        self.stream: Stream | None = None  # of a run, while it trains
        self.sampling = False  # also in evaluation mode
        self.nats: Tensor | None = None

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the standard deviation of the code, each (b, size)."""
        mean, rho = self.encoder(x).float().chunk(2, dim=-1)
        return mean, F.softplus(rho - _SHIFT) + _LEAST

    def forward(self, x: Tensor) -> Tensor:
        """Return the code: a sample in training mode, else its mean."""
        mean, sd = self.encode(x)
        if self.training:
            self.nats = gaussian_nats(mean, sd)
        if not (self.training or self.sampling):
            return mean.to(x.dtype)
        noise = self._next().normal(*mean.shape, device=mean.device)
        return (mean + sd * noise).to(x.dtype)

    def _next(self) -> Stream:
        if self.stream is not None:
            return self.stream
        self.draws += 1
        return Stream.of(self.seed, "bottleneck").at(int(self.draws))

    def __getstate__(self) -> dict[str, Any]:
        """Leave the graph of the last pass behind, so that a net can be copied after a step."""
        return self.__dict__ | {"nats": None}

    def extra_repr(self) -> str:
        """Return the size of the code."""
        return f"size={self.size}"

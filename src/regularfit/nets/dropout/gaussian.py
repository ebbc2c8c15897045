"""Gaussian dropout: units multiplied by normal noise around 1."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn

from ..randomness import Stream
from .dropout import Dropping

__all__ = ["GaussianDropout", "multiply_by_noise"]


def multiply_by_noise(x: Tensor, stream: Stream, variance: float | Tensor) -> Tensor:
    """Return x times normal numbers with mean 1 and a variance (a number, or a tensor that fits x)."""
    lanes = stream.keys.ndim
    noise = stream.normal(*x.shape[lanes:], device=x.device).to(x.dtype)
    root = variance.sqrt() if isinstance(variance, Tensor) else math.sqrt(variance)
    return x * (1 + root * noise)


@dataclass(frozen=True)
class GaussianDropout(Dropping):
    r"""Multiply each input of a layer by normal noise with the mean and the variance of dropout's.

    .. math:: x' = \xi x, \qquad \xi \sim N(1, p / (1 - p))

    No unit is ever lost, so gradients flow through all of them in every step. Prefer it to :class:`Dropout` in
    narrow layers, where every unit counts; it costs several times as much, since normal numbers do.

    Parameters
    ----------
    p : the rate whose noise is matched, 0 to 0.998 (not rounded).
    input_p, shape, schedule : see :class:`Dropout`.

    Raises
    ------
    InputError
        If a rate is not in its range, or a name is unknown.

    Examples
    --------
    >>> GaussianDropout(0.5).p
    0.5

    References
    ----------
    Srivastava, N., Hinton, G., Krizhevsky, A., Sutskever, I. and Salakhutdinov, R. (2014). Dropout: a simple way to
    prevent neural networks from overfitting. JMLR 15, section 10.
    """

    def change(self, x: Tensor, stream: Stream, rate: float, layer: nn.Module) -> Tensor:
        """Return the input times noise."""
        return multiply_by_noise(x, stream, rate / (1 - rate))

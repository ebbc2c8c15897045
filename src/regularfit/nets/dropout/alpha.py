"""Alpha dropout: dropout that keeps mean and variance of normalised units, for SELU nets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn

from ..randomness import Stream
from .dropout import Dropping
from .masks import OCTETS, threshold

__all__ = ["AlphaDropout", "drop_to_floor"]

# The value of SELU at minus infinity: minus scale times alpha (Klambauer et al., 2017).
FLOOR = -1.0507009873554805 * 1.6732632423543772


def drop_to_floor(x: Tensor, stream: Stream, p: float) -> Tensor:
    """Return x with units set to SELU's floor at random, then scaled and shifted to mean 0 and variance 1.

    The rate is rounded to a multiple of 1/256.
    """
    cut = threshold(p)
    if cut == 0:
        return x
    rate = cut / OCTETS
    shape = x.shape[stream.keys.ndim :]
    keep = stream.octets(math.prod(shape), x.device).reshape(x.shape) >= cut
    # the mixture has mean rate * FLOOR and variance (1 - rate) * (1 + rate * FLOOR^2)
    scale = ((1 - rate) * (1 + rate * FLOOR**2)) ** -0.5
    return (x.where(keep, x.new_tensor(FLOOR)) - rate * FLOOR) * scale


@dataclass(frozen=True)
class AlphaDropout(Dropping):
    r"""Set units to the floor of SELU instead of zero, and restore mean 0 and variance 1.

    .. math:: x' = a \,(m x + (1 - m) f - p f), \qquad a = \left((1 - p)(1 + p f^2)\right)^{-1/2}, \quad f = -1.758

    Prefer it in nets that normalise themselves (SELU, LeCun's initial weights); anywhere else use :class:`Dropout`.

    Parameters
    ----------
    p : the largest rate on hidden units, 0 to 0.998; 0.05 to 0.1 is usual. Rounded to a multiple of 1/256.
    input_p, shape, schedule : see :class:`Dropout`.

    Raises
    ------
    InputError
        If a rate is not in its range, or a name is unknown.

    Examples
    --------
    >>> AlphaDropout().p
    0.05

    References
    ----------
    Klambauer, G., Unterthiner, T., Mayr, A. and Hochreiter, S. (2017). Self-normalizing neural networks. NeurIPS.
    """

    p: float = 0.05

    def change(self, x: Tensor, stream: Stream, rate: float, layer: nn.Module) -> Tensor:
        """Return the input with units at the floor."""
        return drop_to_floor(x, stream, rate)

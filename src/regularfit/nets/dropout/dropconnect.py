"""DropConnect: weights dropped instead of units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.utils import parametrize

from ...errors import UnsupportedError
from ..randomness import Stream
from ..regulariser import Run
from .at_layers import AtLayers, AtWeights, Rate, weight_layers
from .dropout import Dropping
from .masks import drop

__all__ = ["DropConnect"]


@dataclass(frozen=True)
class DropConnect(Dropping):
    r"""Drop single weights of a layer while training: one mask a step, shared by the rows of the batch.

    .. math:: W' = \frac{M}{1 - p} \odot W, \qquad M_{ij} \sim \mathrm{Bernoulli}(1 - p)

    The masks are drawn once a step, so its cost does not grow with the batch. Prefer it to :class:`Dropout` for
    small, wide layers and big batches. Biases are not touched; the parameters of the model stay where they are.

    Parameters
    ----------
    p : the largest rate on the weights of layers after the first, 0 to 0.998. Rounded to a multiple of 1/256.
    input_p : the rate on the weights of the first layer, 0 to 0.998.
    shape, schedule : see :class:`Dropout`.

    Raises
    ------
    InputError
        If a rate is not in its range, or a name is unknown.
    UnsupportedError
        At the start, if a layer's weight is parametrised (spectral norm, orthogonal), or none is there.

    Examples
    --------
    >>> DropConnect(0.3).rates(3)
    (0.0, 0.3, 0.3)

    References
    ----------
    Wan, L., Zeiler, M., Zhang, S., LeCun, Y. and Fergus, R. (2013). Regularization of neural networks using
    DropConnect. ICML.
    """

    place: ClassVar[str] = "weights"

    def active(self, run: Run, rate: Rate, in_eval: bool) -> AtLayers:
        """Return the hooks on weights."""
        for name, layer in weight_layers(run.model):
            if parametrize.is_parametrized(layer, "weight"):
                raise UnsupportedError(
                    f"DropConnect changes weights that are parameters; that of layer {name!r} is parametrised "
                    "(spectral or orthogonal constraint). Use Dropout."
                )
        return AtWeights(run, self.change, rate, in_eval=in_eval)

    def change(self, x: Tensor, stream: Stream, rate: float, layer: nn.Module) -> Tensor:
        """Return the weight with entries dropped."""
        return drop(x, stream, rate)

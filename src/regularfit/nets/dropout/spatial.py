"""Spatial dropout: whole channels between convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from ...errors import UnsupportedError
from ..randomness import Stream
from ..regulariser import Run
from .at_layers import CONVOLUTIONS, AtLayers, weight_layers
from .dropout import Dropping
from .masks import keep_factors, threshold

__all__ = ["SpatialDropout", "drop_channels"]


def drop_channels(x: Tensor, stream: Stream, p: float | Sequence[float] | np.ndarray) -> Tensor:
    """Return x, (b, c, ...), with whole channels of rows dropped and the others scaled so that the mean stays.

    >>> import torch
    >>> drop_channels(torch.ones(1, 4, 2), Stream.of(1, "dropout", 1), 0.5)[0].mean(1).unique()
    tensor([0., 2.])
    """
    if np.ndim(p) == 0 and threshold(float(p)) == 0:  # pyright: ignore[reportArgumentType]
        return x
    lanes = stream.keys.ndim
    factors = keep_factors(stream, x.shape[lanes : lanes + 2], p, x.dtype, x.device)
    return x * factors.reshape(*factors.shape, *[1] * (x.ndim - factors.ndim))


@dataclass(frozen=True)
class SpatialDropout(Dropping):
    r"""Drop whole channels of the inputs of convolutions: neighbouring pixels tell the same story, so all go.

    .. math:: x'_{c h w} = \frac{m_c}{1 - p} x_{c h w}, \qquad m_c \sim \mathrm{Bernoulli}(1 - p)

    Linear layers are left alone. Prefer it to :class:`Dropout` in nets of convolutions, where a dropped pixel is
    guessed from its neighbours; on tables use :class:`Dropout`.

    Parameters
    ----------
    p : the largest rate on hidden channels, 0 to 0.998; 0.05 to 0.3 is usual. Rounded to a multiple of 1/256.
    input_p : the rate on the channels of the images themselves, 0 to 0.998.
    shape, schedule : see :class:`Dropout`.

    Raises
    ------
    InputError
        If a rate is not in its range, or a name is unknown.
    UnsupportedError
        At the start, if the model has no convolution to act on.

    Examples
    --------
    >>> SpatialDropout(0.1).rates(3)
    (0.0, 0.1, 0.1)

    References
    ----------
    Tompson, J., Goroshin, R., Jain, A., LeCun, Y. and Bregler, C. (2015). Efficient object localization using
    convolutional networks. CVPR.
    """

    p: float = 0.1

    def start(self, run: Run, *, in_eval: bool = False) -> AtLayers:
        """Return what acts during one run; a model without convolutions is refused."""
        layers = [layer for _, layer in weight_layers(run.model)][0 if self.input_p else 1 :]
        if not any(isinstance(layer, CONVOLUTIONS) for layer in layers):
            raise UnsupportedError(
                "SpatialDropout drops channels on the way into convolutions after the first layer, and this model has "
                "none; use Dropout, or set input_p for the channels of the images."
            )
        return super().start(run, in_eval=in_eval)

    def change(self, x: Tensor, stream: Stream, rate: float, layer: nn.Module) -> Tensor:
        """Return the input with channels dropped, before a convolution."""
        return drop_channels(x, stream, rate) if isinstance(layer, CONVOLUTIONS) else x

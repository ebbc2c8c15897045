"""Small convolution nets for small images."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

__all__ = ["conv_net"]


def conv_net(
    channels: int, size: tuple[int, int], outputs: int, *, widths: Sequence[int] = (32, 64)
) -> nn.Sequential:
    """Return a net of 3 x 3 convolutions with batch norm and halving, mean pooling and a linear output.

    Parameters
    ----------
    channels : of the images, >= 1.
    size : height and width in pixels; each stage halves them while they are at least 2.
    outputs : numbers a row that come out.
    widths : channels of the stages, first to last.

    Examples
    --------
    >>> import torch
    >>> conv_net(1, (8, 8), 10)(torch.zeros(2, 1, 8, 8)).shape
    torch.Size([2, 10])
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    height, width = size
    before = channels
    for i, after in enumerate(widths):
        layers[f"conv{i}"] = nn.Conv2d(before, after, 3, padding=1, bias=False)  # the norm has a bias
        layers[f"norm{i}"] = nn.BatchNorm2d(after)
        layers[f"active{i}"] = nn.ReLU()
        if min(height, width) >= 2:
            layers[f"halve{i}"] = nn.MaxPool2d(2)
            height, width = height // 2, width // 2
        before = after
    layers["pool"] = nn.AdaptiveAvgPool2d(1)
    layers["flat"] = nn.Flatten()
    layers["output"] = nn.Linear(before, outputs)
    return nn.Sequential(layers)

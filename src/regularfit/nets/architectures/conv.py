"""Small convolution nets for small images."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

__all__ = ["conv_net", "stages"]

SMALL, FIRST, MOST = 7, 16, 128  # a map that is small enough; channels of the first stage, and of any


def stages(size: tuple[int, int]) -> tuple[int, ...]:
    """Return the channels of the stages that suit images of a size: enough stages to halve them to 4 to 7 pixels.

    >>> stages((8, 8)), stages((28, 28)), stages((64, 64))
    ((16, 32), (16, 32), (16, 32, 64, 128))
    """
    side, count = min(size), 0
    while side > SMALL:
        side, count = side // 2, count + 1
    return tuple(min(FIRST * 2**i, MOST) for i in range(max(count, 2)))


def conv_net(
    channels: int, size: tuple[int, int], outputs: int, *, widths: Sequence[int] | None = None
) -> nn.Sequential:
    """Return a net of 3 x 3 convolutions that halve the image to some 4 to 7 pixels, and a linear output on that map.

    A stage is a convolution, the largest of each 2 x 2 pixels (while both sides are above 7 pixels), batch norm and
    ReLU. The output sees where things are: a mean over all places, which larger nets end in, would throw away
    what few and narrow stages have found. Prefer a ``module`` of your own for images of more than about 64 pixels.

    Parameters
    ----------
    channels : of the images, >= 1.
    size : height and width in pixels.
    outputs : numbers a row that come out.
    widths : channels of the stages, first to last; None is 16, doubled from stage to stage up to 128, for as many
        stages as the size needs, 2 at least. Where there are fewer, means over the last map's places leave 7 x 7.
        () is a linear model of the pixels.

    Examples
    --------
    >>> net = conv_net(1, (28, 28), 10)
    >>> [name for name, _ in net.named_children()]
    ['conv0', 'halve0', 'norm0', 'active0', 'conv1', 'halve1', 'norm1', 'active1', 'flat', 'output']
    >>> net.output
    Linear(in_features=1568, out_features=10, bias=True)
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    height, width = size
    before = channels
    for i, after in enumerate(stages(size) if widths is None else widths):
        layers[f"conv{i}"] = nn.Conv2d(before, after, 3, padding=1, bias=False)  # the norm has a bias
        if min(height, width) > SMALL:
            layers[f"halve{i}"] = nn.MaxPool2d(2)  # before the norm, which then has a quarter to do
            height, width = height // 2, width // 2
        layers[f"norm{i}"] = nn.BatchNorm2d(after)
        layers[f"active{i}"] = nn.ReLU()
        before = after
    if len(layers) > 0 and max(height, width) > SMALL:
        height, width = min(height, SMALL), min(width, SMALL)
        layers["pool"] = nn.AdaptiveAvgPool2d((height, width))
    layers["flat"] = nn.Flatten()
    layers["output"] = nn.Linear(before * height * width, outputs)
    return nn.Sequential(layers)

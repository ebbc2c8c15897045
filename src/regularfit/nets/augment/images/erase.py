"""Erase pieces of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...._checks import check_fraction
from ....errors import InputError
from ...mixing.cutmix import boxes
from ...randomness import Stream
from ...regulariser import Regulariser
from .chain import ImageTransform, between

__all__ = ["Cutout", "Erase", "rectangles"]


@dataclass(frozen=True)
class Erase(ImageTransform):
    """Erase a rectangle that lies inside the image, with probability p.

    Parameters
    ----------
    p : the share of images that are hit, 0 to 1.
    area : smallest and largest share of the image that goes, both in (0, 1].
    ratio : smallest and largest height over width, both positive; drawn evenly on the scale of logarithms.
    fill : what stands there instead, in the unit of pixels as they were given (bytes from 0 to 1): 0 is black.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> draw = Stream.of(0).each(torch.arange(1))
    >>> X = Erase(1.0, area=(0.25, 0.25), ratio=(1, 1)).apply(torch.ones(1, 1, 4, 4), draw)
    >>> int((X == 0).sum())
    4

    References
    ----------
    Zhong, Z., Zheng, L., Kang, G., Li, S. and Yang, Y. (2020). Random erasing data augmentation. AAAI.
    """

    p: float = 0.25
    area: tuple[float, float] = (0.02, 0.2)
    ratio: tuple[float, float] = (0.3, 3.3)
    fill: float = 0.0

    def __post_init__(self) -> None:
        """Check the settings."""
        check_fraction(self.p, "Erase(p)")
        for name, most in (("area", 1.0), ("ratio", math.inf)):
            ends = getattr(self, name)
            good = isinstance(ends, (tuple, list)) and len(ends) == 2 and 0 < ends[0] <= ends[1] <= most
            if not good or not math.isfinite(ends[1]):
                limit = " up to 1" if name == "area" else ""
                raise InputError(
                    f"Erase({name}) must be two positive numbers{limit}, smaller first; got {ends!r}."
                )
            object.__setattr__(self, name, tuple(ends))

    def apply(self, X: Tensor, draw: Stream) -> Tensor:
        """Return the images with rectangles erased."""
        if self.p == 0:
            return X
        u = draw.uniform(5, device=X.device)
        area = between(u[:, 1], *self.area)
        ratio = between(u[:, 2], math.log(self.ratio[0]), math.log(self.ratio[1])).exp()
        inside = rectangles(area, ratio, u[:, 3:], X.shape[2:]) & (u[:, :1, None] < self.p)
        return torch.where(inside[:, None], X.new_tensor(self.fill), X)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, all, and none."""
        return [cls(), cls(1.0, (0.3, 0.5), (1, 1), 0.5), cls(0.0)]


@dataclass(frozen=True)
class Cutout(ImageTransform):
    """Erase a square that stands anywhere and is cut at the borders.

    Parameters
    ----------
    p : the share of images that are hit, 0 to 1.
    side : of the square, a share of the image's sides, 0 to 1.
    fill : what stands there instead, in the unit of pixels as they were given (bytes from 0 to 1): 0 is black.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> Cutout().side
    0.5

    References
    ----------
    DeVries, T. and Taylor, G. (2017). Improved regularization of convolutional neural networks with cutout.
    """

    p: float = 1.0
    side: float = 0.5
    fill: float = 0.0

    def __post_init__(self) -> None:
        """Check the settings."""
        check_fraction(self.p, "Cutout(p)")
        check_fraction(self.side, "Cutout(side)")

    def apply(self, X: Tensor, draw: Stream) -> Tensor:
        """Return the images with squares erased."""
        if self.p == 0 or self.side == 0:
            return X
        u = draw.uniform(3, device=X.device)
        area = self.side**2 * (u[:, 0] < self.p)
        return torch.where(boxes(area, u[:, 1:], X.shape[2:])[:, None], X.new_tensor(self.fill), X)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, some, and none."""
        return [cls(), cls(0.5, 0.3, 1.0), cls(0.0)]


def rectangles(area: Tensor, ratio: Tensor, place: Tensor, size: Sequence[int]) -> Tensor:
    """Return which pixels lie in rectangles inside the image, bool, (b, h, w).

    Sides are rounded to whole pixels, 1 at least and those of the image at most; ``ratio`` is height over width in
    pixels, ``place`` (b, 2) in [0, 1) says where between the borders.
    """
    h, w = size
    pixels = area * h * w
    edges = []
    for axis, (length, side) in enumerate(((h, (pixels * ratio).sqrt()), (w, (pixels / ratio).sqrt()))):
        extent = side.round().clamp(1, length)
        start = (place[:, axis] * (length - extent + 1)).floor()
        at = torch.arange(length, device=area.device)
        edges.append((at >= start[:, None]) & (at < (start + extent)[:, None]))
    return edges[0][:, :, None] & edges[1][:, None, :]

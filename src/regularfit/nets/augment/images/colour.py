"""Change brightness and contrast, or add noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ...._checks import check_fraction
from ....errors import InputError
from ..._settings import check_not_negative
from ...randomness import Stream
from ...regulariser import Regulariser
from .chain import ImageTransform, between

__all__ = ["Colour", "Noise"]


@dataclass(frozen=True)
class Colour(ImageTransform):
    r"""Stretch each image around its own mean, and make it brighter or darker.

    .. math:: x' = \bar x + c\,(x - \bar x) + b\,\mathrm{sd}(x), \qquad
              c \in [1 - \mathrm{contrast}, 1 + \mathrm{contrast}], \quad |b| \le \mathrm{brightness}

    Both are relative to the image's own mean and spread, so it does not matter how pixels are scaled.

    Parameters
    ----------
    brightness : 0 to 1, in standard deviations of the image's pixels.
    contrast : 0 to 1.
    limits : lowest and highest value of a pixel, such as (0, 1), beyond which values are cut; None for no cut. In the
        unit of pixels as they were given, bytes from 0 to 1.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> Colour(0.2, 0.2, limits=(0, 1)).limits
    (0, 1)
    """

    brightness: float = 0.2
    contrast: float = 0.2
    limits: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Check the settings."""
        check_fraction(self.brightness, "Colour(brightness)")
        check_fraction(self.contrast, "Colour(contrast)")
        if self.limits is not None:
            ends = tuple(self.limits)
            if len(ends) != 2 or not ends[0] < ends[1]:
                raise InputError(
                    f"Colour(limits) must be a lower and a higher value; {self.limits!r} was given."
                )
            object.__setattr__(self, "limits", ends)

    def apply(self, X: Tensor, draw: Stream) -> Tensor:
        """Return the images in other light."""
        if self.brightness == 0 and self.contrast == 0:
            return X
        u = draw.uniform(2, device=X.device).to(X.dtype)[:, :, None, None]
        contrast = between(u[:, :1], 1 - self.contrast, 1 + self.contrast)
        brightness = between(u[:, 1:], -self.brightness, self.brightness)
        mean, spread = X.mean((1, 2, 3), keepdim=True), X.std((1, 2, 3), keepdim=True, correction=0)
        out = mean + contrast * (X - mean) + brightness * spread
        return out if self.limits is None else out.clamp(*self.limits)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, a hard one with limits, and none."""
        return [cls(), cls(1.0, 1.0, (-1.0, 1.0)), cls(0.0, 0.0)]


@dataclass(frozen=True)
class Noise(ImageTransform):
    """Add normal noise to every pixel; :class:`InputNoise` does it relative to the spread of the training rows.

    Parameters
    ----------
    scale : its standard deviation in the unit of the pixels as they were given (bytes from 0 to 1), >= 0.

    Raises
    ------
    InputError
        If the scale is negative.

    Examples
    --------
    >>> Noise(0.1).scale
    0.1
    """

    scale: float = 0.05

    def __post_init__(self) -> None:
        """Check the scale."""
        check_not_negative(self.scale, "Noise(scale)")

    def apply(self, X: Tensor, draw: Stream) -> Tensor:
        """Return the images with noise."""
        if self.scale == 0:
            return X
        return X + self.scale * draw.normal(*X.shape[1:], device=X.device).to(X.dtype)

"""Images: bytes become numbers in [0, 1], channels come first, each channel is centred and scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import InputError
from ..regulariser import Pixels

__all__ = ["ImageEncoding", "side_of"]


@dataclass(frozen=True, slots=True)
class ImageEncoding:
    """How images become inputs of a net; learnt once, from training rows.

    Parameters
    ----------
    shape : channels, height and width.
    last : whether the arrays have their channels last.
    divisor : 255 for bytes, 1 for floats.
    mean, sd : one a channel, after the division.

    Examples
    --------
    >>> pictures = np.zeros((2, 4, 4), dtype=np.uint8)
    >>> ImageEncoding.learn(pictures).encode(pictures).shape
    torch.Size([2, 1, 4, 4])
    """

    shape: tuple[int, int, int]
    last: bool
    divisor: float
    mean: tuple[float, ...]
    sd: tuple[float, ...]

    @classmethod
    def learn(cls, X: Any) -> ImageEncoding:
        """Return the encoding that images, (n, h, w), (n, c, h, w) or (n, h, w, c), teach."""
        images = _read(X)
        last = _has_channels_last(images)
        divisor = 255.0 if images.dtype == np.uint8 else 1.0
        first = _channels_first(images, last)
        values = first.astype(np.float64) / divisor
        mean, sd = values.mean(axis=(0, 2, 3)), values.std(axis=(0, 2, 3))
        sd[sd == 0] = 1.0
        shape = (int(first.shape[1]), int(first.shape[2]), int(first.shape[3]))
        return cls(shape, last, divisor, tuple(mean.tolist()), tuple(sd.tolist()))

    @property
    def pixels(self) -> Pixels:
        """How pixels (bytes from 0 to 1) become inputs."""
        return Pixels(self.mean, self.sd)

    def encode(self, X: Any, who: str = "the net") -> Tensor:
        """Return the inputs for images of the same shape, float32, (n, c, h, w)."""
        images = _channels_first(_read(X), self.last)
        if images.shape[1:] != self.shape:
            raise InputError(
                f"X holds images of {images.shape[1:]} (channels, height, width), but {who} was fitted on "
                f"{self.shape}. Resize or crop them first."
            )
        if (images.dtype == np.uint8) != (self.divisor == 255.0):
            kind = "bytes (0 to 255)" if self.divisor == 255.0 else "floats"
            raise InputError(
                f"X holds {images.dtype} images, but {who} was fitted on {kind}. Give the same kind, or the pixels "
                "would be off by a factor of 255."
            )
        tensor = torch.from_numpy(np.ascontiguousarray(images)).to(torch.float32) / self.divisor
        return self.pixels.inputs(tensor)


def side_of(X: Any) -> int:
    """Return the smaller side of images in pixels.

    >>> side_of(np.zeros((5, 32, 28, 3)))
    28
    """
    images = _read(X)
    return int(min(_channels_first(images, _has_channels_last(images)).shape[2:]))


def _has_channels_last(images: np.ndarray) -> bool:
    channels = (1, 3, 4)
    return images.ndim == 4 and images.shape[3] in channels and images.shape[1] not in channels


def _read(X: Any) -> np.ndarray:
    images = np.asarray(X)
    if images.ndim not in (3, 4) or images.dtype.kind not in "uif" or 0 in images.shape:
        raise InputError(
            f"Images come as numbers (n, h, w), (n, c, h, w) or (n, h, w, c); X has shape {images.shape} and dtype "
            f"{images.dtype}."
        )
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise InputError("Input X contains NaN or infinity: every pixel must be a finite number.")
    return images


def _channels_first(images: np.ndarray, last: bool) -> np.ndarray:
    if images.ndim == 3:
        return images[:, None]
    return images.transpose(0, 3, 1, 2) if last else images

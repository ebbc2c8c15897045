"""Shift images by whole pixels: pad, then crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...._checks import check_choice
from ....errors import InputError, UnsupportedError
from ...randomness import Stream
from ...regulariser import Regulariser
from .chain import ImageTransform

__all__ = ["PadCrop"]


@dataclass(frozen=True)
class PadCrop(ImageTransform):
    """Pad each image on all sides and cut out a piece of the old size, anywhere.

    Parameters
    ----------
    pad : pixels, >= 0; 4 is usual for 32 x 32.
    mode : what stands in the padding: "zeros" (black, also where estimators centre the pixels), "reflect" or "edge",
        which suits any background.

    Raises
    ------
    InputError
        If a setting is out of range.
    UnsupportedError
        At the first step, if images are too small to reflect so many pixels.

    Examples
    --------
    >>> PadCrop(1).apply(torch.ones(1, 1, 2, 2), Stream.of(0).each(torch.arange(1))).shape
    torch.Size([1, 1, 2, 2])
    """

    pad: int = 4
    mode: str = "zeros"

    def __post_init__(self) -> None:
        """Check the settings."""
        if isinstance(self.pad, bool) or not isinstance(self.pad, int) or self.pad < 0:
            raise InputError(f"PadCrop(pad) must be a whole number of pixels >= 0; {self.pad!r} was given.")
        check_choice(self.mode, ["zeros", "reflect", "edge"], "PadCrop(mode)")

    def apply(self, X: Tensor, draw: Stream) -> Tensor:
        """Return the shifted images."""
        if self.pad == 0:
            return X
        b, c, h, w = X.shape
        if self.mode == "reflect" and self.pad >= min(h, w):
            raise UnsupportedError(
                f"PadCrop(pad={self.pad}) cannot reflect so many pixels of {h} x {w}; pad less."
            )
        mode = {"zeros": "constant", "reflect": "reflect", "edge": "replicate"}[self.mode]
        padded = nn.functional.pad(X, [self.pad] * 4, mode)
        start = (draw.uniform(2, device=X.device) * (2 * self.pad + 1)).long().clamp_(max=2 * self.pad)
        down = (start[:, :1] + torch.arange(h, device=X.device))[:, None, :, None]
        across = (start[:, 1:] + torch.arange(w, device=X.device))[:, None, None, :]
        rows = padded.gather(2, down.expand(b, c, h, padded.shape[3]))
        return rows.gather(3, across.expand(b, c, h, w))

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return each mode, and none."""
        return [cls(2), cls(1, "reflect"), cls(3, "edge"), cls(0)]

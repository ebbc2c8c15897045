"""Mirror images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...._checks import check_choice, check_fraction
from ...randomness import Stream
from ...regulariser import Regulariser
from .chain import ImageTransform

__all__ = ["Flip"]


@dataclass(frozen=True)
class Flip(ImageTransform):
    """Mirror each image with probability p.

    Parameters
    ----------
    p : 0 to 1.
    axis : "horizontal" swaps left and right, "vertical" top and bottom.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> Flip(1.0).apply(torch.arange(3.0).view(1, 1, 1, 3), Stream.of(0).each(torch.arange(1)))
    tensor([[[[2., 1., 0.]]]])
    """

    p: float = 0.5
    axis: str = "horizontal"

    def __post_init__(self) -> None:
        """Check the settings."""
        check_fraction(self.p, "Flip(p)")
        check_choice(self.axis, ["horizontal", "vertical"], "Flip(axis)")

    def apply(self, X: Tensor, draw: Stream) -> Tensor:
        """Return the images, some mirrored."""
        if self.p == 0:
            return X
        hit = draw.uniform(1, device=X.device)[:, :, None, None] < self.p
        return torch.where(hit, X.flip(3 if self.axis == "horizontal" else 2), X)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return both directions, and none."""
        return [cls(), cls(1.0, "vertical"), cls(0.0)]

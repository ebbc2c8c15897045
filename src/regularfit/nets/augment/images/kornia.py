"""Augmentations of kornia, or of anyone else, in a chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ....errors import InputError, UnsupportedError
from ...randomness import Stream
from ...regulariser import Regulariser
from ...torch_numbers import seeded
from .chain import ImageTransform

__all__ = ["Kornia"]


@dataclass(frozen=True)
class Kornia(ImageTransform):
    """Use an augmentation of kornia, or any callable from (b, c, h, w) to the same shape.

    It draws from torch's generator, which is set for it from the run's seed and put back afterwards: runs reproduce,
    and nothing else is disturbed. Unlike with our own transforms, what a row gets depends on its place in the batch.
    It sees pixels as the estimators were given them, bytes from 0 to 1, as most of kornia's ask for.

    Parameters
    ----------
    module : the augmentation; it must leave the shape and the number of rows as they are.

    Raises
    ------
    InputError
        If it cannot be called.
    UnsupportedError
        At the first step, if it returns another shape.

    Examples
    --------
    >>> Kornia(nn.Identity()).apply(torch.ones(1, 1, 2, 2), Stream.of(0).each(torch.arange(1))).shape
    torch.Size([1, 1, 2, 2])
    """

    module: Callable[[Tensor], Any]

    def __post_init__(self) -> None:
        """Check that it can be called."""
        if not callable(self.module):
            raise InputError(
                f"Kornia takes a module such as kornia.augmentation.RandomSharpness(); got {self.module!r}."
            )

    def act(self, X: Tensor, stream: Stream, rows: Tensor) -> Tensor:
        """Return new images, by numbers that follow the step."""
        return self.apply(X, stream)

    def apply(self, X: Tensor, draw: Stream) -> Tensor:
        """Return what the module makes of the images."""
        seed = int(draw.words(1).flatten()[0])
        with seeded(seed, X.device), torch.no_grad():
            out = self.module(X.clone())  # some write in place
        if not isinstance(out, Tensor) or out.shape != X.shape:
            shape = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise UnsupportedError(
                f"Kornia({self.module}) must return images {tuple(X.shape)}; it returned {shape}."
            )
        return out

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return one without kornia."""
        return [cls(nn.Dropout2d(0.5))]

"""What a transform of images is, and several in a row as one regulariser."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from ....errors import InputError, UnsupportedError
from ...randomness import Stream
from ...regulariser import Active, Batch, Effect, Regulariser, Run

__all__ = ["ImageAugmentation", "ImageTransform", "between"]


class ImageTransform(Regulariser):
    """The base of transforms of images, (b, c, h, w) floats: settings, and :meth:`apply`.

    A transform is a regulariser of its own, and may be one of several in :class:`ImageAugmentation`. What it sees are
    the pixels: where the estimators centred and scaled them (``run.pixels``), that is undone before and done again
    after, so that a fill of 0 is black, and other numbers of a transform are meant as in the images that a user gave.
    """

    phases: ClassVar[tuple[str, ...]] = ("batch",)

    @abstractmethod
    def apply(self, X: Tensor, draw: Stream) -> Tensor:
        """Return new images of the same shape; ``draw`` has a lane a row, so ``draw.uniform(2)`` is (b, 2)."""

    def act(self, X: Tensor, stream: Stream, rows: Tensor) -> Tensor:
        """Return new images; what a row gets depends on the step and on the row, not on the batch around it."""
        return self.apply(X, stream.each(rows))

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Images(run, (self,))

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse the same kind twice, which would draw the same numbers."""
        if isinstance(other, ImageTransform) and other is not self and type(other) is type(self):
            name = type(self).__name__
            return (
                f"{name} is there twice, with the same random numbers; put both into one ImageAugmentation."
            )
        return None


@dataclass(frozen=True)
class ImageAugmentation(Regulariser):
    """Transform training images in a row of ways, anew in every step; labels stay.

    Everything is done on whole batches of tensors, where the images are: no workers, no other libraries, and the
    random numbers of a row in a step are its own. Validation images are never touched. Prefer few and mild transforms
    that keep the label: no flips of digits. Mixing (:class:`Mixup`, :class:`CutMix`) is a regulariser of its own.
    Pixels are in the unit of the images that the estimators were given, bytes from 0 to 1; to a ``Trainer`` that is
    given inputs which are centred and scaled say how: ``fit(..., pixels=Pixels(mean, sd))``.

    Parameters
    ----------
    transforms : first to last: :class:`Flip`, :class:`PadCrop`, :class:`Affine`, :class:`Erase`, :class:`Cutout`,
        :class:`Colour`, :class:`Noise`, :class:`Kornia`.

    Raises
    ------
    InputError
        If there are none, or something is not a transform.
    UnsupportedError
        At the first step, for anything but float images, (b, c, h, w).

    Examples
    --------
    >>> from regularfit.nets.augment.images.flip import Flip
    >>> from regularfit.nets.augment.images.pad_crop import PadCrop
    >>> ImageAugmentation([Flip(), PadCrop(4)])
    ImageAugmentation(transforms=(Flip(p=0.5, axis='horizontal'), PadCrop(pad=4, mode='zeros')))
    """

    phases: ClassVar[tuple[str, ...]] = ("batch",)

    transforms: Sequence[ImageTransform]

    def __post_init__(self) -> None:
        """Check the transforms."""
        transforms = tuple(self.transforms) if isinstance(self.transforms, (list, tuple)) else ()
        if not transforms:
            raise InputError("ImageAugmentation takes a list of transforms, such as [Flip(), PadCrop(4)].")
        for transform in transforms:
            if not isinstance(transform, ImageTransform):
                raise InputError(
                    f"ImageAugmentation takes transforms such as Flip(); {transform!r} is none. For a module of "
                    "kornia, or any callable on batches, use Kornia(module)."
                )
        object.__setattr__(self, "transforms", transforms)

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Images(run, tuple(self.transforms))

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse a second chain."""
        if isinstance(other, ImageAugmentation) and other is not self:
            return "ImageAugmentation is there twice; put all transforms into one."
        return None

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return a usual chain."""
        from .flip import Flip
        from .pad_crop import PadCrop

        return [cls([Flip(), PadCrop(2)])]


class _Images(Active):
    """Transforms every batch."""

    def __init__(self, run: Run, transforms: tuple[ImageTransform, ...]) -> None:
        """Remember the transforms."""
        super().__init__(run)
        self.transforms, self.acted = transforms, False

    def batch(self, batch: Batch) -> Batch:
        """Return the batch with new images."""
        X = batch.X
        name = type(self.transforms[0]).__name__
        if X.ndim != 4 or not X.is_floating_point():
            raise UnsupportedError(
                f"{name} works on float images, (b, c, h, w); the batch is {tuple(X.shape)} "
                f"{str(X.dtype).removeprefix('torch.')}. For tables use FeatureSwap."
            )
        pixels = self.run.pixels
        begun = raw = X if pixels is None else pixels.raw(X)
        for i, transform in enumerate(self.transforms):
            stream = self.run.stream("augment", i, type(transform).__name__)
            raw = transform.act(raw, stream, batch.rows)
        if raw is begun:
            return batch
        self.acted = True
        return batch.with_(X=raw if pixels is None else pixels.inputs(raw))

    def effect(self) -> Effect:
        """Return whether an image was changed; strength 0 says that nothing was asked for."""
        return Effect(strength=None if self.acted else 0.0, acted=self.acted)

    def state_dict(self) -> dict[str, Any]:
        """Return whether an image was changed."""
        return {"acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up whether an image was changed."""
        self.acted = bool(state["acted"])


def between(u: Tensor, low: float, high: float) -> Tensor:
    """Return numbers in [0, 1) moved to [low, high)."""
    return low + (high - low) * u

"""CutMix: boxes of images replaced by those of other images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ..._checks import check_fraction, check_positive
from ...errors import UnsupportedError
from ..regulariser import Active, Batch, Regulariser, Run
from .pairs import Mixer, Mixing, mix_targets

__all__ = ["CutMix", "boxes"]


@dataclass(frozen=True)
class CutMix(Mixer):
    r"""Paste a box of one image into another, and mix their labels by area.

    The box covers ``1 - lambda`` of the image, with lambda from Beta(alpha, alpha), stands anywhere and is cut at the
    borders; the share of the label is the share of pixels that stayed, exactly. Every row has a box of its own; any
    batch size works. Prefer it to :class:`Mixup` for photographs, whose parts make sense alone. For tables its
    siblings are :class:`FeatureSwap`, which keeps the label, and :class:`RowCutMix`, which mixes it.

    Parameters
    ----------
    p : the share of rows that get a box, 0 to 1.
    alpha : > 0; 1 makes all areas alike.

    Raises
    ------
    InputError
        If a setting is out of range.
    UnsupportedError
        At the first step, for anything but images, (b, c, h, w).

    Examples
    --------
    >>> CutMix(0.5).alpha
    1.0

    References
    ----------
    Yun, S., Han, D., Oh, S., Chun, S., Choe, J. and Yoo, Y. (2019). CutMix: regularization strategy to train strong
    classifiers with localizable features. ICCV.
    """

    phases: ClassVar[tuple[str, ...]] = ("batch",)

    p: float = 0.5
    alpha: float = 1.0

    def __post_init__(self) -> None:
        """Check both numbers."""
        check_fraction(self.p, "CutMix(p)")
        check_positive(self.alpha, "CutMix(alpha)", "1 is usual.")

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _CutMix(run, self)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, none and all."""
        return [cls(), cls(0.0), cls(1.0, 0.3)]


class _CutMix(Mixing):
    """Pastes boxes."""

    def __init__(self, run: Run, settings: CutMix) -> None:
        """Remember the settings."""
        super().__init__(run)
        self.settings = settings

    def batch(self, batch: Batch) -> Batch:
        """Return the batch with boxes of other images."""
        X = batch.X
        if X.ndim != 4:
            raise UnsupportedError(
                f"CutMix pastes boxes of images, (b, c, h, w); the batch is {tuple(X.shape)}. For tables use "
                "FeatureSwap or RowCutMix, for text ManifoldMixup."
            )
        if self.settings.p == 0:
            return batch
        run, n, device = self.run, len(X), X.device
        order = run.stream("cutmix").permutation(n, device)
        area = 1 - run.stream("cutmix", "share").beta(self.settings.alpha, n, device=device)
        area = area * (run.stream("cutmix", "rows").uniform(n, device=device) < self.settings.p)
        inside = boxes(area, run.stream("cutmix", "box").uniform(n, 2, device=device), X.shape[2:])
        share = 1 - inside.to(torch.float32).mean((1, 2))
        return self.seen(mix_targets(batch, torch.where(inside[:, None], X[order], X), order, share))


def boxes(area: Tensor, centre: Tensor, size: Sequence[int]) -> Tensor:
    """Return which pixels lie in boxes, bool, (b, h, w).

    Parameters
    ----------
    area : share of the image that a box covers before it is cut at the borders, (b,).
    centre : where it stands, (b, 2) in [0, 1): down and across.
    size : h and w.

    Examples
    --------
    >>> boxes(torch.tensor([0.25]), torch.tensor([[0.5, 0.0]]), (4, 4)).int()
    tensor([[[0, 0, 0, 0],
             [1, 0, 0, 0],
             [1, 0, 0, 0],
             [0, 0, 0, 0]]], dtype=torch.int32)
    """
    edges = []
    for axis, pixels in enumerate(size):
        half = area.sqrt() * pixels / 2
        middle = centre[:, axis] * pixels
        place = torch.arange(pixels, device=area.device) + 0.5
        edges.append((place >= (middle - half)[:, None]) & (place < (middle + half)[:, None]))
    return edges[0][:, :, None] & edges[1][:, None, :]

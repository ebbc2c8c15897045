"""Feature swap: columns of a row replaced by those of other rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from ...dropout.masks import OCTETS, check_rate, threshold
from ...randomness import Stream
from ...regulariser import Active, Batch, Effect, Regulariser, Run
from .columns import columns_of, refuse_all_but_tables

__all__ = ["FeatureSwap", "donors", "row_masks", "swap"]


@dataclass(frozen=True)
class FeatureSwap(Regulariser):
    """Replace each column of a row, with probability p, by the value another row has there; the label stays.

    What is put in is a real value of that column, from a row of the batch drawn anew for each column, so the
    columns keep their distributions and lose what ties them together: the net learns not to hang on one column. A
    column is an original one: the encoded columns of a category move together. Prefer it on tables with
    categories or columns far from normal; prefer :class:`RowCutMix`, which mixes the labels too, at high rates,
    :class:`Mixup` for smooth relations between numbers, and :class:`CutMix` for images.

    Parameters
    ----------
    p : the probability, 0 to 0.998; 0.05 to 0.3 is usual. Rounded to a multiple of 1/256.

    Raises
    ------
    InputError
        If ``p`` is not in its range (between 0 and 1/512 included).
    UnsupportedError
        At the first step, for anything but an encoded table.

    Examples
    --------
    >>> FeatureSwap(0.2).p
    0.2

    References
    ----------
    Vincent, P., Larochelle, H., Bengio, Y. and Manzagol, P.-A. (2008). Extracting and composing robust features with
    denoising autoencoders. ICML. The corruption by values of other rows: Bahri, D., Jiang, H., Tay, Y. and Metzler, D.
    (2022). SCARF: self-supervised contrastive learning using random feature corruption. ICLR.
    """

    phases: ClassVar[tuple[str, ...]] = ("batch",)

    p: float = 0.1

    def __post_init__(self) -> None:
        """Check the probability."""
        check_rate(self.p, "FeatureSwap(p)")

    def start(self, run: Run) -> Active:
        """Return what acts during one run."""
        return _Swapping(run, self.p)

    @classmethod
    def examples(cls) -> Sequence[Regulariser]:
        """Return the usual one, none and a hard one."""
        return [cls(), cls(0.0), cls(0.9)]


class _Swapping(Active):
    """Swaps columns in every batch."""

    def __init__(self, run: Run, p: float) -> None:
        """Remember the probability."""
        super().__init__(run)
        self.p, self.acted = p, False

    def batch(self, batch: Batch) -> Batch:
        """Return the batch with columns swapped."""
        refuse_all_but_tables(batch.X, "FeatureSwap", "For images use CutMix or Erase.")
        if threshold(self.p) == 0 or len(batch.X) < 2:
            return batch
        self.acted = True
        X, rows = batch.X, batch.rows
        of_column, m = columns_of(self.run.blocks, X.shape[1], X.device)
        stream = self.run.stream("feature swap")
        mask = row_masks(stream, rows, m, self.p, X.device)
        givers = donors(self.run.stream("feature swap", "donors"), rows, m, X.device)
        return batch.with_(X=swap(X, mask[..., of_column], givers[..., of_column]))

    def effect(self) -> Effect:
        """Return the probability."""
        return Effect(strength=self.p, acted=self.acted)

    def state_dict(self) -> dict[str, Any]:
        """Return whether it acted."""
        return {"acted": self.acted}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up whether it acted."""
        self.acted = bool(state["acted"])


def row_masks(
    stream: Stream,
    rows: Tensor,
    m: int,
    p: float | Sequence[float] | np.ndarray,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return which of m columns are hit in each row, bool, (b, m), or (K, b, m) for K lanes with K rates."""
    octets = stream.each(rows).octets(m, device)
    if np.ndim(p) == 0:
        cut = threshold(float(p))  # pyright: ignore[reportArgumentType]
        return octets < min(cut, OCTETS - 1)
    cuts = torch.tensor([threshold(float(rate)) for rate in np.asarray(p)], dtype=torch.uint8, device=device)
    return octets < cuts[:, None, None]


def donors(stream: Stream, rows: Tensor, m: int, device: torch.device | str = "cpu") -> Tensor:
    """Return for each row and column the place of another row in the batch, int64, (b, m) or (K, b, m).

    Rows are thought of as standing in a ring by where they come from, and a donor is so many places on: who gives
    to whom does not depend on the order within the batch.
    """
    b = rows.shape[-1]
    ring = rows.to(device).argsort(dim=-1, stable=True)
    place = ring.argsort(dim=-1)
    far = (stream.each(rows).uniform(m, device=device) * (b - 1)).long().clamp_(max=b - 2)  # 0 to b - 2
    on = (place.unsqueeze(-1) + 1 + far) % b
    return ring.unsqueeze(-1).expand(*ring.shape, m).gather(-2, on)


def swap(X: Tensor, mask: Tensor, givers: Tensor) -> Tensor:
    """Return X, (b, d) or (K, b, d), with masked entries replaced by those of the rows that give."""
    return torch.where(mask, X.gather(-2, givers), X)

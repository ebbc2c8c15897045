"""What all ways of mixing share: who is mixed with whom, what happens to targets and weights, and accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import UnsupportedError
from ..randomness import Stream
from ..regulariser import Active, Batch, Block, Effect, Regulariser, Run

__all__ = ["Mixer", "Mixing", "mix_rows", "mix_targets", "mixed_accuracy", "refuse_tokens"]


class Mixer(Regulariser):
    """The base of what mixes rows and their targets; two of them in one run would mix what is mixed."""

    def conflict(self, other: Regulariser) -> str | None:
        """Refuse a second mixer."""
        if isinstance(other, Mixer) and other is not self:
            return f"{type(self).__name__} and {type(other).__name__} both mix targets; keep one of them."
        return None


class Mixing(Active):
    """A mixer at work: remembers how much was mixed."""

    def __init__(self, run: Run) -> None:
        """Nothing mixed yet."""
        super().__init__(run)
        self.share: Tensor | None = None
        self.least: Tensor | None = (
            None  # the smallest share so far; a tensor, so that no step waits for a GPU
        )

    def seen(self, batch: Batch) -> Batch:
        """Take note of a mixed batch and return it."""
        if batch.share is not None:
            self.share, least = batch.share, batch.share.min()
            self.least = least if self.least is None else torch.minimum(self.least, least)
        return batch

    def effect(self) -> Effect:
        """Return the mean share of the partner in the last batch."""
        acted = self.least is not None and float(self.least) < 1
        if self.share is None:
            return Effect(strength=0.0, acted=acted)
        strength = 1.0 - float(self.share.mean())
        return Effect(strength=strength, acted=acted, note="strength: the mean share of the partner")

    def state_dict(self) -> dict[str, Any]:
        """Return the smallest share."""
        return {} if self.least is None else {"least": self.least}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the smallest share."""
        self.least = state.get("least")


def mix_targets(batch: Batch, X: Tensor, order: Tensor, share: Tensor) -> Batch:
    """Return the batch with mixed inputs, the partners' targets, the shares, and the weights mixed alike."""
    if batch.partner is not None:
        raise UnsupportedError("This batch is mixed already; mix it once.")
    weight = (
        None
        if batch.weight is None
        else torch.lerp(batch.weight[order], batch.weight, share.to(batch.weight))
    )
    return batch.with_(X=X, partner=batch.y[order], share=share, weight=weight)


def mix_rows(
    X: Tensor, order: Tensor, share: Tensor, blocks: Sequence[Block] = (), stream: Stream | None = None
) -> Tensor:
    """Return ``share`` of each row plus the rest of its partner; categories of a table are never averaged.

    A category comes as a whole from the row with probability ``share``, from its partner otherwise.

    Parameters
    ----------
    X : (b, ...), or (K, b, d) for lanes.
    order : the partners, (b,) or (K, b).
    share : of the row itself, (b,) or (K, b).
    blocks : the original columns of a table; those of kind "category" are swapped.
    stream : decides the swaps, a number a row and category; needed where there are any.

    Examples
    --------
    >>> mix_rows(torch.tensor([[0.0], [1.0]]), torch.tensor([1, 0]), torch.tensor([0.75, 0.5]))
    tensor([[0.2500],
            [0.5000]])
    """
    share = share.to(X.dtype)
    partner = X[order] if order.ndim == 1 else X.gather(1, order.unsqueeze(-1).expand_as(X))
    wide = share.reshape(*share.shape, *[1] * (X.ndim - share.ndim))
    categories = [block for block in blocks if block.kind == "category"]
    if not categories:
        return torch.lerp(partner, X, wide)
    if stream is None:
        raise UnsupportedError("Mixing categories needs a stream that says whose are kept.")
    keep = stream.uniform(share.shape[-1], len(categories), device=X.device) < wide
    weight = wide.expand_as(X).clone()
    for j, block in enumerate(categories):
        weight[..., block.start : block.stop] = keep[..., j : j + 1].to(X.dtype)
    return torch.lerp(partner, X, weight)


def refuse_tokens(X: Tensor, name: str) -> None:
    """Refuse whole numbers, which have no averages."""
    if not X.is_floating_point():
        raise UnsupportedError(
            f"{name} averages inputs, and {str(X.dtype).removeprefix('torch.')} codes have no average; "
            "use ManifoldMixup, which mixes what the net makes of them."
        )


def mixed_accuracy(logits: Tensor, batch: Batch) -> float:
    """Return the accuracy on a batch that may be mixed: a hit on either label counts as much as its share.

    >>> logits = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    >>> y, rows = torch.tensor([0, 0]), torch.arange(2)
    >>> share = torch.tensor([0.75, 0.75])
    >>> mixed_accuracy(logits, Batch(logits, y, rows, partner=torch.tensor([1, 1]), share=share))
    0.5
    """
    guess = logits.argmax(dim=1)
    hits = (guess == batch.y).to(logits.dtype)
    if batch.partner is not None and batch.share is not None:
        hits = torch.lerp((guess == batch.partner).to(logits.dtype), hits, batch.share.to(logits.dtype))
    weight = torch.ones_like(hits) if batch.weight is None else batch.weight.to(hits)
    return float((weight * hits).sum() / weight.sum())

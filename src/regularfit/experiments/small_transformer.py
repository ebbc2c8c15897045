"""A transformer for pictures of 8 x 8 pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["SmallTransformer"]


class SmallTransformer(nn.Module):
    """Reads the eight rows of a picture as eight words, in one layer of two heads, and answers by their mean.

    Parameters
    ----------
    width : of a word.
    seed : of its weights; torch's own generator is left as it was.

    Examples
    --------
    >>> SmallTransformer(16)(torch.zeros(3, 64)).shape
    torch.Size([3, 10])
    """

    def __init__(self, width: int = 32, seed: int = 0) -> None:
        """Draw the weights."""
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.words = nn.Linear(8, width)
            self.places = nn.Embedding(8, width)
            self.layer = nn.TransformerEncoderLayer(
                width, 2, 2 * width, dropout=0.0, batch_first=True, norm_first=True
            )
            self.norm = nn.LayerNorm(width)
            self.output = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (b, 10), of pixels, (b, 64)."""
        words = self.words(x.unflatten(1, (8, 8))) + self.places.weight
        return self.output(self.norm(self.layer(words).mean(1)))

"""A small encoder of texts: the mean of word vectors, and a perceptron on it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from .mlp import mlp

__all__ = ["TextNet"]


class TextNet(nn.Module):
    """Words become vectors, a text becomes their mean, and a perceptron reads it (Joulin et al. 2017).

    Parameters
    ----------
    words : size of the vocabulary, number 0 (padding) included.
    width : length of a word's vector.
    hidden : hidden layers of the perceptron.
    outputs : numbers a text that come out.

    Examples
    --------
    >>> import torch
    >>> TextNet(100, 8, [4], 2)(torch.tensor([[5, 7, 0], [9, 0, 0]])).shape
    torch.Size([2, 2])
    """

    def __init__(
        self, words: int, width: int, hidden: Sequence[int], outputs: int, *, norm: str | None = None
    ) -> None:
        """Build the two parts."""
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.head = mlp(width, hidden, outputs, norm=norm)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the outputs of texts, (b, t) numbers of words with 0 for padding."""
        present = (tokens != 0).unsqueeze(-1)
        total = (self.embedding(tokens) * present).sum(dim=1)
        return self.head(total / present.sum(dim=1).clamp_min(1))

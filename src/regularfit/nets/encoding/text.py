"""Texts: words become numbers of a vocabulary that training texts made."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import InputError

__all__ = ["TextEncoding"]

_WORD = re.compile(r"\w+(?:'\w+)?|[^\w\s]")
PADDING, UNKNOWN = 0, 1
MOST_WORDS = 20_000
LONGEST = 256  # words of a text that are read


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """How texts become inputs of a net; learnt once, from training texts.

    Parameters
    ----------
    words : the vocabulary, most frequent first; word j has number j + 2 (0 is padding, 1 any other word).

    Examples
    --------
    >>> encoding = TextEncoding.learn(["a cat", "a dog"])
    >>> encoding.encode(["A cat!", "a bird"])
    tensor([[2, 3, 1],
            [2, 1, 0]])
    """

    words: tuple[str, ...]

    @classmethod
    def learn(cls, X: Any, *, least: int = 1) -> TextEncoding:
        """Return the vocabulary of words that occur at least ``least`` times, the most frequent where there are many.

        With few texts half of the words occur once, and a net without them knows less of new texts.
        """
        counts = Counter(word for text in _read(X) for word in _WORD.findall(text.lower()))
        kept = sorted((w for w, c in counts.items() if c >= least), key=lambda w: (-counts[w], w))
        return cls(tuple(kept[:MOST_WORDS]))

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.words) + 2

    def encode(self, X: Any, who: str = "the net") -> Tensor:
        """Return texts as numbers of words, int64, (n, longest), padded with 0."""
        number = {word: j + 2 for j, word in enumerate(self.words)}
        rows = [[number.get(w, UNKNOWN) for w in _WORD.findall(t.lower())[:LONGEST]] for t in _read(X)]
        out = np.zeros((len(rows), max(1, max(map(len, rows), default=1))), dtype=np.int64)
        for i, row in enumerate(rows):
            out[i, : len(row)] = row
        return torch.from_numpy(out)


def _read(X: Any) -> list[str]:
    texts = list(X)
    wrong = sorted({type(text).__name__ for text in texts if not isinstance(text, str)})
    if wrong or not texts:
        raise InputError(
            f"Texts come as a sequence of strings; X holds {', '.join(wrong) if wrong else 'no text'}."
        )
    return texts
